"""A scan against an emulator, both in this process and on one clock that the test moves; and the command line."""

import asyncio
import os
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import orjson
import pytest

from coinmon.clock import Clock as MarketClock
from coinmon.config.load import load_config
from coinmon.log import end_log, start_log
from coinmon.model.events import as_json
from coinmon.model.moment import MINUTE
from coinmon.run.cycle import Scan
from coinmon.store.database import open_database
from coinmon.store.history import History
from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.scenario.scenario import Scenario
from coinmon_emulator.server.server import running
from tests.forked import Forked, run_forked

VENUES = ("binance", "okx", "bybit", "coinbase")
REAL = Path(__file__).parents[3] / "shared" / "real" / "binance"


class Hand(MarketClock):
    """Market time stands still until the test moves it."""

    __slots__ = ("_moment",)

    def __init__(self, at):
        super().__init__(at, 0.0, 1.0)
        object.__setattr__(self, "_moment", at)

    def now(self):
        return self._moment

    def move(self, minutes):
        object.__setattr__(self, "_moment", self._moment + round(minutes * MINUTE))


class Watched:
    """A scan, what it told and logged, and the emulator it reads."""

    def __init__(self, emulator, hand, folder, settings, once):
        self.emulator, self.hand = emulator, hand
        self.events, self.log = [], []
        path = folder / "emulated.yaml"
        path.write_text(emulator.config_yaml(f"sqlite:///{folder / 'coinmon.db'}"))
        # streams follow the clock of the wall, which stands still for a hand-moved market
        settings = {f"exchanges.{name}.feed": "poll" for name in VENUES} | settings
        self.config = load_config(path, overrides=settings, environ={}, cwd=folder)
        self.database = open_database(self.config.db)
        self.scan = Scan(
            self.config, hand, self.database, lambda event: self.events.append(as_json(event)), goes_on=not once
        )
        start_log(self.config, hand, lambda line: self.log.append(str(line).rstrip("\n")))

    async def cycle(self, minutes=1):
        """Let market time pass and scan; the events of that cycle."""
        before = len(self.events)
        self.hand.move(minutes)
        await self.scan.cycle()
        await self.scan.outbox.flush()
        # what is told at once is sent beside the cycle
        await asyncio.gather(*self.scan._sending)
        return self.events[before:]

    def told(self, *kinds):
        return [event for event in self.events if event["event"] in kinds]

    @property
    def history(self):
        return History(self.database)

    async def control(self, what, **query):
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(f"{self.emulator.url}/emulator/{what}", params=query)).json()

    async def break_(self, spec):
        """Put other faults in force, from now on."""
        async with httpx.AsyncClient(trust_env=False) as client:
            (await client.post(f"{self.emulator.url}/emulator/faults", json={"spec": spec})).raise_for_status()


@pytest.fixture
def watching(tmp_path):
    """Opens a Watched: `async with watching(Scenario("default", 1), faults="okx:503") as watched`."""

    @asynccontextmanager
    async def opened(market=None, *, faults="", at=None, once=False, **settings):
        market = market or Scenario("default", 1)
        hand = Hand(market.opens_at if at is None else at)
        clock = EmulatedClock(hand.now(), 1.0, 0.0, lambda: (hand.now() - clock.at_ms) / 1000)
        async with running(market, clock=clock, faults=faults) as emulator:
            dotted = {key.replace("__", "."): value for key, value in settings.items()}
            watched = Watched(emulator, hand, tmp_path, dotted, once)
            try:
                yield watched
            finally:
                await watched.scan.close()
                watched.database.close()
                # else tests after it would read its language
                end_log()

    return opened


@pytest.fixture(scope="session")
def tapes():
    if not REAL.is_dir():
        pytest.skip("the recorded market data (../shared/real) is not on this machine")
    return REAL


ENVIRONMENT = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "TMPDIR", "LANG")}


@pytest.fixture
def coinmon(tmp_path):
    """Run the command line in a folder of its own: the finished process, its output as text."""

    def run(*arguments, code=0, **rest):
        done = run_forked(
            [sys.executable, "-m", "coinmon", *map(str, arguments)],
            cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, **rest,
        )  # fmt: skip
        assert done.returncode == code, (done.returncode, done.stdout[-2000:], done.stderr[-2000:])
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


@pytest.fixture
def started(tmp_path):
    """Start the command line and let it run; what still runs at the end of the test is killed."""
    processes = []

    def start(*arguments, **rest):
        given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | rest
        process = Forked(
            [sys.executable, "-m", "coinmon", *map(str, arguments)], cwd=tmp_path, env=ENVIRONMENT, **given
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


def json_lines(text):
    return [orjson.loads(line) for line in text.splitlines()]
