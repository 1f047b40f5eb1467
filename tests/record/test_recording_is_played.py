"""A scan's recording, played to another scan, gives that one the same minutes, samples and alerts."""

import asyncio
import importlib
import sqlite3
from collections import Counter
from contextlib import asynccontextmanager, closing, suppress
from itertools import takewhile

import pytest

from coinmon.collect.history import first_day
from coinmon.config.load import load_config
from coinmon.model.bars import Coverage
from coinmon.model.events import as_json
from coinmon.model.moment import MINUTE
from coinmon.run.monitor import monitor
from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.playback.playback import Playback
from coinmon_emulator.scenario.scenario import Scenario
from coinmon_emulator.server.server import running

SPEEDS = (30.0, 10.0, 4.0)
"""The next where a busy machine lets a scan fall behind, which then says so and has no minute that is whole."""
BEFORE_MINUTE_MS = 25_000
"""Of market time, in which the scan subscribes."""
MARKETS = 7
"""Of BTC at the four venues."""
KEYS = {"liquidations": ("key",), "whale_trades": ("trade_id",)}
"""What tells rows of one moment apart."""
WHEN_KNOWN = ("instrument", "known_at")
MINUTE_OF_TIME = len("2026-01-15T12:00")


class Said:
    """A screen that keeps what the scan tells."""

    def __init__(self):
        self.events, self.lines = [], []
        self.log = self.lines.append

    def take(self, event):
        self.events.append(as_json(event))

    def progress(self, done, everything):
        pass

    @asynccontextmanager
    async def shown(self, clock, stop):
        yield


def rows_of(database, table):
    """Rows by market and time, without what tells when they were known."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        instruments = connection.execute("SELECT * FROM instruments").fetchall()
        names = {row["id"]: (row["venue"], row["kind"], row["native_id"]) for row in instruments}
        rows = [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]
    return {
        (*names[row["instrument"]], row["time"], *(row[name] for name in KEYS.get(table, ()))): {
            name: value for name, value in row.items() if name not in WHEN_KNOWN
        }
        for row in rows
    }


def whole_minute(database, since):
    """The first minute from one on (ms) of which all markets have a bar made of trades; None: there is none yet."""
    try:
        bars = rows_of(database, "bars")
    except sqlite3.Error:
        return None
    held = Counter(row["time"] for row in bars.values() if row["time"] >= since and row["coverage"] == Coverage.TRADES)
    return min((time for time, count in held.items() if count == MARKETS), default=None)


async def scan(emulator, folder, since, until, record_to=None):
    """Scan until all markets have a bar of trades of one minute, from one on, or the clock says that there is none.

    since, until: ms. Gives that minute, None: there is none, and the first round's time and alerts.
    """
    folder.mkdir()
    (folder / "c.yaml").write_text(emulator.config_yaml(f"sqlite:///{folder}/scan.db"))
    settings = {"symbols.names": ["BTCUSDT"], "whale_threshold": 20_000}
    config = load_config(folder / "c.yaml", overrides=settings, environ={}, cwd=folder)
    said = Said()
    task = asyncio.create_task(monitor(config, said, once=False, record_to=record_to))
    found = None
    while not (task.done() or found or emulator.clock.now() > until):
        await asyncio.sleep(0.1)
        found = whole_minute(folder / "scan.db", since)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    # of the first round, which is over in both; a scorecard has another name in each database
    first = list(takewhile(lambda each: each["event"] != "scan_finished", said.events))
    began = next((each["time"] for each in first if each["event"] == "scan_started"), "")
    return found, began, [each | {"record": None} for each in first if each["event"] in ("signal", "whale")]


async def scanned_and_played(folder, speed):
    """The minute that both scans hold whole, and the alerts of both.

    None: there is no such minute, or a scan was so late that its first round was about another one.
    """
    folder.mkdir()
    market = Scenario("default", 1)
    minute = market.opens_at // MINUTE * MINUTE + MINUTE
    opens_at = minute - BEFORE_MINUTE_MS
    async with running(market, clock=EmulatedClock(opens_at, speed), limits=False) as emulator:
        tape = folder / "tape"
        whole, live_began, live = await scan(emulator, folder / "live", minute, minute + 5 * MINUTE, tape)
    if whole is None:
        return None, live, []
    playback = Playback(tape)
    clock = EmulatedClock(playback.began - 1000, speed)
    async with running(playback.world(), clock=clock, stage=playback) as emulator:
        played, again_began, again = await scan(emulator, folder / "again", whole, playback.ended + MINUTE)
    same_minute = live_began[:MINUTE_OF_TIME] == again_began[:MINUTE_OF_TIME]
    return played if same_minute else None, live, again


def test_a_recorded_scan_scanned_again_stores_the_same_bars_samples_and_alerts(tmp_path, monkeypatch):
    # the day before the start is made and read by this one process, which would fall behind its market by it
    monkeypatch.setattr(first_day, "_CALM_S", 3600.0)
    # what is imported late would be imported while the market goes on
    importlib.import_module("ccxt.async_support")
    for speed in SPEEDS:
        folder = tmp_path / str(speed)
        minute, live, again = asyncio.run(scanned_and_played(folder, speed))
        if minute is not None:
            break
    else:
        pytest.fail("no scan had a whole minute at any speed")
    assert live == again
    assert live, "whales of the fifty minutes"
    for table in ("bars", "open_interest", "funding", "whale_trades", "liquidations"):
        first, second = (rows_of(folder / each / "scan.db", table) for each in ("live", "again"))
        shared = first.keys() & second.keys()
        if table == "bars":
            # on a busy machine one of the two may have had to leave something out, which it says
            alike = {key for key in shared if first[key]["coverage"] == second[key]["coverage"]}
            assert len(alike) > len(shared) * 0.9
            shared = alike
        assert {key: first[key] for key in shared} == {key: second[key] for key in shared}, table
        if table == "bars":
            assert len(shared) >= MARKETS * 45, "of fifty minutes of history and that of the stream, of all markets"
            assert {second[key]["coverage"] for key in shared if key[3] == minute} == {Coverage.TRADES}
        elif table != "liquidations":
            assert shared, table
