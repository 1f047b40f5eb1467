"""Funding that was settled, from the venues' lists of settlements."""

from collections.abc import Iterable
from itertools import pairwise

from coinmon.exchange import Funding

_HOUR_MS = 3_600_000


def settlements(rows: Iterable[tuple[int, float, float | None]], start: int) -> list[Funding]:
    """(time, rate, mark price) in any order to those from `start` on, oldest first.

    The interval of a settlement is the time since the one before it, which is why rows begin before `start`; of the
    first that a venue has it is not known.
    """
    by_time = dict(sorted((row[0], row) for row in rows))
    times = list(by_time)
    # settlements are on the hour, their stamps some milliseconds late
    hours = {times[0]: 0, **{b: round((b - a) / _HOUR_MS) for a, b in pairwise(times)}} if times else {}
    return [
        Funding(time, rate, None, hours[time] * _HOUR_MS or None, mark)
        for time, rate, mark in by_time.values()
        if time >= start
    ]
