"""One output's line: its messages in order, at its pace, retried until sent or refused."""

import asyncio
import random
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from loguru import logger

from coinmon.clock import Clock
from coinmon.errors import (
    PLUGIN_FAILURES,
    CoinmonError,
    DeliveryRefused,
    DeliveryRetry,
    DeliverySplit,
    DeliveryThrottled,
)
from coinmon.market.market import Market
from coinmon.model.moment import iso
from coinmon.notify.batching import Batch, next_batch
from coinmon.notify.events import Event
from coinmon.notify.rate_limit import free, ms_to_next, recent
from coinmon.notify.sharing import read_others
from coinmon.plugin.contracts import Message, Output
from coinmon.secrets import redacted
from coinmon.store.database import Database
from coinmon.store.deliveries import RobotChannel, mark, next_due, read_channel, read_due, write_channel
from coinmon.store.lease import LeaseTaken, leased

_TIMEOUT = 60.0
"""Seconds for one post; outputs have shorter ones of their own."""
_DATABASE_PAUSE_S = 30.0
_POLL_INTERVAL_S = 2.0
"""Seconds after which to look for what other processes on the database wrote, and whether they still send."""
_FLUSH_TIMEOUT_S = 10.0
"""Seconds that a single flush waits for another process to send what is due."""
_BACKOFF_S = (2.0, 600.0)
"""Seconds: the first wait, doubled each time, and the longest."""
_MOST_SPLITS = 8


