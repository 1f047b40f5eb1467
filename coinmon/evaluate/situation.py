"""Where a pair stands when a signal is told: price, open interest, funding, the levels next to the price."""

from collections.abc import Callable, Sequence
from typing import Any

from coinmon.errors import CoinmonError
from coinmon.market.market import Market
from coinmon.market.view import View
from coinmon.model.signal import Text

LEAST_DISTANCE_PCT = 0.05
"""Of a level from the price, in %: one that is nearer is where the price is, and holds nothing up."""


def situation(market: Market, window: int, answering: Callable[[str], str]) -> dict[str, Any]:
    """As JSON, what is not known None. window: closed minutes that changes are over. answering: the indicator to ask.

    `price`, `instrument`, `change_pct`, `minutes`; `open_interest` and `funding` by venue (change in %, rate of the
    next settlement as a fraction); `support`, `resistance`: `name`, `title` in both languages, `price`, `distance_pct`
    of the nearest key level.
    """
    view = _main(market, window)
    price, change = (None, None) if view is None else _move(view, window)
    below, above = (None, None) if view is None or price is None else _next_to(view, price, answering("levels"))
    return {
        "instrument": None if view is None else view.instrument.id,
        "minutes": window,
        "price": price,
        "change_pct": change,
        "open_interest": _by_venue(market, answering("open_interest"), "change_pct", window=window),
        "funding": _by_venue(market, answering("funding"), "rate"),
        "support": below,
        "resistance": above,
    }


def _main(market: Market, window: int) -> View | None:
    """The first configured venue's spot market, else its perp: of those that traded, who has the window first."""
    traded: Sequence[View] = [each for each in market.views if (each.bars(1440).close > 0).any()]
    order = {name: number for number, name in enumerate(market.venues)}

    def rank(each: View) -> tuple[bool, bool, int]:
        return _move(each, window)[1] is None, each.instrument.kind != "spot", order[each.instrument.venue]

    return min(traded, key=rank, default=None)


def _move(view: View, window: int) -> tuple[float | None, float | None]:
    """The last price, and its change over the window in %; None where the window's first minutes were not seen."""
    day, bars = view.bars(1440), view.bars(window)
    price = float(day.price(day.close[day.close > 0][-1:])[0])
    known = (bars.close > 0).nonzero()[0]
    if not len(known) or known[0] > window // 10:
        return price, None
    first = float(bars.price(bars.open[known[0] : known[0] + 1])[0])
    return price, round(100 * (price / first - 1), 4)


def _by_venue(market: Market, indicator: str, field: str, **settings: Any) -> dict[str, float]:
    found: dict[str, float] = {}
    for venue, view in market.perp.items():
        try:
            value = getattr(view.of(indicator, **settings), field, None)
        except CoinmonError:
            continue
        if value is not None:
            found[venue] = round(float(value), 8)
    return found


def _next_to(view: View, price: float, indicator: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The nearest key level below the price, and above it."""
    try:
        levels = getattr(view.of(indicator), "levels", ())
    except CoinmonError:
        return None, None
    found = [
        {
            "name": str(each.name), **_titled(each), "price": float(each.price),
            "distance_pct": round(100 * (each.price / price - 1), 4),
        }
        for each in levels
    ]  # fmt: skip
    below = [each for each in found if each["distance_pct"] <= -LEAST_DISTANCE_PCT]
    above = [each for each in found if each["distance_pct"] >= LEAST_DISTANCE_PCT]
    return (
        max(below, key=lambda each: each["distance_pct"], default=None),
        min(above, key=lambda each: each["distance_pct"], default=None),
    )


def _titled(level: Any) -> dict[str, Any]:
    """How it is called in words, where its plugin says so."""
    title = getattr(level, "title", None)
    return {"title": {"zh": title.zh, "en": title.en}} if isinstance(title, Text) else {}
