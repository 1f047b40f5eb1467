"""When what came behind the cycles is written: never while a minute is judged, which sees all of it or nothing."""

import asyncio
from collections.abc import Callable

from coinmon.clock import Clock
from coinmon.model.moment import MINUTE, floor
from coinmon.store.database import Database


class BetweenCycles:
    """Cycles hold it from their last record until they have judged; who writes the past waits for them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock, self._asking = asyncio.Lock(), asyncio.Lock()
        self._judging: int | None = None
        self._judged = 0

    async def hold(self, moment: int) -> None:
        """A cycle judges this minute now, ms UTC; nobody else writes until `release`."""
        # two who ask while the past is written: the second would wait for ever for what the first one has
        async with self._asking:
            if self._judging is None:
                await self._lock.acquire()
                self._judging = moment

    def release(self) -> None:
        """What is written from now on was not seen at that minute."""
        if self._judging is not None:
            self._judged, self._judging = self._judging, None
            self._lock.release()

    async def write(self, database: Database, store: Callable[[int], None]) -> None:
        """`store` in the thread that writes, given the first minute that can be judged with it, ms UTC."""
        async with self._lock:
            minute = floor(self._clock.now())
            await database.in_writer(lambda: store(minute + MINUTE if self._judged >= minute else minute))
