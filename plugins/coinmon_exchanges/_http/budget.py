"""Rate budgets: so much weight in any window, in the order asked."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import monotonic

from coinmon.exchange import VenueBusy

MAX_PAUSE_S = 5.0
"""Seconds we sit out when a venue asks for a pause; a longer one is the caller's to plan (VenueBusy)."""
_MAX_REFUSALS = 3
"""Pauses in a row after which those who wait are sent away: the venue means it."""
_CREDIBLE_TIMES = 5
"""Times its limit that a venue may count: who spends more is refused before, so that such an answer counts nothing."""


class Budget:
    """At most `limit` weight in any `window` seconds.

    A request's weight is held from its start until `window` seconds after its answer: only then is it certain that the
    venue's own window has let go of it, however long the request was on its way. So bursts are allowed, whatever the
    latency, and the venue's limit is never met.
    """

    def __init__(self, name: str, limit: float, window: float) -> None:
        self.name = name
        self.limit = limit
        self._window = window
        self._flying = 0.0
        self._spent: deque[tuple[float, float]] = deque()
        self._held = 0.0
        self._foreign = (0.0, 0.0)
        self._closed_until = 0.0
        self._refusals = 0
        self._words = name
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()

    @property
    def used(self) -> float:
        now = monotonic()
        while self._spent and self._spent[0][0] <= now:
            self._held -= self._spent.popleft()[1]
        foreign, until = self._foreign
        return self._flying + self._held + (foreign if until > now else 0.0)

    @asynccontextmanager
    async def spend(self, weight: float) -> AsyncIterator[None]:
        """Wait for room, first come first served, and hold it while the request runs.

        Raises VenueBusy when the venue asked for a pause longer than our patience, or for one after another.
        """
        weight = min(weight, self.limit)
        async with self._turn:
            while (wait := self._wait(weight)) is None or wait > 0:
                self._changed.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._changed.wait()
        self._flying += weight
        try:
            yield
        finally:
            self._flying -= weight
            self._held += weight
            self._spent.append((monotonic() + self._window, weight))
            self._changed.set()

    def penalise(self, seconds: float, words: str = "") -> None:
        """The venue asked for a pause: nothing is sent before it is over, and then one request at a time.

        words: what it said, for those who are sent away.
        """
        # requests that were under way together are refused together: that counts once
        self._refusals += monotonic() >= self._closed_until
        self._closed_until = max(self._closed_until, monotonic() + seconds)
        self._words = words or self.name
        self._changed.set()

    def relieve(self) -> None:
        """The venue has answered: pauses are over."""
        if self._refusals:
            self._refusals = 0
            self._changed.set()

    def observe(self, used: float) -> None:
        """The venue's own count, which also has what others behind our address spent."""
        if used > _CREDIBLE_TIMES * self.limit:
            return
        self._foreign = (0.0, 0.0)
        self._foreign = (max(0.0, used - self.used), monotonic() + self._window)
        self._changed.set()

    def _wait(self, weight: float) -> float | None:
        """Seconds until `weight` may fit (0: now); None: as soon as a running request ends."""
        now = monotonic()
        pause = self._closed_until - now
        if pause > MAX_PAUSE_S or (pause > 0 and self._refusals >= _MAX_REFUSALS):
            raise VenueBusy(f"{self._words}: the venue asked us to wait {pause:.0f} s more", pause)
        if pause > 0:
            return pause
        if self._refusals and self._flying:
            return None
        excess = self.used + weight - self.limit
        if excess <= 0:
            return 0.0
        foreign, until = self._foreign
        freed = 0.0
        for at, part in sorted([*self._spent, (until, foreign)]):
            if at > now:
                freed += part
                if freed >= excess:
                    return at - now
        return None
