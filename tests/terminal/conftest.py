"""The interactive table driven by keys, on the store of one scan."""

import asyncio
from collections.abc import Callable

import pytest

from coinmon.clock import Clock
from coinmon.collect.once import collect_once
from coinmon.config.load import load_config
from coinmon.model.events import from_json
from coinmon.report.table.app import TableApp
from coinmon.run.reader import MarketReader
from coinmon.store.database import open_database
from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.scenario.scenario import STARTS_AT, Scenario
from coinmon_emulator.server.server import running
from tests.terminal.test_live_table import REST, SIGNAL, flow, whale

VENUES = ("binance", "okx", "bybit", "coinbase")
FINISHED = {
    "event": "scan_finished", "time": "", "cycle": 1, "seconds": 1.0, "pairs": 3, "signals": 1, "whales": 1,
    "coverage": 1.0, "failing_plugins": {}, "health": {},
}  # fmt: skip


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    """BTC as one look at the emulator has stored it."""
    folder = tmp_path_factory.mktemp("table")

    async def collect():
        async with running(Scenario("default", seed=1), clock=EmulatedClock(STARTS_AT, 0), port=0) as emulator:
            path = folder / "config.yaml"
            path.write_text(emulator.config_yaml(db=f"sqlite:///{folder}/stored.db"), "utf-8")
            config = load_config(path, environ={}, cwd=folder)
            database = open_database(config.db)
            await collect_once(config, Clock(STARTS_AT, 0, 0), database, "BTCUSDT")
            return config, database

    config, database = asyncio.run(collect())
    yield MarketReader(config, Clock(STARTS_AT, 0, 0), database)
    database.close()


EVENTS = (
    flow(), flow("DOGE/USDT", -90_000.0, price=0.14), flow("ETH/USDT", 12_000.0, consensus=None),
    SIGNAL | {"time": "2026-01-15T12:00:00Z"}, whale("DOGE/USDT") | {"time": "2026-01-15T11:41:00Z"},
    whale("BTC/USDT") | {"time": "2026-01-15T11:59:59Z"}, FINISHED,
)  # fmt: skip


@pytest.fixture
def driven(store) -> Callable[..., list]:
    """What `look` gives after each of the keys, of a table with three pairs."""

    def drive(*keys, look=lambda app: app._table.drawn, lang="en", size=(120, 30), until=lambda seen: True):
        stopped = []

        async def run():
            app = TableApp(VENUES, lang, 50, Clock(STARTS_AT, 0, 0), store, 60_000, lambda: stopped.append(True))
            found = []
            async with app.run_test(size=size) as pilot:
                app.events.extend(from_json(REST.get(event["event"], {}) | event) for event in EVENTS)
                while app.events or not app._table.drawn:
                    await pilot.pause(0.02)
                for key in keys:
                    await pilot.press(*key.split())
                    for _ in range(200):
                        await pilot.pause(0.02)
                        if until(look(app)):
                            break
                    found.append(look(app))
            return found

        found = asyncio.run(run())
        return [*found, bool(stopped)]

    return drive


WIDEST = (240, 30)
"""With room for all columns."""


def row_of(app, pair="BTC/USDT"):
    return [str(each).strip() for each in app._table.get_row(pair)]


def screen_lines(app):
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]
