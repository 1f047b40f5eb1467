"""Days, weeks and sessions as people in a time zone know them, in ms UTC."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, Field

from coinmon.indicator import MINUTE, Text, parse_sessions, parse_time, time_zone


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"{text!r} is not a date; write 2024-08-09") from None


def _time(text: str) -> str:
    parse_time(text)
    return text


def _sessions(text: str) -> str:
    parse_sessions(text)
    return text


TimeZone = Annotated[str, AfterValidator(time_zone), Field(description="time zone of days and sessions, an IANA name")]
SessionText = Annotated[
    str, AfterValidator(_sessions), Field(description="parts of the day, NAME=HH:MM-HH:MM with commas between")
]
Date = Annotated[str, AfterValidator(_date)]
DayTime = Annotated[str, AfterValidator(_time)]
State = Literal["developing", "done"]


@dataclass(frozen=True, slots=True)
class DaySpan:
    """[start, end), ms UTC."""

    name: str
    start: int
    end: int

    def state(self, now: int) -> State:
        return "done" if self.end <= now else "developing"

    def clipped(self, end: int) -> "DaySpan":
        """What of it was over at `end`."""
        return DaySpan(self.name, self.start, max(self.start, min(self.end, end)))


def time_in(text: str, zone: str) -> int:
    """The minute that a written time lies in; without an offset it is the zone's."""
    at = parse_time(text, ZoneInfo(zone))
    return at - at % MINUTE


def local_day(now: int, zone: str) -> date:
    return datetime.fromtimestamp(now / 1000, UTC).astimezone(ZoneInfo(zone)).date()


def local_days(moments: npt.NDArray[np.int64], zone: str) -> Iterator[tuple[int, int, date]]:
    """Runs of ascending moments that lie in one day: the first one's number, that after the last one's, and the day."""
    first = 0
    while first < len(moments):
        day = local_day(int(moments[first]), zone)
        after = int(np.searchsorted(moments, day_span(day, zone).end, "left"))
        yield first, after, day
        first = after


def wall(day: date, minutes: int, zone: str) -> int:
    """When clocks in the zone show `minutes` after 00:00 of that day, or of the next from 1440 on."""
    days, rest = divmod(minutes, 1440)
    shown = datetime.combine(day + timedelta(days=days), time(*divmod(rest, 60)), ZoneInfo(zone))
    return round(shown.timestamp()) * 1000


def day_span(day: date, zone: str, name: str = "day") -> DaySpan:
    """From midnight to midnight on the zone's clocks: 23 or 25 hours where they change."""
    return DaySpan(name, wall(day, 0, zone), wall(day, 1440, zone))


def week_span(day: date, zone: str, weeks: int = 0, name: str = "week") -> DaySpan:
    """Monday to Monday around the day, or so many weeks from it."""
    monday = day - timedelta(days=day.weekday()) + timedelta(weeks=weeks)
    return DaySpan(name, wall(monday, 0, zone), wall(monday + timedelta(days=7), 0, zone))


def month_start(day: date, zone: str) -> int:
    return wall(day.replace(day=1), 0, zone)


def session_spans(day: date, sessions: str, zone: str) -> list[DaySpan]:
    """The sessions that begin on that day, as configured; one whose end is not after its start ends on the next."""
    spans = []
    for name, (start, end) in parse_sessions(sessions).items():
        spans.append(DaySpan(name, wall(day, start, zone), wall(day, end if end > start else end + 1440, zone)))
    return spans


_CITIES = {
    "A": Text("亚洲", "Asia"), "L": Text("伦敦", "London"), "N": Text("纽约", "New York"), "E": Text("尾盘", "late"),
}  # fmt: skip


def session_said(name: str, what: str = "") -> Text:
    """What charts call a session, or something of it: its letter says nothing to who has not read the settings."""
    known = _CITIES.get(name, Text(name, name))
    return Text(f"{known.zh} {what}".strip(), f"{known.en} {what}".strip())


def chosen_day(wanted: str | None, now: int, zone: str) -> date:
    return date.fromisoformat(wanted) if wanted else local_day(now, zone)
