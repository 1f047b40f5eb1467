"""Swing points: bars whose extreme stands out on both sides."""

import numpy as np
import numpy.typing as npt

from coinmon.indicator import Bars

Ints = npt.NDArray[np.int64]


def pivots(bars: Bars, left: int, right: int, high: bool) -> Ints:
    """Numbers of the bars that are pivot highs (or lows), ascending; each is known once bar number + right closed.

    Strictly beyond the `left` bars before and not behind the `right` after: of equal ones the first. A bar without a
    known price on either side leaves it open whether there is one, so there is none.
    """
    span = left + right + 1
    if len(bars) < span:
        return np.empty(0, np.int64)
    unknown = np.iinfo(np.int64).max
    extreme = np.where(bars.close > 0, bars.high if high else -bars.low, unknown)
    at = extreme[left : len(extreme) - right]
    before, after = _highest(extreme, left)[: len(at)], _highest(extreme, right)[left + 1 :]
    return np.flatnonzero((at > before) & (at >= after) & (at < unknown)) + left


def _highest(values: Ints, span: int) -> Ints:
    """The highest of each run of `span` values, by runs of 1, 2, 4... of them."""
    width, found = 1, values
    while 2 * width <= span:
        found = np.maximum(found[:-width], found[width:])
        width *= 2
    rest = span - width
    return np.maximum(found[: len(found) - rest], found[rest:])
