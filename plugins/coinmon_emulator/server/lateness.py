"""How late this process is for its own appointments: what a client must not pay for."""

from __future__ import annotations

import asyncio
from collections import deque


class Lateness:
    """The longest the event loop was held up in the last few seconds.

    A venue counts arrivals; one process on a busy machine counts when it gets round to them, and may see a steady
    client as a burst. Limits over two seconds forgive as much as was measured here, and no more.
    """

    EACH = 0.02
    REMEMBERED = 2.5
    MOST = 0.5

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()

    async def watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + self.EACH
            await asyncio.sleep(self.EACH)
            now = loop.time()
            self._seen.append((now, now - due))
            while self._seen[0][0] < now - self.REMEMBERED:
                self._seen.popleft()

    def __call__(self) -> float:
        return min(self.MOST, max((late for _, late in self._seen), default=0.0))
