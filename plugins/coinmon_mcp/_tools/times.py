"""Windows and days that a question may name."""

import re
from typing import Any

from coinmon.command import DAY, MINUTE, ConfigError, iso

_MAX_WINDOW_MS = 92 * DAY
"""A minute is a row: an answer about fifty years would take more memory than there is."""
_SECONDS = 1 << 37
"""ms that are in 1974, before there was anything to ask for; the same number of seconds is in our time."""
_AHEAD = 14 * 60 * MINUTE
"""By how much the earliest time zone is ahead."""
_DATES = 1 << 47
"""ms from 1970 that dates are made of; people ask for more."""


def check_times(asked: Any) -> None:
    """Raises ConfigError for a window that is too long, begins after the moment asked about, or ends before it begins.

    asked: arguments with `moment()`; those that begin and end a window are ms UTC.
    """
    moment = asked.moment()
    for first, last in (("startTime", "endTime"), ("windowStartMs", "windowEndMs"), ("start", "end")):
        start, end = getattr(asked, first, None), getattr(asked, last, None)
        if not isinstance(start, int):
            continue
        if start > moment:
            raise ConfigError(f"{first}: {_shown(start)} has not come yet; the answer is as of {iso(moment)}")
        if end is not None and end <= start:
            raise ConfigError(f"{last}: {_shown(end)} is not after {first}, {_shown(start)}")
        if 0 < start < _SECONDS <= 1000 * start:
            raise ConfigError(f"{first}: {start} is {_shown(start)}; times are in milliseconds, 1000 times as much")
        if min(end or moment, moment) - start > _MAX_WINDOW_MS:
            raise ConfigError(f"{first}: a window has {_MAX_WINDOW_MS // DAY} days at most")
    day = getattr(asked, "date", None)
    # somewhere it may be that day already; what is no date is told by the indicator
    if isinstance(day, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", day) and day > str(iso(moment + _AHEAD))[:10]:
        raise ConfigError(f"date: {day} has not come yet; the answer is as of {iso(moment)}")


def _shown(ms: int) -> str:
    return str(iso(ms)) if 0 <= ms < _DATES else f"{ms} ms"
