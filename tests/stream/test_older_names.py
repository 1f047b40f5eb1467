"""Names of the older server's environment that are about sockets and samples: their effect, seen at the wire."""

import asyncio
import json

import numpy as np
import pytest

from coinmon.config.load import load_config
from coinmon.run.cycle import Scan
from coinmon.run.monitor import clock_of, keep_scanning, take_scan
from coinmon.store.database import open_database
from coinmon.store.history import History
from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.scenario.scenario import STARTS_AT, Scenario
from coinmon_emulator.server.server import running

SPEED = 10.0
SAMPLES = 4
DEAF = "binance:403/stream"
"""Sockets that let nobody in."""


async def sampled(folder, environ):
    """When depth was sampled: the file names one emulator, whose sockets let nobody in, and BINANCE_WS_URL another."""
    market = Scenario("default", 1)
    async with (
        running(market, clock=EmulatedClock(STARTS_AT, SPEED), faults=DEAF, limits=False) as asked,
        running(market, clock=EmulatedClock(STARTS_AT, SPEED), limits=False) as heard,
    ):
        settings = asked.config(db=str(folder / "coinmon.db")) | {"window": 2, "outputs": {"log": False}}
        binance = settings["exchanges"]["binance"] | {"kinds": ["perp"]}
        settings |= {"symbols": ["BTCUSDT"], "exchanges": {"binance": binance}}
        (folder / "config.yaml").write_text(json.dumps(settings))
        sockets = heard.config()["exchanges"]["binance"]["usdm_ws_url"]
        config = load_config(folder / "config.yaml", environ={"BINANCE_WS_URL": sockets, **environ}, cwd=folder)
        clock, database = clock_of(config), open_database(config.db)
        lease, stop = take_scan(database, config), asyncio.Event()
        scan = Scan(config, clock, database.fenced(lease.fence), lambda event: None, goes_on=True)
        scanning = asyncio.create_task(keep_scanning(config, clock, scan, database, stop, lease, 0.5))
        try:
            async with asyncio.timeout(60):
                while True:
                    await asyncio.sleep(0.05)
                    history = History(database)
                    for each in history.instruments:
                        found = [one.time for one in history.depth(each, STARTS_AT, STARTS_AT + 3_600_000)]
                        if len(found) >= SAMPLES:
                            return found
        finally:
            stop.set()
            await scanning
            await scan.close()
            lease.free()
            database.close()


@pytest.mark.parametrize(
    ("environ", "gap"), [({"HEATMAP_INTERVAL_SEC": "6"}, 6_000), ({"HEATMAP_SAMPLE_INTERVAL_MS": "3000"}, 3_000)],
    ids=["seconds", "milliseconds"],
)  # fmt: skip
def test_books_come_from_the_named_socket_and_are_sampled_as_often_as_named(tmp_path, ran, environ, gap):
    found = ran(sampled(tmp_path, environ))
    # a busy machine samples late, and may leave one out
    assert 0.7 * gap < np.median(np.diff(found)) < 1.6 * gap
