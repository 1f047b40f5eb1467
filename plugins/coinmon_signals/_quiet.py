"""Whether a signal surely says nothing now, told by a few sums: what lets a scan of many pairs leave most unasked.

Each of these looks at what a signal cannot do without. Where minutes are missing, or a figure is near its limit, it
answers "not sure", and the signal is asked itself.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from coinmon.signal import MINUTE, Bars, Market, Silent, View
from coinmon_signals._columns import NEAR, Floats, Mask
from coinmon_signals._views import lead, minutes_of
from coinmon_signals._windows import FEWEST, LEAST_SEEN

Ints = npt.NDArray[np.int64]
_HOUR_MS, _TOGETHER = 60 * MINUTE, 300
"""Minutes that are looked at together: signals ask for about as many, and share them."""
_UNKNOWN = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class WindowSums:
    """Of all venues together, the oldest window first and the present one last, quote currency."""

    volume: Floats
    buy: Floats
    close: Ints | None
    """In ticks; None: not every minute traded where price is taken from."""

    @property
    def usual(self) -> float:
        return float(self.volume[:-1].mean())

    def is_below(self, times: float) -> bool:
        """Whether the present window's volume is surely less than so many times the mean of those before."""
        return bool(self.volume[-1] < times * self.usual * (1 - NEAR))

    def is_usual(self, zscore: float) -> bool:
        """Whether it is surely less than so many standard deviations above that mean."""
        above = float(self.volume[-1]) - self.usual
        return above <= -NEAR * self.usual or above < zscore * float(self.volume[:-1].std(ddof=1)) * (1 - NEAR)

    def buyers_lack(self, ratio: float, windows: int = 1) -> bool:
        """Whether takers' buys of the last windows are surely less than so many times their sells."""
        bought, both = float(self.buy[-windows:].sum()), float(self.volume[-windows:].sum())
        return bought < ratio * (both - bought) - NEAR * both


