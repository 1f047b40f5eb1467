"""The minutes of a time range."""

from coinmon.exchange import MINUTE


def opening_in(start: int, end: int) -> tuple[int, int]:
    """The range of minutes that open in [start, end), as [first, last + 1 minute)."""
    return -(-start // MINUTE) * MINUTE, -(-end // MINUTE) * MINUTE
