"""How far each kind of data goes, for `coinmon exchanges`: the documented facts (EXCHANGES 1, 3, 6)."""

from collections.abc import Mapping

ABILITIES: Mapping[str, str | None] = {
    "klines": "years",
    "trade history": "three months",
    "stream": "trades, books, liquidations (not all of them)",
    "open interest history": "5 minutes apart, the newest 1440",
    "funding history": "three months",
    "files": "trades of finished days (UTC+8)",
    "regions": "EU, US and Australia have hosts of their own: set url and ws_url",
}
