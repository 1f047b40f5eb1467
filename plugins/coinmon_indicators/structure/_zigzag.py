"""ZigZag: the turning points of price, from highs and lows."""

import numpy as np

from coinmon.indicator import Bars
from coinmon_indicators._candles import exact

ATR_BARS = 14
NEVER = 2**62
"""Ticks that no price is away."""

Turns = list[tuple[int, bool]]
"""Bar number and whether it is a high; the last is the end so far of the current leg."""


def by_percent(bars: Bars, percent: float) -> Turns:
    """A leg ends once price is `percent` away from its extreme."""
    share = exact(percent) / 100
    above, below = share.numerator, share.denominator
    highs, lows = bars.high.tolist(), bars.low.tolist()
    # of whole ticks so many at least, by the extreme's own price
    from_high, from_low = ([-(-above * each // below) for each in extremes] for extremes in (highs, lows))
    return _turns(highs, lows, from_high, from_low, now=False)


def by_atr(bars: Bars, times: float) -> Turns:
    """A leg ends once price is `times` the ATR away from its extreme.

    ATR: the simple mean of the last 14 true ranges up to that bar; before there are 14, or where it is 0, no leg ends.
    """
    if not len(bars):
        return []
    high, low, close = bars.high, bars.low, bars.close
    ranges = np.maximum(high[1:], close[:-1]) - np.minimum(low[1:], close[:-1])
    sums = np.convolve(np.concatenate(([high[0] - low[0]], ranges)), np.ones(ATR_BARS, np.int64))[: len(bars)]
    sums[: ATR_BARS - 1] = 0
    factor = exact(times) / ATR_BARS
    above, below = factor.numerator, factor.denominator
    away = [-(-above * each // below) or NEVER for each in sums.tolist()]
    return _turns(high.tolist(), low.tolist(), away, away, now=True)


def _turns(highs: list[int], lows: list[int], from_high: list[int], from_low: list[int], *, now: bool) -> Turns:
    """from_high, from_low: ticks from the extreme that end a leg: now: those of the bar that ends it, else of the one
    that made the extreme."""
    turns: Turns = []
    up: bool | None = None
    top = bottom = 0
    highest, lowest = (highs[0], lows[0]) if highs else (0, 0)
    # a bar's high and low have no known order, so one bar never both makes an extreme and turns from it
    for i, (high, low) in enumerate(zip(highs, lows, strict=True)):
        fell = rose = False
        if up is not True:
            if low < lowest and up is False:
                bottom, lowest = i, low
                continue
            rose = high - lowest >= from_low[i if now else bottom]
        if up is not False:
            if high > highest and up:
                top, highest = i, high
                continue
            fell = highest - low >= from_high[i if now else top]
        if rose != fell and i:
            turns.append((bottom, False) if rose else (top, True))
            up = rose
            if rose:
                top, highest = i, high
            else:
                bottom, lowest = i, low
        elif up is None:
            top, highest = (i, high) if high > highest else (top, highest)
            bottom, lowest = (i, low) if low < lowest else (bottom, lowest)
    if up is not None:
        turns.append((top, True) if up else (bottom, False))
    return turns
