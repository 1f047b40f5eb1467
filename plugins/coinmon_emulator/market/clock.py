"""The emulated clock: it starts anywhere and runs at any speed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class EmulatedClock:
    """Market time as a straight line over wall time, from a whole millisecond so that it can be written down."""

    at_ms: int
    speed: float = 1.0
    wall_started: float = field(default_factory=lambda: round(time.time(), 3))
    wall: Callable[[], float] = time.time

    def now(self) -> int:
        """Market time in ms since the epoch."""
        return self.at_ms + int((self.wall() - self.wall_started) * self.speed * 1000)


def utc_text(ms: int) -> str:
    """2026-01-15T12:00:20Z, with milliseconds where there are any."""
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    if ms % 1000:
        return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> int:
    """ISO 8601 (UTC unless it says otherwise) or epoch seconds or ms, as ms; ValueError otherwise."""
    if text.isdigit():
        value = int(text)
        return value if value > 10**11 else value * 1000
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)