def window_sums(market: Market, minutes: int, lookback: int, least: int = FEWEST) -> WindowSums | None:
    """As `windows` cuts them; None: it would find fewer."""
    count = max(least, lookback // minutes) + 1
    span = count * minutes
    known = _taken(market, -(-span // _TOGETHER) * _TOGETHER)
    if known is None:
        return None
    volume, buy, close, traded, priced, seen = (each[..., -span:] for each in known)
    if not priced[0] or min(priced.sum(), seen.sum(axis=1).min()) < LEAST_SEEN * span:
        return None
    volume, buy = (each.reshape(count, minutes).sum(axis=1) for each in (volume, buy))
    return WindowSums(volume, buy, close[minutes - 1 :: minutes] if traded.all() else None)


def _taken(market: Market, minutes: int) -> tuple[Any, ...] | None:
    """Of each of the last minutes volume and takers' buys of all venues together, where all are known, else 0.

    Then close and whether there was trade on the first venue, whether any has a price, and by venue whether it was seen
    """
    views = list((market.spot or market.perp).values())
    if not views or market.down:
        return None

    def added() -> tuple[Any, ...]:
        rows = np.stack([by_hours(view, "taken", minutes, _looked_at, 7 * _HOUR_MS) for view in views])
        volume, buy, close, traded, seen = rows.transpose(1, 0, 2)
        volume, buy = volume.sum(axis=0), buy.sum(axis=0)
        known = seen.all(axis=0) & np.isfinite(volume) & np.isfinite(buy)
        taken = np.where(known, volume, 0.0), np.where(known, buy, 0.0)
        return *taken, close[0], traded[0] > 0, (close > 0).any(axis=0), seen > 0

    return views[0].once(("taken by all", minutes), added)


def _looked_at(rows: Bars) -> Floats:
    traded = (rows.close > 0) & (rows.volume > 0)
    return np.stack((rows.quote_volume, rows.buy_quote, rows.close.astype(float), traded, rows.has_flow))


def by_hours(
    view: View, what: str, minutes: int, columns: Callable[[Bars], Floats], lasts_ms: int = 25 * _HOUR_MS
) -> Floats:
    """Columns of the last closed minutes; those of hours that are over are worked out once, and kept so long."""
    start = view.end - minutes * MINUTE
    first, last = start // _HOUR_MS * _HOUR_MS, view.end // _HOUR_MS * _HOUR_MS

    def of(begin: int, end: int) -> Floats:
        # what is still to come is read along with it
        return columns(view.between(begin, view.end)[: (end - begin) // MINUTE])

    hours = [
        view.once((what, at), partial(of, at, at + _HOUR_MS), at + _HOUR_MS, lasts_ms)
        for at in range(first, last, _HOUR_MS)
    ]
    return np.concatenate([*hours, of(last, view.end)], axis=-1)[..., (start - first) // MINUTE :]


@dataclass(frozen=True, slots=True)
class LastCandles:
    """The candles that closed last, as columns in ticks and base units; of a market all of whose minutes are priced.

    told: so many of the last ones are young enough to be told of.
    """

    high: Ints
    low: Ints
    close: Ints
    volume: Floats
    delta: Floats
    told: int
    minutes: Bars

    def __len__(self) -> int:
        return len(self.close)


def once_a_candle(
    market: Market, venue: str | None, timeframe: str, max_age: int, what: Hashable,
    surely: Callable[[Callable[[int], LastCandles | None]], bool],
) -> bool:  # fmt: skip
    """What `surely` says of the candles that closed last; it is given what gives so many of them.

    They are None where not every minute of them is known. what: tells apart whose it is.
    """
    view = lead(market, venue)
    if isinstance(view, Silent):
        return False
    step = minutes_of(timeframe) * MINUTE
    end = view.end // step * step
    told = max(0, (max_age * MINUTE - (market.now - end)) // step + 1)

    def candles(count: int) -> LastCandles | None:
        return view.once(("last candles", step, count, told), lambda: _candles(view, end, step, count, told))

    return view.once(("quiet", what, told), lambda: surely(candles), end)


def _candles(view: View, end: int, step: int, count: int, told: int) -> LastCandles | None:
    per = step // MINUTE
    rows = view.between(end - count * step, end)
    if not rows.has_flow.all() or not rows.close.all():
        return None

    def cut(column: Any) -> Any:
        return column.reshape(count, per)

    # prices are those of the minutes in which something traded, where there are any
    traded = cut(rows.volume != 0)
    use = traded | ~traded.any(axis=1)[:, None]
    last = per - 1 - use[:, ::-1].argmax(axis=1)
    volume = cut(rows.volume).sum(axis=1)
    return LastCandles(
        np.where(use, cut(rows.high), 0).max(axis=1),
        np.where(use, cut(rows.low), _UNKNOWN).min(axis=1),
        cut(rows.close)[np.arange(count), last],
        volume,
        2 * cut(rows.buy).sum(axis=1) - volume,
        told,
        rows,
    )


def may_break(found: LastCandles, pivots: int) -> tuple[bool, bool]:
    """Whether one of the last candles may close beyond a swing, and whether one may reach beyond it and come back.

    A swing stands out from so many candles after it, and who is the first beyond it is beyond all those since.
    """
    closes, reaches = False, False
    for k in range(len(found) - found.told, len(found)):
        before = slice(max(0, k - pivots), k)
        close = found.close[k]
        closes |= bool(close > found.close[before].max() or close < found.close[before].min())
        reaches |= bool(found.high[k] > found.high[before].max() or found.low[k] < found.low[before].min())
    return closes, reaches


def confirms_swing(found: LastCandles, pivots: int) -> bool:
    """Whether one of the last candles confirms a swing, so many candles before it."""
    for k in range(len(found) - found.told, len(found)):
        at, around = k - pivots, slice(max(0, k - 2 * pivots), k + 1)
        if found.high[at] == found.high[around].max() or found.low[at] == found.low[around].min():
            return True
    return False


def beyond_quantile(column: Floats, k: int, lookback: int, quantile: float) -> bool:
    """Whether a candle may be above this quantile of those before it."""
    past = column[k - lookback : k]
    return int((past > column[k] * (1 + NEAR)).sum()) <= lookback - 1 - int(quantile * (lookback - 1))


def small_range(found: LastCandles, k: int, lookback: int, share: float) -> Mask:
    """Whether a candle's range may be at most this share of the median of those before it."""
    spans = found.high - found.low
    return np.asarray(spans[k] <= share * float(np.median(spans[k - lookback : k])) * (1 + NEAR))
