"""Could it be chance? The whole calendar of events is moved in time, and the mean looked at again, many times.

All events move together, by whole days and up to two hours more: clusters, overlaps, what pairs have in common and
the hour of day stay as they are, only the tie to what price did is cut (Politis and Romano 1994 on resampling of
dependent data; Kolari and Pynnonen 2010 on events that are correlated across names).
"""

from dataclasses import dataclass

import numpy as np

from coinmon.model.trades import Floats, Ints

DAY_MINUTES = 1440
MOST_OFFSET_MINUTES = 120


@dataclass(slots=True)
class Rotation:
    """The sum and count of known values of each rotation, pair after pair; the first is the calendar as it is."""

    shifts: Ints
    sums: Floats
    counts: Floats

    @classmethod
    def of(cls, days: int, times: int, seed: int) -> "Rotation":
        """days: whole days in the judged period, at least two; times: how many rotations beside the calendar itself."""
        random = np.random.default_rng(seed)
        whole = random.integers(1, days, times) * DAY_MINUTES
        shifts = np.append(0, whole + random.integers(-MOST_OFFSET_MINUTES, MOST_OFFSET_MINUTES + 1, times))
        return cls(shifts.astype(np.int64), np.zeros(times + 1), np.zeros(times + 1))

    def add(self, excess: Floats, minutes: Ints) -> None:
        """One pair's events of one direction. excess: by minute of the judged period; minutes: the events' places."""
        known = ~np.isnan(excess)
        # the period twice over, so that no place has to be brought back into it
        places = (minutes % len(excess))[None, :] + (self.shifts % len(excess))[:, None]
        self.sums += np.tile(np.where(known, excess, 0.0), 2)[places].sum(axis=1)
        self.counts += len(minutes) if known.all() else np.tile(known, 2)[places].sum(axis=1)

    def p_value(self) -> float:
        """Two-sided; NaN where the calendar itself has no known value."""
        if not self.counts[0]:
            return float("nan")
        with np.errstate(invalid="ignore", divide="ignore"):
            means = self.sums / self.counts
        seen, rotated = means[0], means[1:][self.counts[1:] > 0]
        above = (1 + np.count_nonzero(rotated >= seen)) / (1 + len(rotated))
        below = (1 + np.count_nonzero(rotated <= seen)) / (1 + len(rotated))
        return float(min(1.0, 2 * min(above, below)))
