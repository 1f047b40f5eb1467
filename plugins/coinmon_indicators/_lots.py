"""Base volumes as whole lots, so that sums, differences and comparisons are exact."""

from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def in_lots(columns: tuple[Any, ...], lot: Decimal) -> tuple[list[Floats], Decimal]:
    """Volumes as numbers of lots and the lot, or as they are and 1 where one is no number of lots; NaN stays NaN."""
    # a sum of floats may be off by its own rounding, never by a part of a lot worth the name
    near = 0.01 * float(lot)
    counts = [np.rint(each / float(lot)) for each in columns]
    for column, lots in zip(columns, counts, strict=True):
        off = np.abs(lots * float(lot) - column)
        if np.any(off > near) and np.any(off > near + 1e-12 * np.abs(column)):
            return list(columns), Decimal(1)
    return counts, lot


def amounts(counts: Any, unit: Decimal) -> Floats:
    """Counts of a unit as the nearest floats."""
    times, by = unit.as_integer_ratio()
    return np.asarray(counts * times / by, np.float64)
