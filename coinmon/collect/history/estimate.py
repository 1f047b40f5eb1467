"""What a backfill will come to, said before it begins, and what a store will that a scan goes on writing to."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import distinct, func, select

from coinmon.model.instrument import Instrument
from coinmon.model.moment import DAY, MINUTE
from coinmon.store import schema
from coinmon.store.database import Database

_MINUTE_BYTES = (240, 2000)
"""On disk, of a quiet market and of the busiest: see docs/scaling.md."""
_DAY_S = (0.1, 1.0)
"""Processor time of a market's day, of a quiet market and of the busiest: benchmarks/speed/backfill_day.py."""
_LOOKED_AT_MS = DAY
"""How much of what is newest tells what a minute takes."""


class Outlook(NamedTuple):
    """markets: that are written to now. held, comes_to: bytes on disk, now and once everything has its age."""

    markets: int
    held: int
    comes_to: int


def outlook(database: Database, retention_days: int, levels_days: int, held: int) -> Outlook | None:
    """By the minutes stored last; None: there are none yet. held: bytes of the store as it is.

    What was brought on purpose is kept beside this: it is a part of `held` and of nothing else.
    """
    bars = schema.bars
    with database.read() as connection:
        newest = connection.execute(select(func.max(bars.c.time))).scalar()
        if newest is None:
            return None
        recent = bars.c.time > newest - _LOOKED_AT_MS
        of_levels = func.coalesce(func.sum(func.length(bars.c.levels)), 0)
        found = connection.execute(
            select(func.count(), func.count(distinct(bars.c.instrument)), of_levels).where(recent)
        ).one()
    rows, markets, levels = int(found[0]), int(found[1]), int(found[2])
    days = retention_days * _MINUTE_BYTES[0] + min(levels_days, retention_days) * levels / rows
    return Outlook(markets, held, max(held, round(markets * days * DAY / MINUTE)))


def estimated(instruments: Sequence[Instrument], start: int, end: int) -> str:
    """An upper bound: what is stored already is not fetched again. start, end: ms UTC."""
    days = (end - start) / DAY
    size = [each * len(instruments) * (end - start) // MINUTE for each in _MINUTE_BYTES]
    took = [each * len(instruments) * days for each in _DAY_S]
    venues = sorted({each.venue for each in instruments})
    many = "1 market" if len(instruments) == 1 else f"{len(instruments)} markets"
    return (
        f"{many} of {', '.join(venues)}, {days:.3g} days each: {as_bytes(size[0])} to "
        f"{as_bytes(size[1])} on disk and {_duration(took[0])} to {_duration(took[1])} of work at most, "
        "and the time that the downloads take"
    )


def as_bytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
