"""Base volumes as whole lots, so that sums, differences and comparisons are exact."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def in_lots(columns: tuple[Any, ...], lot: Decimal) -> tuple[list[Floats], Decimal]:
    """Volumes as numbers of lots and the lot, or as they are and 1 where one is no number of lots; NaN stays NaN."""
    counts = [np.rint(each / float(lot)) for each in columns]
    for column, lots in zip(columns, counts, strict=True):
        if not np.allclose(lots * float(lot), column, rtol=1e-9, atol=0, equal_nan=True):
            return list(columns), Decimal(1)
    return counts, lot


def amounts(counts: Any, unit: Decimal) -> Floats:
    """Counts of a unit as the nearest floats."""
    ratio = Fraction(unit)
    return np.asarray(counts * ratio.numerator / ratio.denominator, np.float64)
