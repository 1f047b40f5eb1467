"""How soon a notebook has a year of one-minute bars: from a lake, and from SQLite.

    python benchmarks/speed/notebook_year.py [--days 365]

One market, made up, without levels; the best of three readings, each opened anew. Fails above 0.5 s from the lake and
above 2 s from SQLite, in seconds of processor time, so that a busy machine proves nothing.
"""

import argparse
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

import numpy as np

import coinmon
from coinmon.lake.write import copy_to_lake
from coinmon.model.bars import Bars, Coverage
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.moment import DAY, MINUTE, parse_time
from coinmon.store.bars import write_bars
from coinmon.store.database import open_database
from coinmon.store.history import History
from coinmon.store.instruments import sync_instruments

FIRST = parse_time("2025-01-01")
MOST_S = {"lake": 0.5, "coinmon.db": 2.0}
DAY_MINUTES = 1440


def stored_year(folder: Path, days: int) -> None:
    database = open_database(f"sqlite:///{folder / 'coinmon.db'}")
    random = np.random.default_rng(3)
    made = Instrument("binance", "spot", "BTC", "USDT", "BTCUSDT", "BTC/USDT", Decimal("0.01"), Decimal("0.001"))
    with database.write() as connection:
        ((number, instrument),) = sync_instruments(connection, [made], FIRST).values()
        for day in range(days):
            n = DAY_MINUTES
            close = 9_000_000 + np.cumsum(random.integers(-300, 301, n))
            volume = random.gamma(1.0, 5.0, n)
            buy = volume * random.random(n)
            rows = Bars(
                Decimal("0.01"), FIRST + day * DAY + np.arange(n) * MINUTE, close, close + 50, close - 50, close,
                volume, volume * close / 100, np.full(n, 900, np.int64), buy, buy * close / 100, -volume, volume,
                np.full(n, Coverage.KLINES, np.uint8),
            )  # fmt: skip
            write_bars(connection, number, instrument, rows)
    history = History(database)
    copy_to_lake(folder / "lake", history, history.universe(["binance"], {}), [Pair("BTC", "USDT")])
    database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    days = parser.parse_args().days
    late = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stored_year(folder, days)
        for where, most in MOST_S.items():
            spent = []
            for _ in range(3):
                market = coinmon.open(folder / where)
                began, cpu = time.perf_counter(), time.process_time()
                table = market.bars("BTCUSDT")
                spent.append((time.process_time() - cpu, time.perf_counter() - began))
                assert len(table) == days * DAY_MINUTES
            used, passed = min(spent)
            print(f"{where}: {days} days in {used:.2f} s of processor time ({passed:.2f} s by the clock)")
            late |= used > most
        size = sum(each.stat().st_size for each in (folder / "lake").rglob("*.parquet"))
        print(f"on disk: database {(folder / 'coinmon.db').stat().st_size / 1e6:.0f} MB, lake {size / 1e6:.0f} MB")
    sys.exit(late)


if __name__ == "__main__":
    main()
