"""When what came behind the cycles is written: never while a minute is judged, which sees all of it or nothing."""

import asyncio
from collections.abc import Callable

from coinmon.clock import Clock
from coinmon.store.database import Database


class BetweenCycles:
    """Cycles hold it from their last record until they have judged; who writes the past waits for them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock, self._asking = asyncio.Lock(), asyncio.Lock()
        self._judging, self._judged_at = False, 0

    async def hold(self) -> None:
        """A cycle judges now; nobody else writes until `release`."""
        # two who ask while the past is written: the second would wait for ever for what the first one has
        async with self._asking:
            if not self._judging:
                await self._lock.acquire()
                self._judging = True

    def release(self) -> None:
        """What is written from now on was not seen by that cycle."""
        if self._judging:
            self._judging, self._judged_at = False, self._clock.now()
            self._lock.release()

    async def write(self, database: Database, store: Callable[[int], None]) -> None:
        """`store` in the thread that writes, given when it is known, ms UTC: after what the last cycle had read."""
        async with self._lock:
            now = self._clock.now()
            await database.in_writer(lambda: store(now + (now == self._judged_at)))
