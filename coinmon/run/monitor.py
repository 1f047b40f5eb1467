"""The scan as a running program: opened, scheduled, stopped cleanly."""

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from loguru import logger

from coinmon.allocator import leave_alone, settle_memory
from coinmon.clock import Clock
from coinmon.config.load import Config
from coinmon.errors import CoinmonError, NoDataError
from coinmon.log import end_log, start_log
from coinmon.model.events import Event, VenueEvent
from coinmon.model.moment import MINUTE
from coinmon.notify.record import RecordBook
from coinmon.record.recorder import Recorder
from coinmon.repeats import Repeats
from coinmon.report.terminal.background_stream import in_background
from coinmon.report.terminal.screen import Screen
from coinmon.run.cycle import Scan
from coinmon.run.parts.made_past import bring_past, tell_past
from coinmon.run.records import renew
from coinmon.run.schedule import STOP_TIMEOUT_S, Schedule, stop_on_signals
from coinmon.store.database import Database, open_database
from coinmon.store.file_identity import DatabaseGone
from coinmon.store.lease import Lease, LeaseLost, take
from coinmon.store.retention import forget, forget_told

_DERIVATIVES_INTERVAL_MS = 5 * MINUTE
_FORGET_INTERVAL_MS = 60 * MINUTE
_RECORDS_INTERVAL_MS = 60 * MINUTE
"""How often it is looked whether a day has begun of which there is no scorecard."""
_RECORDS_REST_TIMES = 3.0
"""Seconds that making one rests for each that it worked: a quarter of one core."""
_LEASE_CHECK_S = 2.0
_SILENT_S = 15.0
"""Seconds without an answer of the database after which it is said: a server that hangs refuses nothing."""
_RESTART_WAIT_S = 2.0
"""Seconds that a new scanner waits for one that was just killed."""


def clock_of(config: Config) -> Clock:
    """The wall clock, or the emulator's."""
    return Clock(config.clock.at_ms, config.clock.wall_ms, config.clock.speed) if config.clock else Clock()


async def monitor(config: Config, screen: Screen, *, once: bool, record_to: Path | None = None) -> None:
    """Scan once, or until Ctrl-C or SIGTERM, which raise KeyboardInterrupt after a clean stop.

    record_to: a folder for a recording of what the venues say.

    Raises NoDataError when the one scan got nothing from anybody, and BrokenPipeError when nobody reads what it says.
    """
    settle_memory()
    stop = stop_on_signals()
    loop = asyncio.get_running_loop()

    def nobody_reads() -> None:
        if not once:
            # lines are written by any thread, the last ones after the loop
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(stop.set)

    clock = clock_of(config)
    start_log(config, clock, screen.log or (None if once else in_background(sys.stderr)))
    database = open_database(config.db)
    try:
        async with AsyncExitStack() as stack:
            lease = stack.enter_context(alone(database, config))
            await stack.enter_async_context(screen.shown(clock, nobody_reads))
            database = database.fenced(lease.fence)
            if config.demo_past:
                await unless_stopped(bring_past(config, clock, database, once=once), stop)
            statuses: dict[str, VenueEvent] = {}

            def tell(event: Event) -> None:
                if isinstance(event, VenueEvent):
                    statuses[event.venue] = event
                screen.take(event)

            recorder = recorder_for(config, clock, record_to) if record_to else None
            scan = Scan(config, clock, database, tell, screen.progress, goes_on=not once, recorder=recorder)
            try:
                if recorder:
                    scan.supervisor.start("recording", recorder.keep_writing)
                if once:
                    await _once(_one_cycle(config, scan, database, clock), statuses, stop)
                else:
                    await keep_scanning(config, clock, scan, database, stop, lease)
                    raise KeyboardInterrupt
            finally:
                await scan.close()
    finally:
        database.close()
        end_log()


def recorder_for(config: Config, clock: Clock, folder: Path) -> Recorder:
    """Raises ConfigError for a folder that cannot take a recording."""
    return Recorder(folder, clock, {name: chosen.offer.plugin for name, chosen in config.exchanges.items()})


@contextmanager
def alone(database: Database, config: Config) -> Iterator[Lease]:
    """One scanner for each shard of a database: two would send each message twice."""
    lease = take_scan(database, config)
    try:
        yield lease
    finally:
        lease.free()


def take_scan(database: Database, config: Config) -> Lease:
    """The lease of `alone`, to be given back with `free`. It may wait: call it in a thread."""
    return take(
        database,
        f"scan-{config.shard.number}-of-{config.shard.of}",
        f"another coinmon scans shard {config.shard} into {database.name}: stop that one, take another shard "
        "(--shard I/N) or another database (--db)",
        patience=_RESTART_WAIT_S,
    )


