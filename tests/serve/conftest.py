"""A server as its users start it, scanning the emulator; and a stored market with an indicator of somebody else's."""

import asyncio
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from coinmon.clock import Clock as CoinmonClock
from coinmon.collect.once import collect_once
from coinmon.config.load import load_config
from coinmon.model.moment import MINUTE, floor
from coinmon.run.reader import MarketReader
from coinmon.store.bars import read_bars, write_bars
from coinmon.store.database import Database, open_database
from coinmon.store.instruments import read_instruments
from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.scenario.scenario import STARTS_AT, Scenario
from coinmon_emulator.server.server import running
from tests.forked import Forked

pytest.importorskip("mcp", reason="the serve extra is not installed")

COINMON = [sys.executable, "-m", "coinmon", "--lang", "en"]


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The configuration that points at an emulator whose market stands still: it lives as long as the worker."""
    path = tmp_path_factory.mktemp("serve") / "coinmon.yaml"
    command = [*COINMON, "emulate", "--port", "0", "--speed", "0", "--write-config", str(path)]
    with Forked(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as emulator:
        while not path.exists():
            assert emulator.poll() is None
            time.sleep(0.02)
        yield path
        emulator.terminate()


@pytest.fixture(scope="session")
def address(config: Path) -> Iterator[str]:
    """The address of a running `coinmon serve`, after its first scan."""
    log = config.with_name("serve.log")
    command = [*COINMON, "--config", str(config), "serve", "--port", "0"]
    # into a file: a server whose log nobody reads stands still when the pipe is full
    with log.open("w") as stderr, Forked(command, cwd=config.parent, stderr=stderr) as server:
        while "scan finished" not in (told := log.read_text()):
            assert server.poll() is None, told
            time.sleep(0.05)
        found = re.search(r"http://[\d.]+:\d+", told)
        assert found
        yield found[0]
        server.terminate()


NOW = STARTS_AT

COUNTING = '''"""How often it was asked."""

from typing import Annotated, Any

from pydantic import Field

from coinmon import Result, SeenReport, View, hookimpl, moment

ASKED = []


class Counting(Result):
    """The figures."""

    step: int = Field(description="as asked for")


def counting(view: View, *, step: Annotated[int, Field(gt=0, le=9, description="how far")] = 3) -> Counting:
    """Counts how often it is computed."""
    ASKED.append(view.now)
    return Counting(
        as_of=moment(view.now), coverage=SeenReport.of(view.seen(view.bars(5))), convention="none", step=step
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("counting", counting)
'''


def collect(folder: Path) -> None:
    (folder / "plugins").mkdir()
    (folder / "plugins" / "counts.py").write_text(COUNTING, "utf-8")

    async def collected() -> None:
        async with running(Scenario("default", seed=1), clock=EmulatedClock(STARTS_AT, 0), port=0) as emulator:
            path = folder / "config.yaml"
            text = emulator.config_yaml(db=f"sqlite:///{folder}/stored.db")
            path.write_text(f"{text}\nplugins: {{dir: plugins}}\n", "utf-8")
            config = load_config(path, environ={}, cwd=folder)
            database = open_database(config.db)
            await collect_once(config, CoinmonClock(NOW, 0, 0), database, "BTCUSDT")
            database.close()

    asyncio.run(collected())


@pytest.fixture(scope="session")
def collected(
    tmp_path_factory: pytest.TempPathFactory, built_once: Callable[[str, Callable[[Path], None]], Path]
) -> Path:
    """A folder with the demo's market, collected once, and a configuration whose plugins have `counting`."""
    built, folder = built_once("collected", collect), tmp_path_factory.mktemp("serve") / "collected"
    shutil.copytree(built, folder)
    config = folder / "config.yaml"
    config.write_text(config.read_text("utf-8").replace(str(built), str(folder)), "utf-8")
    return folder


class Stored:
    """A copy of that market, and a desk on it whose clock stands still until it is set."""

    def __init__(self, collected: Path, folder: Path) -> None:
        self.path = collected / "config.yaml"
        self.db = f"sqlite:///{shutil.copy(collected / 'stored.db', folder)}"
        sys.modules.pop("coinmon_plugin_dir_counts", None)
        config = load_config(self.path, overrides={"db": self.db}, environ={}, cwd=collected)
        self.clock = CoinmonClock(NOW, 0, 0)
        self.database: Database = open_database(config.db)
        self.desk = MarketReader(config, self.clock, self.database)

    def go_on(self, seconds: int) -> None:
        object.__setattr__(self.clock, "at", self.clock.at + 1000 * seconds)

    def store_minute(self, *venues: str) -> None:
        """The last closed minute of these venues (all where none is named): the same bars as the last ones."""
        end = floor(self.clock.now())
        with self.database.write() as connection:
            for number, instrument in read_instruments(connection).items():
                bars = read_bars(connection, number, instrument, 0, end)
                if len(bars) and instrument.venue in (venues or (instrument.venue,)):
                    write_bars(connection, number, instrument, replace(bars[-1:], time=np.array([end - MINUTE])))


@pytest.fixture
def stored(collected: Path, tmp_path: Path) -> Iterator[Stored]:
    found = Stored(collected, tmp_path)
    yield found
    found.database.close()


@pytest.fixture
def asked(stored: Stored) -> Callable[[], list[int]]:
    """As of which moments `counting` was computed."""
    return lambda: sys.modules["coinmon_plugin_dir_counts"].ASKED
