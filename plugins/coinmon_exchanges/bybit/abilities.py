"""How far each kind of data goes, for `coinmon exchanges`: the documented facts (EXCHANGES 1, 3, 6)."""

from collections.abc import Mapping

ABILITIES: Mapping[str, str | None] = {
    "klines": "since listing",
    "trades": "the newest only: 60 on spot, 1000 on perpetuals",
    "stream": "trades, books, all liquidations",
    "open interest history": "5 minutes apart",
    "funding history": "since listing",
    "files": "trades of finished days",
    "regions": "refuses some countries; some regions have hosts of their own: set url and ws_url",
}
