"""The jobs of a running monitor: what they complain of, and what stops them."""

import asyncio
import signal
import subprocess
import sys
import time
from datetime import datetime

import pytest
from loguru import logger

from coinmon.clock import Clock
from coinmon.errors import NoDataError
from coinmon.run.schedule import Schedule, stop_on_signals


@pytest.fixture
def logged():
    lines = []
    sink = logger.add(lambda line: lines.append(line.record["message"]), level="WARNING")
    yield lines
    logger.remove(sink)


def test_what_keeps_every_job_from_working_is_told_once_and_in_one_line(logged):
    async def run():
        schedule, stop, runs = Schedule(Clock()), asyncio.Event(), []

        async def job():
            runs.append(1)
            if len(runs) == 3:
                stop.set()
            raise NoDataError("nobody answers\nbinance: no network\nokx: no network")

        for name in ("scan", "order books", "funding"):
            schedule.every(60_000, job, name, at_once=True)
        await asyncio.wait_for(schedule.run(stop), 5)

    asyncio.run(run())
    assert logged == ["nobody answers; binance: no network; okx: no network"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_asks_to_stop(number):
    async def run():
        stop = stop_on_signals()
        signal.raise_signal(number)
        await asyncio.wait_for(stop.wait(), 5)

    # who started these tests may have had hangups ignored (nohup), which is then kept
    before = signal.signal(number, signal.default_int_handler)
    try:
        asyncio.run(run())
    finally:
        signal.signal(number, before)


def test_a_third_ctrl_c_does_not_wait_for_code_that_never_returns():
    program = """
import asyncio, signal, time
from coinmon.run.schedule import stop_on_signals

async def run():
    stop_on_signals()
    work = asyncio.to_thread(time.sleep, 60)
    asyncio.get_running_loop().call_later(0.1, lambda: print("begun", flush=True))
    await work

asyncio.run(run())
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        began = time.monotonic()
        while process.poll() is None and time.monotonic() < began + 10:
            process.send_signal(signal.SIGINT)
            time.sleep(0.1)
        assert (process.returncode, process.stderr.read()) == (130, b"")


def test_a_signal_that_is_ignored_stays_ignored():
    async def run():
        stop = stop_on_signals()
        signal.raise_signal(signal.SIGHUP)
        await asyncio.sleep(0.05)
        assert not stop.is_set()

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        asyncio.run(run())
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("step", [-3 * 3600, 3 * 3600])
def test_a_clock_that_is_set_stops_no_job_and_is_said_once(logged, monkeypatch, step):
    """The wall clock jumps, the steady one goes on: the job runs at the boundaries of the clock as it is now."""
    real, shift = time.time, [0.0]
    monkeypatch.setattr("time.time", lambda: real() + shift[0])
    monkeypatch.setattr("coinmon.run.schedule._CLOCK_LOOK_S", 0.02)

    class Shifted(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromtimestamp(time.time(), tz)

    monkeypatch.setattr("coinmon.run.schedule.datetime", Shifted)
    for module in ("apscheduler.schedulers.base", "apscheduler.executors.base"):
        monkeypatch.setattr(f"{module}.datetime", Shifted)

    async def run():
        schedule, stop, runs = Schedule(Clock()), asyncio.Event(), []

        async def job():
            runs.append(time.monotonic())
            if len(runs) == 2:
                shift[0] = step
            if len(runs) == 5:
                stop.set()

        schedule.every(200, job, "scan", at_once=True)
        watching = asyncio.create_task(schedule.watch_clock())
        await asyncio.wait_for(schedule.run(stop), 10)
        watching.cancel()

    asyncio.run(run())
    assert len([line for line in logged if "this machine's clock went" in line]) == 1


def test_a_running_cycle_gets_so_long_to_end_and_no_longer():

    async def run():
        schedule, stop, begun = Schedule(Clock()), asyncio.Event(), asyncio.Event()

        async def job():
            begun.set()
            await asyncio.Event().wait()

        schedule.every(60_000, job, "scan", at_once=True)
        running = asyncio.create_task(schedule.run(stop, 0.1))
        await begun.wait()
        stop.set()
        await asyncio.wait_for(running, 2)

    asyncio.run(run())
