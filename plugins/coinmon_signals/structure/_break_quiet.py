"""Whether no candle that would be told breaks a swing, or sweeps one: looked up once a candle."""

from functools import partial

import numpy as np

from coinmon.signal import Market
from coinmon_signals._columns import Mask
from coinmon_signals._last_candles import Ints, LastCandles, newest, quiet_candles, stands_out


def break_quiet(market: Market, *, venue: str | None, timeframe: str, bars: int, pivots: int, max_age: int) -> bool:
    """Whether no candle that would be told surely closes beyond a swing."""
    return _quiet(market, False, venue, timeframe, bars, pivots, max_age)


def sweep_quiet(market: Market, *, venue: str | None, timeframe: str, bars: int, pivots: int, max_age: int) -> bool:
    """Whether no candle that would be told surely reaches beyond a swing and comes back."""
    return _quiet(market, True, venue, timeframe, bars, pivots, max_age)


def _quiet(
    market: Market, sweeps: bool, venue: str | None, timeframe: str, bars: int, pivots: int, max_age: int
) -> bool:
    if market.settings("structure")["broken_by"] != "close":
        return False
    may, what = partial(may_break, pivots=pivots, sweeps=sweeps), ("breaks", sweeps, bars, pivots)
    return quiet_candles(market, venue, timeframe, max_age, bars + 1, what, may)


def may_break(found: LastCandles, pivots: int, sweeps: bool) -> Mask:
    """By market and young candle whether it may be the first to close beyond a swing, or to reach beyond it only."""
    may = np.zeros((len(found.close), found.told), bool)
    # who is the first beyond a swing is beyond all those since, of which there are so many at least
    near = found.last_known(found.told + pivots)
    for extreme, close in ((found.high, found.close), (-found.low, -found.close)):
        stands, numbers = stands_out(extreme, pivots), np.arange(found.count)
        beyond = extreme if sweeps else close
        for i, k in enumerate(found.young):
            has, at = newest(stands[:, : max(0, k - pivots)])
            level = extreme[np.arange(len(extreme)), at]
            since = numbers[None, :k] > (at + pivots)[:, None]
            first = has & ~(since & (beyond[:, :k] > level[:, None])).any(axis=1)
            first &= (extreme[:, k] > level) & (close[:, k] <= level) if sweeps else close[:, k] > level
            may[:, i] |= np.where(found.known.all(axis=1), first, _leads(beyond, k, pivots))
    return may | ~near[:, None]


def _leads(column: Ints, k: int, pivots: int) -> Mask:
    """By market whether candle k is beyond all of so many before it."""
    return np.asarray(column[:, k] > column[:, max(0, k - pivots) : k].max(axis=1))
