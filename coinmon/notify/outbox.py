"""Sending what waits: rows written with their signal, retried until sent or refused, over restarts too."""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Mapping
from time import monotonic

from loguru import logger

from coinmon.clock import Clock
from coinmon.contracts import Message, Output
from coinmon.errors import CoinmonError, DeliveryRefused, DeliveryRetry
from coinmon.notify.events import Event
from coinmon.secrets import redacted
from coinmon.store.database import Database
from coinmon.store.outbox import Waiting, mark, next_due, read_waiting

_TIMEOUT = 20.0
_DATABASE_PAUSE = 30.0
_BACKOFF = (2.0, 600.0)
"""Seconds: the first wait, doubled each time, and the longest."""


class Outbox:
    """Sends waiting deliveries. `paced`: outputs that are sent at most `per_minute` messages a minute."""

    def __init__(
        self,
        database: Database,
        outputs: Mapping[str, Output],
        paced: frozenset[str],
        per_minute: int,
        clock: Clock,
        tell: Callable[[Event], None],
    ) -> None:
        self._database = database
        self._outputs = outputs
        self._sent: dict[str, deque[float]] = {name: deque(maxlen=per_minute) for name in paced}
        self._clock = clock
        self._tell = tell
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There may be something new to send."""
        self._wake.set()

    async def run(self) -> None:
        """Send for ever."""
        while True:
            self._wake.clear()
            try:
                await self.flush()
                wait = self._seconds_to_next()
            except CoinmonError as error:
                # a full disk may be freed: sending goes on when the database does
                logger.error("outbox: {}", error)
                wait = _DATABASE_PAUSE
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def flush(self) -> None:
        """Send everything that is due; each output on its own, so that a slow one holds up nobody."""
        with self._database.read() as connection:
            waiting = read_waiting(connection, self._clock.now(), list(self._outputs))
        lines: dict[str, list[Waiting]] = {}
        for each in waiting:
            lines.setdefault(each.output, []).append(each)
        await asyncio.gather(*(self._send_line(name, line) for name, line in lines.items()))

    async def _send_line(self, name: str, line: list[Waiting]) -> None:
        for each in line:
            if not self._may_send(name):
                return
            if not await self._send(each):
                # the rest would fail the same way, and out of order
                return

    def _may_send(self, name: str) -> bool:
        sent = self._sent.get(name)
        if sent is None:
            return True
        if len(sent) == sent.maxlen and monotonic() - sent[0] < 60:
            return False
        sent.append(monotonic())
        return True

    async def _send(self, each: Waiting) -> bool:
        attempts = each.attempts + 1
        state, error, wait = "sent", None, 0.0
        try:
            async with asyncio.timeout(_TIMEOUT):
                await self._outputs[each.output].send(Message(each.signal, each.event))
        except DeliveryRefused as refusal:
            state, error = "refused", str(refusal)
        except DeliveryRetry as failure:
            state, error = "waiting", str(failure)
            wait = failure.retry_after or _backoff(attempts)
        except Exception as failure:
            state, error, wait = "waiting", f"{type(failure).__name__}: {failure}", _backoff(attempts)
        error = None if error is None else redacted(error)
        if error:
            logger.bind(plugin=each.output).warning("output {}: {}: {}", each.output, state, error)
        with self._database.write() as connection:
            mark(
                connection, each.id, state, attempts, self._clock.now() + round(wait * 1000 * self._clock.speed), error
            )
        self._tell(
            {
                "event": "delivery",
                "signal": each.signal,
                "output": each.output,
                "state": state,
                "attempts": attempts,
                "error": error,
            }
        )
        return state != "waiting"

    def _seconds_to_next(self) -> float:
        with self._database.read() as connection:
            due = next_due(connection, list(self._outputs))
        if due is None:
            return 3600.0
        # never a busy loop: an output may be waiting for its turn rather than for its time
        return min(3600.0, max(1.0, (due - self._clock.now()) / 1000 / (self._clock.speed or 1)))


def _backoff(attempts: int) -> float:
    first, longest = _BACKOFF
    return min(longest, first * 2.0 ** min(attempts - 1, 30)) * random.uniform(0.75, 1.25)
