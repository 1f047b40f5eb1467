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
from coinmon.model.moment import iso
from coinmon.notify.events import Event
from coinmon.secrets import redacted
from coinmon.store.database import Database
from coinmon.store.outbox import Waiting, mark, next_due, postpone, read_waiting

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
        self._failures = dict.fromkeys(outputs, 0)
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
            now = self._clock.now()
            lines = {name: read_waiting(connection, now, name) for name in self._outputs}
        await asyncio.gather(*(self._send_line(name, line) for name, line in lines.items()))

    async def _send_line(self, name: str, line: list[Waiting]) -> None:
        for each in line:
            if not self._may_send(name):
                return
            if not await self._send(each):
                # the rest would fail the same way
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
            wait = failure.retry_after or 0.0
        except Exception as failure:
            state, error = "waiting", f"{type(failure).__name__}: {failure}"
        # a robot that is down is asked less and less often, however many messages wait for it
        self._failures[each.output] = self._failures[each.output] + 1 if state == "waiting" else 0
        failures = self._failures[each.output]
        again, rest = wait or _backoff(max(attempts, failures)), wait or _backoff(failures)
        error = None if error is None else redacted(error)
        if error:
            logger.bind(plugin=each.output).warning("output {}: {}: {}", each.output, state, error)
        with self._database.write() as connection:
            mark(connection, each.id, state, attempts, self._after(again), error)
            if state == "waiting":
                postpone(connection, each.output, self._after(rest))
        self._tell(
            {
                "event": "delivery",
                "time": iso(self._clock.now()),
                "signal": each.signal,
                "output": each.output,
                "state": state,
                "attempts": attempts,
                "error": error,
            }
        )
        return state != "waiting"

    def _after(self, seconds: float) -> int:
        """The market time so many real seconds from now."""
        return self._clock.now() + round(seconds * 1000 * self._clock.speed)

    def _seconds_to_next(self) -> float:
        with self._database.read() as connection:
            due = next_due(connection, list(self._outputs))
        if due is None:
            return 3600.0
        # never a busy loop: an output may be waiting for its turn rather than for its time
        return min(3600.0, max(1.0, (due - self._clock.now()) / 1000 / (self._clock.speed or 1)))


def _backoff(failures: int) -> float:
    first, longest = _BACKOFF
    return min(longest, first * 2.0 ** min(failures - 1, 30)) * random.uniform(0.75, 1.25)