class Sender:
    """Sends what waits for one output. per_minute: None for a record, which is neither paced nor gathered.

    channels: of its robot, as `channels_of` gives them.

    Before a post its message is written down, and counted: whatever happens then, it goes on under the same id. A
    message that fails holds up those behind it, which would fail the same way, or overtake it. Of several processes on
    one database only one sends to an output of that name, for all of them; another goes on when it ends.
    """

    def __init__(
        self,
        channels: Sequence[str],
        output: Output,
        per_minute: int | None,
        expire: int,
        database: Database,
        clock: Clock,
        wall: Callable[[], int],
        tell: Callable[[Event], None],
        market: Callable[[Event], Market] | None,
    ) -> None:
        self._channels, self._output, self._per_minute, self._expire = channels, output, per_minute, expire
        self._name = name = channels[0]
        self._database, self._clock, self._wall, self._tell, self._market = database, clock, wall, tell, market
        self._channel: RobotChannel | None = None
        self._others = RobotChannel()
        self._lease = f"send-{zlib.crc32(name.encode()):08x}"
        self._wake = asyncio.Event()

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Send for ever."""
        while True:
            try:
                with leased(self._database, self._lease, self._name) as held:
                    # another process may have sent meanwhile
                    self._channel = None
                    while True:
                        self._wake.clear()
                        held()
                        await self._send_due()
                        await self._pause(min(_POLL_INTERVAL_S, self._seconds_to_next()))
            except LeaseTaken:
                await asyncio.sleep(_POLL_INTERVAL_S)
            except CoinmonError as error:
                # a full disk may be freed: sending goes on when the database does
                logger.error("outbox: {}", error)
                await self._pause(_DATABASE_PAUSE_S)

    async def flush(self) -> None:
        """Send what is due, as far as the pace and the robot allow, unless another process does so."""
        for _ in range(round(_FLUSH_TIMEOUT_S / 0.2)):
            try:
                with leased(self._database, self._lease, self._name):
                    await self._send_due()
                    return
            except LeaseTaken:
                with self._database.read() as connection:
                    due = next_due(connection, self._name)
                if due is None or due > self._clock.now():
                    return
                await asyncio.sleep(0.2)

    async def _pause(self, seconds: float) -> None:
        """Until woken, or for so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _send_due(self) -> None:
        while (batch := self._next()) is not None:
            if not await self._send(batch):
                return

    def claim(self, now: int) -> bool:
        """Count a post that is about to be made; False when there is no room for it."""
        channel = self._state()
        if self._per_minute is None:
            return True
        posts, paused_until = self._sent()
        if paused_until > now or not free(posts, now, self._per_minute):
            return False
        self._channel = channel._replace(posts=(*recent(channel.posts, now), now))
        return True

    def _state(self) -> RobotChannel:
        if self._channel is None:
            with self._database.read() as connection:
                channel = read_channel(connection, self._name)
            # a post that was under way when we were stopped may have arrived as late as now
            posts = (*channel.posts[:-1], self._wall()) if channel.posts else ()
            self._channel = channel._replace(posts=posts)
        return self._channel

    def _sent(self) -> tuple[tuple[int, ...], int]:
        """The robot's last posts, those of others too, and until when it rests."""
        ours, others = self._state(), self._others
        return (*ours.posts, *others.posts), max(ours.paused_until, others.paused_until)

    def _next(self) -> Batch | None:
        wall, market = self._wall(), self._clock.now()
        if self._state().paused_until > wall:
            return None
        with self._database.read() as connection:
            if self._per_minute is not None:
                self._others = read_others(connection, self._channels)
            due = read_due(connection, self._name, market, 1 if self._per_minute is None else 1000)
        if not due:
            return None
        if self._per_minute is None:
            return next_batch(due, len(due) + 1, 0, 0)
        room = free(self._sent()[0], wall, self._per_minute)
        batch = next_batch(due, room, self._per_minute, market - self._expire)
        if not self.claim(wall):
            return None
        with self._database.write() as connection:
            mark(connection, [row.id for row in batch.rows], message=batch.id)
            write_channel(connection, self._name, self._state())
        return batch

    async def _send(self, batch: Batch) -> bool:
        """Send the next part of a message; whether the line may go on."""
        state, error, pause = "sent", None, None
        attempts = batch.rows[0].attempts + 1
        values: dict[str, Any] = {"attempts": attempts}
        failures = self._state().failures
        parts: int | None = None
        try:
            async with asyncio.timeout(_TIMEOUT):
                count = getattr(self._output, "parts", None)
                message = Message(batch.id, batch.event, market=self._market_of(batch.event))
                parts = count(message) if count else None
                await self._output.send(message if parts is None else replace(message, part=batch.part))
        except DeliveryRefused as refusal:
            state, error = "refused", str(refusal)
        except DeliveryThrottled as failure:
            # it was not taken: what waits meanwhile may join it
            state, error, pause = "waiting", str(failure), failure.retry_after or 60.0
            values |= {"message": None} if batch.part == 0 else {}
        except DeliverySplit as failure:
            state, error, pause = "waiting" if attempts < _MOST_SPLITS else "refused", str(failure), 0.0
            values |= {"part": 0}
        except DeliveryRetry as failure:
            state, error, pause = "waiting", str(failure), failure.retry_after or _backoff(failures)
        except TimeoutError:
            state, error, pause = "waiting", f"no end after {_TIMEOUT:.0f} s", _backoff(failures)
        except PLUGIN_FAILURES as failure:
            # the output cannot make a message of it: that is not a reason to hold up the others
            state, error = "waiting", f"{type(failure).__name__}: {failure}"
            # later than now also where the clock stands still: else it would be due for ever
            later = self._clock.now() + max(1, round(_backoff(attempts - 1) * 1000 * self._clock.speed))
            values |= {"message": None, "next_attempt": later}
        if state == "sent" and parts is not None and batch.part + 1 < parts:
            state, values = "waiting", {"part": batch.part + 1}
        self._record(batch, state, error and redacted(error), values, pause)
        return pause is None or (pause == 0.0 and state == "waiting")

    def _market_of(self, event: Event) -> Callable[[], Market] | None:
        return partial(self._market, event) if self._market and "pair" in event else None

    def _record(self, batch: Batch, state: str, error: str | None, values: dict[str, Any], pause: float | None) -> None:
        wall, channel = self._wall(), self._state()
        if error:
            # refused or to be retried, it has failed; the words name the cure
            logger.bind(plugin=self._name).warning("output {}: {}: {}", self._name, state, error)
        self._channel = RobotChannel(
            # when it was answered: it arrived before that
            (*channel.posts[:-1], wall) if channel.posts else (),
            channel.paused_until if pause is None else wall + round(pause * 1000),
            channel.failures + 1 if pause else 0,
        )
        with self._database.write() as connection:
            mark(connection, [row.id for row in batch.rows], state=state, error=error, **values)
            if self._per_minute is not None or self._channel != channel:
                write_channel(connection, self._name, self._channel)
        if state == "waiting" and error is None:
            return
        for row in batch.rows:
            self._tell(
                {
                    "event": "delivery",
                    "time": iso(self._clock.now()),
                    "signal": row.signal,
                    "message": batch.id,
                    "output": self._name,
                    "state": state,
                    "attempts": row.attempts + 1,
                    "error": error,
                }
            )

    def _seconds_to_next(self) -> float:
        with self._database.read() as connection:
            due = next_due(connection, self._name)
        if due is None:
            return 3600.0
        wall, (posts, paused_until) = self._wall(), self._sent()
        waits = [(due - self._clock.now()) / 1000 / (self._clock.speed or 1), (paused_until - wall) / 1000]
        if self._per_minute is not None:
            waits.append(ms_to_next(posts, wall, self._per_minute) / 1000)
        return min(3600.0, max(0.05, *waits))


def _backoff(failures: int) -> float:
    first, longest = _BACKOFF_S
    return min(longest, first * 2.0 ** min(failures, 30)) * random.uniform(0.75, 1.25)
