"""A stored market to report on."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from coinmon import MINUTE, Book, Depth, Liquidation, Picture
from coinmon.clock import Clock as CoinmonClock
from coinmon.collect.once import collect_once
from coinmon.config.load import Config, load_config
from coinmon.report.document import Report
from coinmon.run.reader import MarketReader
from coinmon.store import books
from coinmon.store.database import Database, open_database
from coinmon.store.instruments import read_instruments
from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.scenario.scenario import STARTS_AT, Scenario
from coinmon_emulator.server.server import running

NOW = STARTS_AT + 20_000


def streamed(database: Database) -> None:
    """What a scan would have heard in the last ten minutes: order books, and each perp's liquidations."""
    with database.write() as connection:
        for number, one in read_instruments(connection).items():
            for time in range(NOW - NOW % MINUTE - 9 * MINUTE, NOW, MINUTE):
                steps = np.arange(1, 200) * 10.0
                sizes = 1 + np.sin(steps / 70 + time / MINUTE)
                book = Book(time, *(np.stack((96_500 + side * steps, sizes), axis=1) for side in (-1, 1)))
                books.write_depth(connection, {number: Depth.of(book, time, (1.0,))})
                books.write_heatmap(connection, {number: Picture.of(book, time, one.tick_size)})
            if one.kind == "perp":
                forced = [Liquidation(NOW - k * MINUTE, (-1) ** k, 96_500.0, 0.1 * k, str(k)) for k in range(1, 9)]
                books.write_liquidations(connection, {number: forced})
                books.write_observed_minutes(connection, {number: range(NOW - NOW % MINUTE - 9 * MINUTE, NOW, MINUTE)})


def collect(folder: Path) -> None:
    async def collected() -> None:
        async with running(Scenario("default", seed=1), clock=EmulatedClock(STARTS_AT, 0), port=0) as emulator:
            path = folder / "config.yaml"
            path.write_text(emulator.config_yaml(db=f"sqlite:///{folder}/stored.db"), "utf-8")
            config = load_config(path, environ={}, cwd=folder)
            database = open_database(config.db)
            await collect_once(config, Fixed(), database, "BTCUSDT")
            streamed(database)
            database.close()

    asyncio.run(collected())


@pytest.fixture(scope="session")
def stored(
    tmp_path_factory: pytest.TempPathFactory, built_once: Callable[[str, Callable[[Path], None]], Path]
) -> Iterator[tuple[Config, Database]]:
    """The demo's market, collected once from the emulator."""
    collected, folder = built_once("reported", collect), tmp_path_factory.mktemp("stored")
    db = shutil.copy(collected / "stored.db", folder)
    config = load_config(collected / "config.yaml", overrides={"db": f"sqlite:///{db}"}, environ={}, cwd=folder)
    database = open_database(config.db)
    yield config, database
    database.close()


class Fixed(CoinmonClock):
    """Market time that stands still."""

    def now(self) -> int:
        return NOW


@pytest.fixture(scope="session")
def report_on() -> Callable[[Config, Database], Report]:
    return lambda config, database: MarketReader(config, Fixed(), database).report("BTCUSDT", NOW)


@pytest.fixture(scope="session")
def demo_report(stored: tuple[Config, Database], report_on: Callable[[Config, Database], Report]) -> Report:
    return report_on(*stored)
