"""Sums of many rows at once, each the float64 nearest to the exact sum, as `math.fsum` gives it."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

_FEW = 16
"""Rows of which a loop over them is faster."""


def exact_sums(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """`math.fsum` of each row.

    Column by column what rounding loses is added up beside the sum (Knuth's TwoSum, of which both parts are exact).
    Where that second sum lost nothing, as it hardly ever does, both together are the exact sum, and their sum rounds it
    once; the other rows are left to `math.fsum`.
    """
    if len(rows) < _FEW:
        return np.array([math.fsum(row) for row in rows])
    total, lost = np.zeros((2, len(rows)))
    doubtful = np.zeros(len(rows), bool)
    for column in np.ascontiguousarray(rows.T):
        total, error = _two_sum(total, column)
        lost, beyond = _two_sum(lost, error)
        # what is not finite is not 0 either
        doubtful |= beyond != 0
    found: npt.NDArray[np.float64] = total + lost
    for row in np.flatnonzero(doubtful).tolist():
        found[row] = math.fsum(rows[row])
    return found


def _two_sum(a: Any, b: Any) -> tuple[Any, Any]:
    """The rounded sum and what rounding took from it."""
    with np.errstate(invalid="ignore", over="ignore"):
        both = a + b
        of_b = both - a
        return both, (a - (both - of_b)) + (b - of_b)
