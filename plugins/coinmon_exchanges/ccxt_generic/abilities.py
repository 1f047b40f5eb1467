"""What ccxt knows to ask of a venue, for `coinmon exchanges`."""

from collections.abc import Callable, Mapping

_FEATURES = {
    "klines": "fetchOHLCV",
    "trades": "fetchTrades",
    "books": "fetchOrderBook",
    "open interest": "fetchOpenInterest",
    "funding": "fetchFundingRate",
    "24 h figures": "fetchTicker",
    "clock": "fetchTime",
}
"""ccxt's names of what it has."""
_BULK = {"funding": "fetchFundingRates", "24 h figures": "fetchTickers"}


def told(id: str, has: Callable[[str], bool]) -> Mapping[str, str | None]:
    """By kind of data: some words, or None where ccxt has nothing of it."""
    words = {
        "klines": "without the taker split, 500 a request",
        "trades": "the newest page, proven by overlap",
        "clock": "",
    }
    found: dict[str, str | None] = {}
    for data, feature in _FEATURES.items():
        bulk = has(_BULK.get(data, ""))
        detail = words.get(data, "all in one" if bulk else "asked one by one")
        found[data] = detail if bulk or has(feature) else None
    if found["clock"] is None:
        found["clock"] = "by the date of its answers, to a second"
    return {"markets": f"spot and linear perpetuals, as ccxt's {id} lists them", **found}
