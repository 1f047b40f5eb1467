"""When the next of many connections may be opened: venues count those of a second, or of minutes, by address."""

import asyncio
from time import monotonic


class Turns:
    """interval: seconds between two of them, the first ones and those after a fault alike."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._free_at = 0.0

    async def next(self) -> None:
        """Wait for one's turn, first come first served."""
        now = monotonic()
        turn = max(now, self._free_at)
        self._free_at = turn + self._interval
        await asyncio.sleep(turn - now)
