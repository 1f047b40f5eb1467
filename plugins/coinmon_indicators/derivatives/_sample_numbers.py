"""Which of a row of samples is the latest, or the nearest to a time, at many moments at once."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from coinmon.indicator import MINUTE

Ints = npt.NDArray[np.int64]


def nearest_of(time: Ints, wanted: Ints, lowest: Ints, latest: Ints, within: float) -> Ints:
    """Numbers of the samples nearest to the times wanted, of equal ones the earlier; -1 where none is near enough."""
    at = np.maximum(np.searchsorted(time, wanted, "left"), lowest)
    at, below = np.minimum(at, latest), np.maximum(at - 1, lowest)
    found = np.where(np.abs(time[below] - wanted) <= np.abs(time[at] - wanted), below, at)
    return np.asarray(np.where(np.abs(time[found] - wanted) <= within, found, -1), np.int64)


def latest(samples: Sequence[Any], moments: Ints, max_age: int) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
    """The samples' times; by moment the number of the latest, and whether it is so many minutes old at most."""
    time = np.array([each.time for each in samples], np.int64)
    if not len(time):
        return time, np.zeros(len(moments), np.int64), np.zeros(len(moments), bool)
    at = np.searchsorted(time, moments, "right") - 1
    there = (at >= 0) & (time[at] >= moments - max_age * MINUTE)
    return time, np.maximum(at, 0), there
