"""How far each kind of data goes, for `coinmon exchanges`: the documented facts (EXCHANGES 1, 3, 6)."""

from collections.abc import Mapping

ABILITIES: Mapping[str, str | None] = {
    "klines": "since listing",
    "trade history": "spot: any time; perpetuals: the last 48 hours",
    "stream": "trades, books, liquidations (the largest of each second)",
    "open interest history": "5 minutes apart, one month",
    "funding history": "since listing",
    "files": "trades, klines and metrics of finished days and months, from listing on",
    "regions": "refuses some countries (HTTP 451); spot and USD-M are two hosts",
}
