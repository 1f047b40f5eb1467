"""How far each kind of data goes, for `coinmon exchanges`: the documented facts (EXCHANGES 1, 3, 6)."""

from collections.abc import Mapping

ABILITIES: Mapping[str, str | None] = {
    "markets": "spot, mainly in USD; perpetuals are elsewhere",
    "klines": "since listing, 300 a request",
    "trade history": "by id, back to the beginning",
    "stream": "trades with heartbeats, books",
}
