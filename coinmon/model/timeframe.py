"""Lengths of candles, and where candles begin: UTC midnight, a week's on Monday."""

from coinmon.model.moment import DAY, MINUTE, ceil, floor, parse_duration

_MONDAY_MS = 4 * DAY
"""The epoch was a Thursday."""


def candle_length(timeframe: str) -> int:
    """ms of `1m`, `5m`, `1h`, `1d`, `1w`. Raises ValueError for what does not divide a day into whole minutes."""
    length = parse_duration(timeframe)
    if length % MINUTE or (length != 7 * DAY and DAY % length):
        raise ValueError(f"{timeframe} does not divide a day into whole minutes; write 1m, 5m, 1h, 1d, 1w")
    return length


def first_candle(length: int) -> int:
    """When a candle began, ms UTC: the others begin whole lengths from it."""
    return _MONDAY_MS if length == 7 * DAY else 0


def whole_candles(start: int, end: int, length: int) -> tuple[int, int]:
    """[start, end), ms UTC, extended to whole candles."""
    first = first_candle(length)
    return floor(start - first, length) + first, ceil(end - first, length) + first
