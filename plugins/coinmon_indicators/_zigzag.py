"""ZigZag: the turning points of price, from highs and lows."""

from collections.abc import Callable

import numpy as np

from coinmon import Bars
from coinmon_indicators._candles import exact

ATR_BARS = 14

Turns = list[tuple[int, bool]]
"""Bar number and whether it is a high; the last is the end so far of the current leg."""


def by_percent(bars: Bars, percent: float) -> Turns:
    """A leg ends once price is `percent` away from its extreme."""
    share = exact(percent) / 100
    above, below = share.numerator, share.denominator
    return _turns(bars, lambda i, extreme, other: abs(extreme - other) * below >= above * extreme)


def by_atr(bars: Bars, times: float) -> Turns:
    """A leg ends once price is `times` the ATR away from its extreme.

    ATR: the simple mean of the last 14 true ranges up to that bar; before there are 14, no leg ends.
    """
    if len(bars) < 2:
        return _turns(bars, lambda i, extreme, other: False)
    high, low, close = bars.high, bars.low, bars.close
    ranges = np.maximum(high[1:], close[:-1]) - np.minimum(low[1:], close[:-1])
    sums = np.convolve(np.concatenate(([high[0] - low[0]], ranges)), np.ones(ATR_BARS, np.int64))[: len(bars)].tolist()
    factor = exact(times)
    above, below = factor.numerator, factor.denominator * ATR_BARS
    return _turns(
        bars,
        lambda i, extreme, other: i >= ATR_BARS - 1 and abs(extreme - other) * below >= above * sums[i] > 0,
    )


def _turns(bars: Bars, far: Callable[[int, int, int], bool]) -> Turns:
    """far: whether bar i's price `other` is far enough from the leg's extreme, in ticks, to end it."""
    highs, lows = bars.high.tolist(), bars.low.tolist()
    if not highs:
        return []
    turns: Turns = []
    up: bool | None = None
    top = bottom = 0
    for i in range(1, len(highs)):
        # a bar's high and low have no known order, so one bar never both makes an extreme and turns from it
        if up is None:
            rose, fell = far(i, lows[bottom], highs[i]), far(i, highs[top], lows[i])
            if rose != fell:
                up = rose
                turns.append((bottom, False) if rose else (top, True))
                top, bottom = (i, bottom) if rose else (top, i)
            else:
                top = i if highs[i] > highs[top] else top
                bottom = i if lows[i] < lows[bottom] else bottom
        elif up:
            if highs[i] > highs[top]:
                top = i
            elif far(i, highs[top], lows[i]):
                turns.append((top, True))
                up, bottom = False, i
        elif lows[i] < lows[bottom]:
            bottom = i
        elif far(i, lows[bottom], highs[i]):
            turns.append((bottom, False))
            up, top = True, i
    if up is not None:
        turns.append((top, True) if up else (bottom, False))
    return turns
