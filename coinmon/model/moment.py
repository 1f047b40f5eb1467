"""Time: integer milliseconds UTC inside, ISO 8601 at the edges."""

import re
from datetime import UTC, datetime, tzinfo
from typing import overload

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 86_400_000

_LONGEST_MS = 36_500 * DAY
"""A hundred years: what is longer ends where no clock goes (year 9999), or beyond 64 bits."""
_UNITS = {"ms": 1, "s": 1000, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}


def floor(ms: int, step: int = MINUTE) -> int:
    return ms - ms % step


def ceil(ms: int, step: int = MINUTE) -> int:
    return -(-ms // step) * step


@overload
def iso(ms: int) -> str: ...
@overload
def iso(ms: None) -> None: ...
@overload
def iso(ms: int | None) -> str | None: ...
def iso(ms: int | None) -> str | None:
    """`2024-08-09T00:05:00Z`, with milliseconds only where there are some."""
    if ms is None:
        return None
    seconds, rest = divmod(ms, 1000)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:03d}Z" if rest else f"{text}Z"


def parse_time(text: str, zone: tzinfo = UTC) -> int:
    """ISO 8601 (a time without an offset is in `zone`), a plain date, or epoch seconds or milliseconds.

    Raises ValueError with what was expected.
    """
    text = text.strip()
    if re.fullmatch(r"\d{10}", text):
        return int(text) * 1000
    if re.fullmatch(r"\d{13}", text):
        return int(text)
    try:
        when = datetime.fromisoformat(text)
        if when.tzinfo is None:
            when = when.replace(tzinfo=zone)
    except (ValueError, OverflowError, OSError):
        raise ValueError(
            f"{text!r} is not a time; write 2024-08-09, 2024-08-09T00:05:00Z or epoch milliseconds"
        ) from None
    if not 1970 <= when.year < 9999:
        # there has to be room for a window before it and a day after it
        raise ValueError(f"{text!r} is no time of any market; write a year from 1970")
    return round(when.timestamp() * 1000)


def parse_duration(text: str | int | float) -> int:
    """`60s`, `1m`, `4h`, `1d`, `250ms`, or a bare number of seconds, to milliseconds. Raises ValueError."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)?\s*", str(text))
    if not match or float(match[1]) <= 0:
        raise ValueError(f"{text!r} is not a duration; write 60s, 5m, 4h or 1d")
    ms = float(match[1]) * _UNITS[match[2] or "s"]
    if ms > _LONGEST_MS:
        raise ValueError(f"{text!r} is too long; the longest is 36500d")
    return round(ms)
