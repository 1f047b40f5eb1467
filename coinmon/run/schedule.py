"""When things happen: jobs on one asyncio loop, aligned to the market's minutes."""

import asyncio
import logging
import os
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from loguru import logger

from coinmon.clock import Clock
from coinmon.errors import CoinmonError, our_stop
from coinmon.supervise import Supervisor

_CLOCK_LOOK_S = 1.0
_CLOCK_STEP_S = 2.0
"""Seconds by which the wall clock and one that nobody sets have to differ: less is NTP's slewing, or a busy machine."""
STOP_TIMEOUT_S = 20.0
"""Seconds that a running cycle gets to end when we are asked to stop."""

Job = Callable[[], Awaitable[None]]


class Aligned(BaseTrigger):  # type: ignore[misc]
    """Fires `settle` ms of market time after each multiple of `interval`, whatever the clock's speed."""

    def __init__(self, clock: Clock, interval: int, settle: int) -> None:
        self._clock = clock
        self._interval = interval
        self._settle = settle

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        at = self._clock.now()
        if previous:
            passed = round(self._clock.at + (previous.timestamp() * 1000 - self._clock.wall) * self._clock.speed)
            # a run that lies further ahead is from before the clock was set back
            at = max(at, passed) if passed - at < self._interval else at
        due = (at - self._settle) // self._interval * self._interval + self._interval + self._settle
        wall = self._clock.wall_time(due)
        return None if wall == float("inf") else datetime.fromtimestamp(wall, UTC)


class Schedule:
    """Runs jobs until stopped: never two runs of one job at once, a missed one is run once."""

    def __init__(self, clock: Clock, supervisor: Supervisor | None = None) -> None:
        self._clock = clock
        self._supervisor = supervisor or Supervisor()
        # its own log lines speak of triggers and instances: the listener says it in the monitor's words
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._scheduler.add_listener(self._skipped, EVENT_JOB_MAX_INSTANCES | EVENT_JOB_MISSED)
        self._running: set[asyncio.Task[Any]] = set()
        self._complaints: dict[str, str] = {}
        self._repeats = self._supervisor.repeats
        self._left_out: Counter[str] = Counter()

    def _skipped(self, event: Any) -> None:
        job = self._scheduler.get_job(event.job_id)
        name = job.name if job else "a job"
        self._left_out[name] += 1
        self._complain(name, f"{name} is late: one run is left out, the next brings what it would have", "WARNING")

    def _complain(self, name: str, text: str, level: str, fault: str = "") -> None:
        """Say what is wrong with a job when that is news: not each time, nor of each job that it keeps from working."""
        fault = fault or text
        known = fault in self._complaints.values()
        news = not known and self._repeats.is_news(fault)
        if known or news:
            self._complaints[name] = fault
        if news:
            logger.log(level, text)

    def every(self, interval: int, job: Job, name: str, settle: int = 0, *, at_once: bool = False) -> None:
        """Run `job` each `interval` ms of market time, `settle` ms after the boundary; `at_once` also right away."""

        async def guarded() -> None:
            task = asyncio.current_task()
            assert task is not None
            self._running.add(task)
            left_out = self._left_out[name]
            record = self._supervisor.record(name)
            try:
                await job()
                record.alive = True
                if self._left_out[name] == left_out and self._complaints.pop(name, ""):
                    logger.info("{} is in order again", name)
            except CoinmonError as error:
                self._complain(name, "; ".join(str(error).splitlines()), "ERROR", error.fault)
            except BaseException as error:
                if our_stop(error):
                    raise
                # a bug of ours must not end a monitor that has run for weeks
                record.died(error, "it runs again when it is next due", traced=True)
            finally:
                self._running.discard(task)

        self._scheduler.add_job(
            guarded,
            Aligned(self._clock, interval, settle),
            name=name,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=max(1, round(interval / 1000)),
            **({"next_run_time": datetime.now(UTC) - timedelta(milliseconds=1)} if at_once else {}),
        )

    async def watch_clock(self) -> None:
        """For ever: when the machine's clock is set, or it was suspended, every job gets its next boundary anew.

        A wait is begun by the clock of the wall as it was: set back by three hours it would last three hours more.
        """
        wall, steady = time.time(), time.monotonic()
        while True:
            await asyncio.sleep(_CLOCK_LOOK_S)
            step = (time.time() - wall) - (time.monotonic() - steady)
            wall, steady = time.time(), time.monotonic()
            if abs(step) < _CLOCK_STEP_S:
                continue
            logger.warning(
                "this machine's clock went {} by {:.0f} s (it was set, or the machine slept): minutes go on from there",
                "forward" if step > 0 else "back",
                abs(step),
            )
            now = datetime.now(UTC)
            for job in self._scheduler.get_jobs():
                job.modify(next_run_time=now if step > 0 else job.trigger.get_next_fire_time(None, now))
            self._scheduler.wakeup()

    async def run(self, stop: asyncio.Event, stop_timeout_s: float = STOP_TIMEOUT_S) -> None:
        """Run jobs until `stop` is set; then none begins, and those under way get `stop_timeout_s` seconds to end."""
        self._scheduler.start()
        try:
            await stop.wait()
        finally:
            # paused first: APScheduler's own shutdown would cancel what is running
            self._scheduler.pause()
            if self._running:
                await asyncio.wait(set(self._running), timeout=stop_timeout_s)
            self._scheduler.shutdown(wait=False)


def stop_on_signals() -> asyncio.Event:
    """An event that Ctrl-C, SIGTERM and a closed terminal set.

    A second one interrupts what is under way, a third one does not even wait for a plugin's code to return.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask() -> None:
        if stop.is_set():
            for each in numbers:
                loop.remove_signal_handler(each)
                signal.signal(each, lambda *_: os._exit(130))
            raise KeyboardInterrupt
        stop.set()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
        numbers.append(signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, ask)
    return stop
