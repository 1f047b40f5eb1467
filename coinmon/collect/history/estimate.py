"""What a backfill will come to, said before it begins."""

from collections.abc import Sequence

from coinmon.model.instrument import Instrument
from coinmon.model.moment import DAY, MINUTE

_MINUTE_BYTES = (240, 2000)
"""On disk, of a quiet market and of the busiest: see docs/scaling.md."""
_DAY_S = (0.1, 1.0)
"""Processor time of a market's day, of a quiet market and of the busiest: benchmarks/speed/backfill_day.py."""


def estimated(instruments: Sequence[Instrument], start: int, end: int) -> str:
    """An upper bound: what is stored already is not fetched again. start, end: ms UTC."""
    days = (end - start) / DAY
    size = [each * len(instruments) * (end - start) // MINUTE for each in _MINUTE_BYTES]
    took = [each * len(instruments) * days for each in _DAY_S]
    venues = sorted({each.venue for each in instruments})
    many = "1 market" if len(instruments) == 1 else f"{len(instruments)} markets"
    return (
        f"{many} of {', '.join(venues)}, {days:.3g} days each: {_bytes(size[0])} to "
        f"{_bytes(size[1])} on disk and {_duration(took[0])} to {_duration(took[1])} of work at most, "
        "and the time that the downloads take"
    )


def _bytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
