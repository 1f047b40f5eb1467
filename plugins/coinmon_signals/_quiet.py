"""Whether a signal surely says nothing now, told by a few sums: what lets a scan of many pairs leave most unasked.

Each of these looks at what a signal cannot do without. Where minutes are missing, or a figure is near its limit, it
answers "not sure", and the signal is asked itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from coinmon.signal import Coverage, Market, SideBySide, View
from coinmon_signals._columns import NEAR, Floats
from coinmon_signals._windows import FEWEST, LEAST_SEEN

Ints = npt.NDArray[np.int64]
_TOGETHER = 300
"""Minutes that are looked at together: signals ask for about as many, and share them."""


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
