"""Calendar months, UTC."""

from collections.abc import Iterator
from datetime import UTC, datetime


def months(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The months that [start, end) touches: the first moment of each and of the one after it, ms UTC."""
    at = datetime.fromtimestamp(start / 1000, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while (first := round(at.timestamp() * 1000)) < end:
        at = at.replace(year=at.year + at.month // 12, month=at.month % 12 + 1)
        yield first, round(at.timestamp() * 1000)
