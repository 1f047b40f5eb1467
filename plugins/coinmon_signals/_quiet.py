"""Whether a signal surely says nothing now, told by a few sums: what lets a scan of many pairs leave most unasked.

Each of these looks at what a signal cannot do without. Where minutes are missing, or a figure is near its limit, it
answers "not sure", and the signal is asked itself.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from coinmon.signal import MINUTE, Bars, Coverage, Market, SideBySide, Silent, View
from coinmon_signals._columns import NEAR, Floats, Mask
from coinmon_signals._views import lead, minutes_of
from coinmon_signals._windows import FEWEST, LEAST_SEEN

Ints = npt.NDArray[np.int64]
_TOGETHER = 300
"""Minutes that are looked at together: signals ask for about as many, and share them."""
_UNKNOWN = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class WindowSums:
    """Of all venues together, the oldest window first and the present one last, quote currency.

    usual, spread: mean volume of the windows before and its deviation.
    """

    volume: Floats
    buy: Floats
    close: Ints | None
    """In ticks; None: not every minute traded where price is taken from."""
    usual: float
    spread: float

    def is_below(self, times: float) -> bool:
        """Whether the present window's volume is surely less than so many times the mean of those before."""
        return bool(self.volume[-1] < times * self.usual * (1 - NEAR))

    def is_usual(self, zscore: float) -> bool:
        """Whether it is surely less than so many standard deviations above that mean."""
        above = float(self.volume[-1]) - self.usual
        return above <= -NEAR * self.usual or above < zscore * self.spread * (1 - NEAR)

    def buyers_lack(self, ratio: float, windows: int = 1) -> bool:
        """Whether takers' buys of the last windows are surely less than so many times their sells."""
        bought, both = float(self.buy[-windows:].sum()), float(self.volume[-windows:].sum())
        return bought < ratio * (both - bought) - NEAR * both


def window_sums(market: Market, minutes: int, lookback: int, least: int = FEWEST) -> WindowSums | None:
    """As `windows` cuts them; None: it would find fewer."""
    views = list((market.spot or market.perp).values())
    if not views or market.down:
        return None
    count = max(least, lookback // minutes) + 1
    return views[0].once(("window sums", minutes, count), lambda: _window_sums(views, minutes, count))


def _window_sums(views: Sequence[View], minutes: int, count: int) -> WindowSums | None:
    span = count * minutes
    looked_at = -(-span // _TOGETHER) * _TOGETHER
    taken = partial(_taken, minutes=looked_at)
    parts = [view.side_by_side(("taken", looked_at), taken) for view in views]
    volume, buy = (np.sum([part[i] for part in parts], axis=0)[-span:] for i in (0, 1))
    close, traded = (parts[0][i][-span:] for i in (2, 3))
    priced = np.any([part[2][-span:] > 0 for part in parts], axis=0)
    seen = min(int(part[4][-span:].sum()) for part in parts)
    if not priced[0] or min(int(priced.sum()), seen) < LEAST_SEEN * span:
        return None
    known = np.isfinite(volume) & np.isfinite(buy)
    volume, buy = (np.where(known, each, 0.0).reshape(count, minutes).sum(axis=1) for each in (volume, buy))
    before = volume[:-1]
    at_ends = close[minutes - 1 :: minutes] if traded.all() else None
    return WindowSums(volume, buy, at_ends, float(before.mean()), float(before.std(ddof=1)))


def _taken(many: SideBySide, minutes: int) -> Sequence[tuple[Any, ...]]:
    """Of each of the last minutes volume and takers' buys, quote currency (NaN: not known), close in ticks, whether
    there was trade, and whether it was seen.
    """
    names = "coverage", "quote_volume", "buy_quote", "close", "volume"
    coverage, money, bought, close, volume = (many.last(name, minutes) for name in names)
    seen = coverage >= np.uint8(Coverage.KLINES)
    columns = np.where(seen, money, np.nan), np.where(seen, bought, np.nan), close, (close > 0) & (volume > 0), seen
    return list(zip(*columns, strict=True))


def prices(many: SideBySide, ticks: Any) -> Floats:
    """Prices of columns of ticks, but for the last bit; NaN where none is known."""
    size = np.array([float(each.tick_size) for each in many.instruments])
    return np.where(ticks > 0, ticks * size[:, None], np.nan)


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
