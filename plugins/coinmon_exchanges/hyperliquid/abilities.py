"""How far each kind of data goes, for `coinmon exchanges`: the documented facts (EXCHANGES C19)."""

from collections.abc import Mapping

ABILITIES: Mapping[str, str | None] = {
    "markets": "perpetuals against USDC of its own list; spot and others' lists are not read",
    "klines": "the newest 5000 minutes, without the taker split",
    "trades": "the newest ten: followed by the stream, whose minutes the klines prove",
    "stream": "trades, books of 20 levels; no liquidations",
    "open interest": "all in one",
    "funding": "all in one, settled each hour",
    "funding history": "since listing, 500 a request",
    "books": "20 levels a side",
}
