"""Sends one output's messages: in order, at its pace, retried until sent or refused."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from loguru import logger
from sqlalchemy import Connection

from coinmon.clock import Clock
from coinmon.errors import CoinmonError
from coinmon.market.market import Market
from coinmon.model.events import DeliveryEvent
from coinmon.model.moment import iso
from coinmon.notify.attempt import AttemptOutcome, attempt, longest_retry_ms
from coinmon.notify.batching import Batch, next_batch
from coinmon.notify.rate_limit import free, ms_to_next, recent
from coinmon.notify.sharing import as_read_at_start, is_ahead, read_others
from coinmon.plugin.contracts import Message, Output
from coinmon.plugin.plugin_thread import PluginThread
from coinmon.repeats import Repeats
from coinmon.store.database import Database
from coinmon.store.deliveries import (
    RobotChannel,
    Waiting,
    mark,
    next_due,
    read_channel,
    read_due,
    write_channel,
)
from coinmon.store.lease import Lease, LeaseLost, LeaseTaken, give_back, take

_DATABASE_PAUSE_S = 5.0
"""Seconds after which a database that did not answer is asked again."""
_RECORD_PAUSE_S = 2.0
"""The same while the outcome of a post waits to be written down: until then it must not be posted again."""
_POLL_INTERVAL_S = 2.0
"""Seconds after which to look what others on the database wrote, and whether they still send."""
_FLUSH_TIMEOUT_S = 10.0
"""Seconds that a single flush waits for another process to send what is due."""
_MAX_DUE = 1000


class Sender:
    """Sends what waits for one output. per_minute: None for a record, which is neither paced nor gathered.

    channels: of its robot, as `channels_of` gives them. addressed: an event as this output is to get it.
    faults: of the database, which its other users notice too.

    Before a post its message is written down, and counted: whatever happens then, it goes on under the same id. A
    message that fails holds up those behind it, which would fail the same way, or overtake it. Of several processes on
    one database only one sends to an output of that name, for all of them; another goes on when it ends. Each write is
    fenced: a process that was stopped while another took over writes no more, and so posts no more.
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
        tell: Callable[[DeliveryEvent], None],
        market: Callable[[Mapping[str, Any]], Market] | None,
        addressed: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda event: event,
        faults: Repeats | None = None,
    ) -> None:
        self._addressed = addressed
        self._faults = faults or Repeats()
        self.thread = PluginThread("output", channels[0])
        self._channels, self._output, self._per_minute, self._expire = channels, output, per_minute, expire
        self._name, self._retry_ms = channels[0], longest_retry_ms(clock.speed)
        self._database, self._clock, self._wall, self._tell, self._market = database, clock, wall, tell, market
        self._channel: RobotChannel | None = None
        self._others = RobotChannel()
        self._lease = f"send-{zlib.crc32(self._name.encode()):08x}"
        self._wake = asyncio.Event()
        self._repeats = Repeats()

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Send for ever."""
        while True:
            try:
                async with self._holding() as (lease, database):
                    while True:
                        self._wake.clear()
                        await asyncio.to_thread(lease.check)
                        await self._send_due(database, lease)
                        pause = await self._seconds_to_next()
                        with suppress(TimeoutError):
                            await asyncio.wait_for(self._wake.wait(), min(_POLL_INTERVAL_S, pause))
            except LeaseTaken:
                await asyncio.sleep(_POLL_INTERVAL_S)
            except LeaseLost as error:
                # of the scan, it is lost to all senders at once
                if self._faults.is_news(error.fault):
                    logger.warning("output {}: {}", self._name, error)
                await asyncio.sleep(_POLL_INTERVAL_S)
            except CoinmonError as error:
                # a full disk may be freed, a server started again: sending goes on when the database does
                self._say(error)
                await asyncio.sleep(_DATABASE_PAUSE_S)

    async def flush(self) -> None:
        """Send what is due, as pace and robot allow, unless another process does so; who blocks is left behind."""
        for _ in range(round(_FLUSH_TIMEOUT_S / 0.2)):
            try:
                async with self._holding() as (lease, database):
                    await self._send_due(database, lease, to_the_end=False)
                    return
            except LeaseTaken:
                due = await self._due(self._clock.now())
                if due is None or due > self._clock.now():
                    return
                await asyncio.sleep(0.2)

    @asynccontextmanager
    async def _holding(self) -> AsyncIterator[tuple[Lease, Database]]:
        """The lease, and the database as it is written under it."""
        taking = asyncio.ensure_future(asyncio.to_thread(take, self._database, self._lease, self._name))
        try:
            lease = await asyncio.shield(taking)
        except asyncio.CancelledError:
            # the thread goes on: what it gets is given back, however often this one is told to end
            taking.add_done_callback(give_back)
            raise
        # another process may have sent meanwhile
        self._channel = None
        database = self._database.fenced(lease.fence)
        try:
            if is_ahead(await self._stored_channel(), self._wall()):
                # written down: the next start is not to take them for posts of its own moment again
                channel = await self._state()
                await database.written(lambda connection: write_channel(connection, self._name, channel))
            yield lease, database
        finally:
            await asyncio.to_thread(lease.free)

    async def _send_due(self, database: Database, lease: Lease, *, to_the_end: bool = True) -> None:
        while (batch := await self._next(database, lease)) is not None:
            message = Message(batch.id, self._addressed(batch.event), market=self._market_of(batch.event))
            failures = (await self._state()).failures
            outcome = await attempt(self.thread, self._output, message, batch, failures, to_the_end=to_the_end)
            await self._record(database, lease, batch, outcome)
            if not outcome.goes_on:
                return

    async def claim(self) -> bool:
        """Count a post that is about to be made; False when there is no room for it."""
        if self._per_minute is None:
            return not self.thread.blocked
        await self._state()
        return not self.thread.blocked and self._take_room(self._wall(), self._per_minute)

    def _take_room(self, now: int, per_minute: int) -> bool:
        assert self._channel is not None
        posts, paused_until = self._sent(self._channel)
        if paused_until > now or not free(posts, now, per_minute):
            return False
        self._channel = self._channel._replace(posts=(*recent(self._channel.posts, now), now))
        return True

    async def _state(self) -> RobotChannel:
        if self._channel is None:
            read = await self._stored_channel()
            if self._channel is None:
                self._channel = as_read_at_start(read, self._wall())
        return self._channel

    async def _stored_channel(self) -> RobotChannel:
        return await self._database.looked_up(lambda connection: read_channel(connection, self._name))

    def _sent(self, ours: RobotChannel) -> tuple[tuple[int, ...], int]:
        """The robot's last posts, those of others too, and until when it rests."""
        return (*ours.posts, *self._others.posts), max(ours.paused_until, self._others.paused_until)

    async def _next(self, database: Database, lease: Lease) -> Batch | None:
        channel, market, paced = await self._state(), self._clock.now(), self._per_minute is not None
        if channel.paused_until > self._wall():
            return None

        def look(connection: Connection) -> tuple[RobotChannel, list[Waiting]]:
            lease.fence(connection)
            others = read_others(connection, self._channels, self._wall()) if paced else self._others
            return others, read_due(connection, self._name, market, _MAX_DUE if paced else 1, self._retry_ms)

        self._others, due = await database.looked_up(look)
        if not due:
            return None
        if self._per_minute is None:
            return next_batch(due, len(due) + 1, 0, 0)
        wall = self._wall()
        room = free(self._sent(channel)[0], wall, self._per_minute)
        batch = next_batch(due, room, self._per_minute, market - self._expire)
        before = self._channel
        if not self._take_room(wall, self._per_minute):
            return None
        claimed = self._channel or channel

        def write(connection: Connection) -> RobotChannel | None:
            """None: written. Else what others have sent to the same robot meanwhile, so that there is no room."""
            others = read_others(connection, self._channels, wall)
            if others != self._others:
                return others
            mark(connection, [row.id for row in batch.rows], message=batch.id)
            write_channel(connection, self._name, claimed)
            return None

        if (taken := await database.written(write)) is None:
            return batch
        self._channel, self._others = before, taken
        return await self._next(database, lease)

    def _market_of(self, event: Mapping[str, Any]) -> Callable[[], Market] | None:
        return partial(self._market, event) if self._market and "pair" in event else None

    async def _record(self, database: Database, lease: Lease, batch: Batch, outcome: AttemptOutcome) -> None:
        wall, before = self._wall(), await self._state()
        error = outcome.words
        if error and (outcome.state == "refused" or self._repeats.is_news(error)):
            # refused or to be retried, it has failed; the words name the cure
            logger.bind(plugin=self._name).warning("output {}: {}: {}", self._name, outcome.state, error)
        self._channel = channel = RobotChannel(
            # when it was answered: it arrived before that
            (*before.posts[:-1], wall) if before.posts else (),
            before.paused_until if outcome.pause_s is None else wall + round(outcome.pause_s * 1000),
            before.failures + 1 if outcome.pause_s else 0,
        )
        values = {**outcome.values, "attempts": batch.rows[0].attempts + 1, "state": outcome.state, "error": error}
        if outcome.retry_s is not None:
            # later than now also where the clock stands still: else it would be due for ever
            values["next_attempt"] = self._clock.now() + max(1, round(outcome.retry_s * 1000 * self._clock.speed))

        def write(connection: Connection) -> None:
            mark(connection, [row.id for row in batch.rows], **values)
            if self._per_minute is not None or channel != before:
                write_channel(connection, self._name, channel)

        await self._persisted(database, lease, write)
        if outcome.state == "waiting" and error is None:
            return
        for row in batch.rows:
            self._tell(
                DeliveryEvent(
                    time=iso(self._clock.now()),
                    signal=row.signal,
                    message=batch.id,
                    output=self._name,
                    state=outcome.state,
                    attempts=row.attempts + 1,
                    error=error,
                )
            )

    async def _persisted(self, database: Database, lease: Lease, write: Callable[[Connection], None]) -> None:
        """Write what came of a post, however long the database does not answer: else it would be posted again."""
        while True:
            try:
                await database.written(write)
                return
            except LeaseLost:
                raise
            except CoinmonError as error:
                self._say(error)
                await asyncio.sleep(_RECORD_PAUSE_S)
                try:
                    await asyncio.to_thread(lease.check)
                except LeaseLost:
                    raise
                except CoinmonError:
                    continue

    def _say(self, error: CoinmonError) -> None:
        """What is wrong with the database, where none of those who use it has said so within the minute."""
        if self._faults.is_news(error.fault):
            logger.error("outbox: {}", error)

    async def _due(self, now: int) -> int | None:
        return await self._database.looked_up(lambda connection: next_due(connection, self._name, now, self._retry_ms))

    async def _seconds_to_next(self) -> float:
        now = self._clock.now()
        due = await self._due(now)
        if due is None:
            return 3600.0
        wall, (posts, paused_until) = self._wall(), self._sent(await self._state())
        waits = [(due - now) / 1000 / (self._clock.speed or 1), (paused_until - wall) / 1000]
        if self._per_minute is not None:
            waits.append(ms_to_next(posts, wall, self._per_minute) / 1000)
        return min(3600.0, max(0.05, *waits))
