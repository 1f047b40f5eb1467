"""Market time. Nothing in coinmon asks the wall clock what time it is in the market."""

import asyncio
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """Market time runs `speed` times as fast as the wall clock and was `at` when the wall clock was `wall` (ms UTC).

    As built without arguments it is the wall clock; the emulator's written configuration sets the three figures.
    """

    at: float = 0.0
    wall: float = 0.0
    speed: float = 1.0

    def now(self) -> int:
        """ms UTC."""
        return round(self.at + (time.time() * 1000 - self.wall) * self.speed)

    def wall_time(self, moment: int) -> float:
        """The wall clock, in seconds, when market time is `moment`; infinity when the clock stands still before it."""
        if self.speed == 0:
            return self.wall / 1000 if moment <= self.at else float("inf")
        return (self.wall + (moment - self.at) / self.speed) / 1000

    async def sleep_until(self, moment: int) -> None:
        delay = self.wall_time(moment) - time.time()
        if delay > 0 and delay != float("inf"):
            await asyncio.sleep(delay)
