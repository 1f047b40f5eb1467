"""All moments of a frame judged at once, as exactly as the signals themselves.

Sums of columns round otherwise than sums of single moments: where a figure is so near to its limit that it might
matter, the signal itself is asked.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from coinmon.signal import ASK, HOLDS, SILENT, WAITS, Codes, rolling

__all__ = ["NEAR", "Comparisons", "Floats", "Mask", "asked_where_it_holds", "rolling"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
NEAR = 1e-7
"""Relative to the figures compared; what rounding of sums amounts to is a thousand times less."""


class Comparisons:
    """Remembers in `unsure` at which moments any of its comparisons was too near to call."""

    def __init__(self, count: int) -> None:
        self.unsure: Mask = np.zeros(count, bool)

    def above(self, value: Any, limit: Any, scale: Any = 0.0) -> Mask:
        """value > limit; scale: size of what the figures were made of, where they are differences."""
        above, near = _compared(value, limit, scale)
        self.unsure = self.unsure | near
        return above

    def all_above(self, where: Mask, *compared: tuple[Any, ...]) -> Mask:
        """Where, of the moments given, all of these hold, each as `above`; unsure only where none surely does not."""
        holds, may = where, where
        for each in compared:
            above, near = _compared(*each)
            # one that is too near to call may be above
            holds, may = holds & above & ~near, may & (above | near)
        self.unsure = self.unsure | (may & ~holds)
        return holds

    def codes(self, ready: Mask, holds: Mask, *more: Mask) -> Codes:
        """WAITS where not ready; where it holds a code for each combination of `more` (it begins, it is graver...).

        `more` tells apart all that a signal's key, grade and begins depend on: a code means the same wherever it comes.
        """
        code = np.full(len(ready), HOLDS, np.int64)
        for i, each in enumerate(more):
            code += each.astype(np.int64) << i
        code = np.where(holds, code, SILENT)
        code = np.where(self.unsure, ASK, code)
        return np.where(ready, code, WAITS)


def _compared(value: Any, limit: Any, scale: Any = 0.0) -> tuple[Mask, Mask]:
    """value > limit, and where the two are too near to call."""
    value, limit = np.broadcast_arrays(np.asarray(value, float), np.asarray(limit, float))
    with np.errstate(invalid="ignore"):
        near = np.abs(value - limit) <= NEAR * (np.abs(value) + np.abs(limit) + scale)
        return np.asarray(value > limit), np.asarray(near)


def asked_where_it_holds(codes: Codes, more: bool) -> Codes:
    """The signal itself decides wherever it might hold: a condition more is worked out by it alone."""
    return np.where(codes >= HOLDS, ASK, codes) if more else codes
