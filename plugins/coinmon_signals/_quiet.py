"""Whether a signal surely says nothing now, told by a few sums: what lets a scan of many pairs leave most unasked.

Each of these looks at what a signal cannot do without. Where minutes are missing, or a figure is near its limit, it
answers "not sure", and the signal is asked itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from coinmon.signal import Coverage, Market, SideBySide
from coinmon_signals._columns import NEAR, Floats, Mask
from coinmon_signals._windows import FEWEST, LEAST_SEEN

Ints = npt.NDArray[np.int64]


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


def quiet_windows(
    market: Market, minutes: int, lookback: int, surely: Callable[[WindowSums], bool], least: int = FEWEST
) -> bool:
    """Whether `windows` surely finds too little, or what it finds is nothing, as `surely` knows of its sums."""
    views = market.spot or market.perp
    if not views or any(name not in views for name in market.down):
        # a venue that is down may list the pair: it is waited for
        return True
    count = max(least, lookback // minutes) + 1
    made = partial(_window_sums, minutes=minutes, count=count, least=least)
    found = market.side_by_side(views, ("window sums", minutes, count, least), made)
    return found if isinstance(found, bool) else surely(found)


def _window_sums(many: SideBySide, minutes: int, count: int, least: int) -> Sequence[WindowSums | bool]:
    """Of each pair; where it lacks minutes, whether `windows` surely waits for more."""
    span, first = count * minutes, np.asarray(many.pairs)
    names = "coverage", "quote_volume", "buy_quote", "close", "volume"
    coverage, money, bought, close, traded = (many.last(name, span) for name in names)
    seen = coverage >= np.uint8(Coverage.KLINES)
    known = np.logical_and.reduceat(seen & np.isfinite(money) & np.isfinite(bought), first)
    volume, buy = (
        np.where(known, np.add.reduceat(np.where(seen, each, 0.0), first), 0.0).reshape(-1, count, minutes).sum(axis=2)
        for each in (money, bought)
    )
    priced = np.logical_or.reduceat(close > 0, first)
    # as `windows` looks for the most of them that are there
    lengths = minutes * np.arange(least + 1, count + 1)
    enough = priced[:, span - lengths] & (_shares(priced, lengths) >= LEAST_SEEN)
    enough &= np.minimum.reduceat(_shares(seen, lengths), first) >= LEAST_SEEN
    at_ends, whole = close[first, minutes - 1 :: minutes], ((close > 0) & (traded > 0))[first].all(axis=1)
    before = volume[:, :-1]
    usual, spread = before.mean(axis=1).tolist(), before.std(axis=1, ddof=1).tolist()
    return [
        WindowSums(volume[i], buy[i], at_ends[i] if whole[i] else None, usual[i], spread[i])
        if enough[i, -1]
        else not enough[i].any()
        for i in range(len(first))
    ]


def _shares(there: Mask, lengths: Ints) -> Floats:
    """Of the last minutes the shares that are there, for each length."""
    return np.asarray(np.cumsum(there[:, ::-1], axis=1)[:, lengths - 1] / lengths)


def prices(many: SideBySide, ticks: Any) -> Floats:
    """Prices of columns of ticks, but for the last bit; NaN where none is known."""
    size = np.array([float(each.tick_size) for each in many.instruments])
    return np.where(ticks > 0, ticks * size[:, None], np.nan)
