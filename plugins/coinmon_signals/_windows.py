"""A market cut into windows of one length: the last one against those before it."""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from coinmon.signal import Bilingual, Market, Silent, View
from coinmon_signals._views import short, whole

Floats = npt.NDArray[np.float64]

LEAST_SEEN = 0.95
"""Share of the minutes that is needed."""
FEWEST = 8
"""Fewer windows than this say nothing about what is usual."""
LookbackSetting = Annotated[
    int,
    Field(
        gt=0, le=10_080,
        description=f"minutes before, in windows of that length; as many as there are, from {FEWEST} windows on",
    ),
]  # fmt: skip
"""The setting of signals that compare a window with those before it."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Columns, the oldest window first and the present one last; money in quote currency.

    volume, buy, sell: taken together over all venues. close: last price. reach: true range.
    """

    view: View
    minutes: int
    volume: Floats
    buy: Floats
    sell: Floats
    close: Floats
    reach: Floats

    @property
    def atr(self) -> float:
        """Mean true range of the windows before the present one; the very first has no close before it."""
        return float(self.reach[1:-1].mean())

    def moved(self, windows: int = 1) -> float:
        """Change of price over the last windows, quote currency."""
        return float(self.close[-1] - self.close[-1 - windows])

    def ratio(self, windows: int = 1) -> float | None:
        """Taker buys / taker sells of the last windows; None without sells."""
        sold = float(self.sell[-windows:].sum())
        return float(self.buy[-windows:].sum()) / sold if sold > 0 else None

    @property
    def times(self) -> float:
        """Volume of the present window in mean volumes of those before."""
        usual = float(self.volume[:-1].mean())
        return float(self.volume[-1]) / usual if usual > 0 else 0.0

    @property
    def zscore(self) -> float | None:
        """Volume of the present window in standard deviations from the mean of those before; None: they are all one."""
        spread = float(self.volume[:-1].std(ddof=1))
        mean = float(self.volume[:-1].mean())
        return (float(self.volume[-1]) - mean) / spread if spread > 1e-9 * max(mean, 1.0) else None

    def evidence(self, **figures: Any) -> dict[str, Any]:
        seen = self.view.seen(self.view.bars(len(self.volume) * self.minutes))
        return {
            "instrument": self.view.instrument.id,
            "currency": self.view.instrument.quote,
            "window_minutes": self.minutes,
            "price": float(self.close[-1]),
            "atr": self.atr,
            "coverage": seen.share,
            **figures,
        }


def windows(market: Market, minutes: int, lookback: int, least: int = FEWEST) -> Windows | Silent:
    """The last `minutes` of all venues together, and as many windows of that length as `lookback` minutes hold.

    Of less history as many as there are; least: of fewer than that nothing is said.
    """
    view = whole(market)
    if isinstance(view, Silent):
        return view
    count = max(least, lookback // minutes) + 1
    there = _windows_there(market, view, minutes, range(least + 1, count + 1))
    for length, what in (
        (minutes, Bilingual(f"最近 {minutes} 分钟", f"the last {minutes} minutes")),
        ((least + 1) * minutes, Bilingual(f"用于比较的 {(least + 1) * minutes} 分钟",
                                          f"{(least + 1) * minutes} minutes to compare with")),
    ):  # fmt: skip
        missing = None if there and length > minutes else short(market, view, length, LEAST_SEEN, what)
        if missing is not None:
            return missing
    if not there:
        span = (least + 1) * minutes
        why = Bilingual(f"最近 {span} 分钟的价格未知", f"prices of the last {span} minutes are not known")
        return Silent(why, waits=True)
    count, span = there, there * minutes
    rows = view.bars(span)
    known = rows.has_flow & np.isfinite(rows.quote_volume) & np.isfinite(rows.buy_quote)
    total, buy = (
        np.where(known, column, 0.0).reshape(count, minutes).sum(axis=1)
        for column in (rows.quote_volume, rows.buy_quote)
    )
    # a minute without a price stays where the one before it closed
    priced = rows.close > 0
    close = rows.close[np.maximum.accumulate(np.where(priced, np.arange(span), 0))]
    high, low = (np.where(priced, each, close).reshape(count, minutes) for each in (rows.high, rows.low))
    last = close.reshape(count, minutes)[:, -1]
    before = np.concatenate((last[:1], last[:-1]))
    reach = np.maximum(high.max(axis=1), before) - np.minimum(low.min(axis=1), before)
    tick = float(rows.tick_size)
    return Windows(view, minutes, total, buy, total - buy, rows.price(last), reach * tick)


def _windows_there(market: Market, view: View, minutes: int, counts: range) -> int:
    """The most windows, of those counts, in which every venue was seen and a price is known; 0: too few are."""
    kind = view.instrument.kind
    span, lengths = counts[-1] * minutes, np.array(counts) * minutes
    rows = view.bars(span)
    priced = rows.close > 0
    enough = priced[span - lengths]
    for seen in (priced, *(each.bars(span).has_flow for each in getattr(market, kind).values())):
        enough &= np.cumsum(seen[::-1])[lengths - 1] / lengths >= LEAST_SEEN
    return int(np.array(counts)[enough].max(initial=0))
