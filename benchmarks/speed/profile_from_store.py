"""The volume profile of a day and of a week from the store: what a report waits for.

    python benchmarks/speed/profile_from_store.py [DATABASE_URL]

Seven busy days of 1440 minutes with some 245 prices each, as on BTCUSDT perpetual. Every read opens the database anew,
after its pages were dropped from the system's cache (where the system lets us); then again with the hours forgotten.
Without a URL the database is an SQLite file of its own; PostgreSQL wants an empty database, and computes in the server
too, so that its clock counts.
"""

import os
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from backfill_day import DAY, _btc
from sqlalchemy import delete

from coinmon.model.fold import fold
from coinmon.model.trades import Trades
from coinmon.store.bars import write_bars
from coinmon.store.database import open_database
from coinmon.store.history import History
from coinmon.store.instruments import sync_instruments
from coinmon.store.schema import hours

DAY_MS = 86_400_000
TRADES = 2_000_000


def fill(url: str) -> None:
    rng = np.random.default_rng(1)
    database = open_database(url)
    with database.write() as connection:
        number, btc = sync_instruments(connection, [_btc()], 0)[_btc().id]
    time_of_day = np.sort(rng.integers(0, DAY_MS, TRADES))
    ticks = 915_000 + np.cumsum(rng.integers(-7, 8, TRADES))
    qty = rng.integers(1, 5000, TRADES) / 1000
    side = rng.choice(np.array([-1, 1], np.int8), TRADES)
    bars = fold(Trades(np.arange(TRADES), DAY + time_of_day, ticks, qty, side), btc)
    for day in range(7):
        with database.write() as connection:
            write_bars(connection, number, btc, replace(bars, time=bars.time + day * DAY_MS))
    database.close()
    print(f"{len(bars.levels.ticks):,} prices of minutes a day")


def read(url: str, path: Path, days: int) -> tuple[float, float]:
    """ms that it took, and of those how many this process computed."""
    if path.exists():
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    database = open_database(url)
    history = History(database)
    btc, end = history.instruments[0], DAY + days * DAY_MS
    began, worked = time.perf_counter(), time.process_time()
    profile = history.profile(btc, DAY, end)
    took, work = time.perf_counter() - began, time.process_time() - worked
    volume = history.bars(btc, DAY, end).volume.sum()
    assert abs(profile.buy.sum() + profile.sell.sum() - volume) < 1e-6 * volume
    database.close()
    return took * 1000, work * 1000


def forget_hours(url: str, path: Path) -> None:
    """As if only minutes were stored."""
    database = open_database(url)
    with database.write() as connection:
        connection.execute(delete(hours))
    database.close()
    if path.exists():
        with closing(sqlite3.connect(path)) as file:
            file.execute("VACUUM")


def tell(url: str, path: Path, of: str) -> None:
    if path.exists():
        print(f"{of}: {path.stat().st_size / 7e6:.1f} MB a day")
    for days, name, wanted in ((1, "a day", 15), (7, "a week", 80)):
        took, work = (statistics.median(each) for each in zip(*(read(url, path, days) for _ in range(9)), strict=True))
        print(f"{of}: {name:7} {took:6.1f} ms, {work:.1f} of them computing (wanted: {wanted})")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "coinmon.db"
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{path}"
        fill(url)
        tell(url, path, "minutes and hours")
        forget_hours(url, path)
        tell(url, path, "minutes alone")


if __name__ == "__main__":
    main()