async def answered(ask: Callable[[], None], name: str, repeats: Repeats) -> None:
    """Ask the database in a thread, however long it takes; each minute in which it says nothing is a line of the log.

    A connection that hangs raises nothing: scan and senders would wait without a word.
    """
    asking = asyncio.create_task(asyncio.to_thread(ask))
    began = time.monotonic()
    try:
        while not (await asyncio.wait({asking}, timeout=_SILENT_S))[0]:
            if repeats.is_news(f"{name} is silent"):
                silent = time.monotonic() - began
                text = "db: {}: no answer for {:.0f} s; nothing is stored or sent until there is one"
                logger.error(text, name, silent)
        await asking
    finally:
        # who is stopped meanwhile leaves nothing behind that fails later, unheard
        asking.cancel()


async def unless_stopped(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    """Await it; asked to stop meanwhile, it is cancelled, and KeyboardInterrupt raised."""
    working = asyncio.create_task(work)
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
        was_at_work = working.cancel()
        await asyncio.wait({working})
    if was_at_work:
        raise KeyboardInterrupt
    await working


async def _once(cycle: Coroutine[Any, Any, None], statuses: dict[str, VenueEvent], stop: asyncio.Event) -> None:
    await unless_stopped(cycle, stop)
    if statuses and all(status.status in ("down", "blocked") for status in statuses.values()):
        raise NoDataError("\n".join(f"{name}: {status.error}" for name, status in statuses.items()))


async def _one_cycle(config: Config, scan: Scan, database: Database, clock: Clock) -> None:
    await asyncio.gather(scan.sample_derivatives(), scan.sample_books())
    await scan.cycle()
    await scan.outbox.flush()
    await renewed_records(config, scan, database, clock)


async def renewed_records(
    config: Config,
    scan: Scan,
    database: Database,
    clock: Clock,
    rest: Callable[[float], None] = lambda _worked: None,
) -> None:
    """Make the day's scorecard unless it is there; alerts quote it from then on. Called away from what sends them.

    A demo keeps that of its start: the weeks that it judges are not stored.
    """
    if config.demo_past:
        return
    try:
        await asyncio.to_thread(renew, config, database, clock.now(), rest)
        scan.signal_writer.records = await asyncio.to_thread(RecordBook.stored, database)
    except LeaseLost:
        raise
    except CoinmonError as error:
        # alerts go on with the records of before
        if scan.supervisor.repeats.is_news(error.fault):
            logger.warning("scorecard: {}", error)


async def keep_scanning(
    config: Config,
    clock: Clock,
    scan: Scan,
    database: Database,
    stop: asyncio.Event,
    lease: Lease,
    stop_timeout_s: float = STOP_TIMEOUT_S,
) -> None:
    """Everything that a running monitor does, each in its time, until `stop` is set and what runs has had time to end.

    Raises LeaseLost when another process scans in its place, and DatabaseGone when the database's file was deleted.
    """
    fatal: list[CoinmonError] = []

    async def keep_lease() -> None:
        while True:
            try:
                await answered(lease.check, database.name, scan.supervisor.repeats)
                await asyncio.to_thread(database.check_file)
            except (LeaseLost, DatabaseGone) as error:
                fatal.append(error)
                stop.set()
                # it has not died: it is cancelled with all others
                await asyncio.get_running_loop().create_future()
            except CoinmonError:
                # it does not answer: what wants to write says so
                pass
            await asyncio.sleep(_LEASE_CHECK_S)

    compacted = 0

    async def forget_old() -> None:
        nonlocal compacted
        days = config.retention_days, config.levels_days
        samples = config.samples_days
        compacted = await asyncio.to_thread(forget, database, clock.now(), *days, compacted, samples_days=samples)
        await asyncio.to_thread(forget_told, database, clock.now(), config.deliveries_days)

    async def renew_records() -> None:
        await renewed_records(config, scan, database, clock, lambda worked: time.sleep(_RECORDS_REST_TIMES * worked))

    cycled = False

    async def cycle() -> None:
        nonlocal cycled
        await scan.cycle()
        if not cycled:
            cycled = True
            await asyncio.to_thread(leave_alone)

    schedule = Schedule(clock, scan.supervisor)
    schedule.every(config.interval, cycle, "scan", config.settle, at_once=True)
    schedule.every(_DERIVATIVES_INTERVAL_MS, scan.sample_derivatives, "open interest and funding", 10_000, at_once=True)
    schedule.every(config.books.interval, scan.sample_books, "order books", at_once=True)
    schedule.every(_FORGET_INTERVAL_MS, forget_old, "retention")
    schedule.every(_RECORDS_INTERVAL_MS, renew_records, "scorecard", at_once=True)
    if config.demo_past:
        scan.supervisor.once("alerts of before", tell_past(config, clock, database))
    scan.supervisor.start("lease of the scan", keep_lease)
    scan.supervisor.start("clock", schedule.watch_clock)
    scan.outbox.start()
    try:
        await schedule.run(stop, stop_timeout_s)
    finally:
        await scan.supervisor.close()
    if fatal:
        raise fatal[0]
