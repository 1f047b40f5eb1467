"""What the price did after each minute, and how much of that any minute of the same hour of day would have shown.

Columns over one pair's minutes: `prices[i]` belongs to the minute that opens `start + i` minutes after the epoch's
first, NaN where no covered venue had one. Returns are in percent: 100 ln(later / earlier).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from coinmon.model.trades import Floats

HOUR_MINUTES, DAY_MINUTES = 60, 1440
BASE_DAYS = 90
"""How far the base looks back."""
MIN_BASE_MINUTES = 20 * HOUR_MINUTES
"""A base of fewer minutes of an hour of day than 20 days hold is unknown."""


@dataclass(frozen=True)
class Excess:
    """For each minute t of a pair, in percent; NaN where unknown.

    forward: the return of who enters `delay` minutes after t and leaves `horizon` later. base: the mean of that over
    the minutes of the same UTC hour in the 90 days before, all of which had ended by t. start_minute: of the first
    one, since 1970. reach: minutes from t to the outcome.
    """

    forward: Floats
    base: Floats
    start_minute: int
    reach: int

    @cached_property
    def size(self) -> Floats:
        """The return's absolute value, by which a neutral signal is judged."""
        return np.abs(self.forward)

    @cached_property
    def size_base(self) -> Floats:
        """What `size` is by the same rule; made only where a neutral signal asks."""
        return _base(self.size, self.start_minute, self.reach)

    def of(self, direction: int) -> Floats:
        """What is above the base for who follows a signal up (1), down (-1), or one that says only that price moves."""
        return direction * (self.forward - self.base) if direction else self.size - self.size_base


def excess_over_base(prices: Floats, start_minute: int, horizon: int, delay: int = 1) -> Excess:
    """start_minute: minutes since 1970 of `prices[0]`; horizon, delay: minutes."""
    return excess_of_logs(np.log(prices), start_minute, horizon, delay)


def excess_of_logs(logs: Floats, start_minute: int, horizon: int, delay: int = 1) -> Excess:
    """The same of the prices' natural logarithms."""
    forward = np.full(len(logs), np.nan)
    reach = horizon + delay
    if len(logs) > reach:
        known = forward[:-reach]
        np.subtract(logs[reach:], logs[delay : len(logs) - horizon], out=known)
        known *= 100
    return Excess(forward, _base(forward, start_minute, reach), start_minute, reach)


def _base(values: Floats, start_minute: int, reach: int) -> Floats:
    """Each minute's mean of the same hour of day over whole days that ended, outcomes and all, before its own day."""
    lead = start_minute % DAY_MINUTES
    days = -(-(lead + len(values)) // DAY_MINUTES)
    padded = np.full(days * DAY_MINUTES, np.nan)
    padded[lead : lead + len(values)] = values
    by_hour = padded.reshape(days, 24, HOUR_MINUTES)
    known = ~np.isnan(by_hour)
    sums = _running(np.where(known, by_hour, 0.0).sum(axis=2))
    counts = _running(known.sum(axis=2).astype(np.float64))
    ends = np.maximum(0, np.arange(days) - -(-reach // DAY_MINUTES))
    begins = np.maximum(0, np.arange(days) - BASE_DAYS)
    ends = np.maximum(ends, begins)
    seen = counts[ends] - counts[begins]
    with np.errstate(invalid="ignore", divide="ignore"):
        base = np.where(seen >= MIN_BASE_MINUTES, (sums[ends] - sums[begins]) / seen, np.nan)
    return np.repeat(base.ravel(), HOUR_MINUTES)[lead : lead + len(values)]


def _running(values: Floats) -> Floats:
    """Sums of all days before each, one row more than `values` has."""
    return np.concatenate([np.zeros((1, values.shape[1])), values.cumsum(axis=0)])
