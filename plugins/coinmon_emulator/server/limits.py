"""The venues' rate limits, counted in real time whatever the emulated clock does."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Protocol

from coinmon_emulator.server.reply import Query, Reply
from coinmon_emulator.venues.folders import VENUES, module_of

Seconds = Callable[[], float]


def never() -> float:
    return 0.0


class Limits(Protocol):
    def admit(self, endpoint: str, query: Query) -> Reply | None:
        """None when the request may pass, else what the venue answers."""
        ...

    def headers(self, endpoint: str) -> dict[str, str]:
        """What the venue says about its limits on every answer."""
        ...


class WeightWindow:
    """At most `most` units in each fixed window of `seconds`."""

    def __init__(self, most: int, seconds: float, now: Seconds) -> None:
        self.most, self.seconds, self._now = most, seconds, now
        self._begun = now()
        self.used = 0

    def spend(self, units: int) -> bool:
        self.roll()
        self.used += units
        return self.used <= self.most

    def roll(self) -> None:
        passed = self._now() - self._begun
        if passed >= self.seconds:
            self._begun += passed // self.seconds * self.seconds
            self.used = 0

    def resets_in(self) -> int:
        return max(1, math.ceil(self._begun + self.seconds - self._now()))


class Sliding:
    """At most `most` requests in any `seconds`; a refused one does not count."""

    def __init__(self, most: int, seconds: float, now: Seconds, late: Seconds) -> None:
        self.most, self.seconds, self._now, self._late = most, seconds, now, late
        self._times: deque[float] = deque()

    def spend(self) -> bool:
        now = self._now()
        since = now - self.seconds + self._late()
        while self._times and self._times[0] <= since:
            self._times.popleft()
        if len(self._times) >= self.most:
            return False
        self._times.append(now)
        return True

    def left(self) -> int:
        return self.most - len(self._times)


def of_all_venues(late: Seconds = never) -> dict[str, Limits]:
    """Each venue's limits; `late` is how far this process itself is behind."""
    return {venue: module_of(venue, "limits").limits(late) for venue in VENUES}
