"""Sums over the rows of a column that follow one another, for figures at many moments at once."""

import numpy as np
import numpy.typing as npt

NumbersOrFlags = npt.NDArray[np.float64] | npt.NDArray[np.bool_]


def rolling(column: NumbersOrFlags, length: int, every: int = 1) -> npt.NDArray[np.float64]:
    """Sums of each `length` rows that follow one another, each summed by itself: no error is carried along."""
    windows = np.lib.stride_tricks.sliding_window_view(column, length)[::every]
    return np.asarray(windows.sum(axis=-1), np.float64)
