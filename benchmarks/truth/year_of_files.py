"""A year of Binance's 1m klines and a month of its aggregate trades, as files: do they go in without a stop, and right?

The emulator makes the monthly files of 2025 and its December's trades; `coinmon backfill --file` reads them all in one
go. Every minute of the year has to be stored, each with the volume and the takers' share that really traded (of the
trades' month with its coverage `trades` as well). 5 minutes, most of them the emulator's:

    python benchmarks/truth/year_of_files.py [--months 12]
"""

import argparse
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from coinmon import MINUTE, Coverage
from coinmon.store.database import open_database
from coinmon.store.history import History
from coinmon_emulator.market.clock import parse_time
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.scenario.scenario import Scenario
from coinmon_emulator.venues.folders import module_of

YEAR, NOW = 2025, "2026-01-20T00:00:00Z"
PAST_MINUTES = 400 * 1440
NATIVE, ID = "BTCUSDT", "binance:BTC/USDT"


def written(market: Scenario, folder: Path, path: str) -> Path:
    body = module_of("binance", "archive").file(WorldNow(market, parse_time(NOW)), path)
    assert body is not None, path
    file = folder / path.rpartition("/")[2]
    file.write_bytes(body)
    return file


def first_of(month: int) -> int:
    """ms UTC; months after December are those of the next year."""
    return round(datetime(YEAR + (month - 1) // 12, (month - 1) % 12 + 1, 1, tzinfo=UTC).timestamp() * 1000)


def wrong(market: Scenario, db: str, start: int, end: int, trades_from: int) -> list[str]:
    """What of the stored minutes is not as it was, in words."""
    one = next(
        each for each in market.instruments if (each.venue, each.kind, each.native) == ("binance", "spot", NATIVE)
    )
    history = History(open_database(db))
    instrument = next(each for each in history.instruments if each.id == ID)
    bars = history.bars(instrument, start, end)
    said = []
    if len(bars) != (end - start) // MINUTE:
        said.append(f"{len(bars)} of {(end - start) // MINUTE} minutes are stored")
    whole = bars.time[bars.coverage == Coverage.TRADES]
    if len(whole) < (end - trades_from) // MINUTE - 1:
        said.append(f"{len(whole)} of {(end - trades_from) // MINUTE} minutes of trades are called so")
    for day in range(start, end, 86_400_000):
        rows = market.rows(one, market.before(one, day), market.before(one, day + 86_400_000))
        minute = (rows.time - day) // MINUTE
        bought = rows.side > 0
        stored = bars[(bars.time >= day) & (bars.time < day + 86_400_000)]
        place = (stored.time - day) // MINUTE
        for name, share in (("volume", np.ones(len(minute), bool)), ("buy", bought)):
            sums = np.bincount(minute[share], rows.size[share] / 10**one.size_digits, 1440)[place]
            off = ~np.isclose(sums, getattr(stored, name), rtol=1e-9, atol=1e-9)
            said += [
                f"{name} of {int(stored.time[at])} is {getattr(stored, name)[at]}, {sums[at]} traded"
                for at in np.flatnonzero(off)
            ]
    return said


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--months", type=int, default=12)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="coinmon-year-") as name:
        folder, began = Path(name), time.monotonic()
        market = Scenario("quiet", 1, PAST_MINUTES)
        first = 13 - asked.months
        files = [
            written(market, folder, f"data/spot/monthly/klines/{NATIVE}/1m/{NATIVE}-1m-{YEAR}-{month:02d}.zip")
            for month in range(first, 13)
        ]
        trades = f"data/spot/monthly/aggTrades/{NATIVE}/{NATIVE}-aggTrades-{YEAR}-12.zip"
        files.append(written(market, folder, trades))
        print(f"{len(files)} files made in {time.monotonic() - began:.0f} s")
        config, db = folder / "config.yaml", f"sqlite:///{folder}/year.db"
        venues = "{binance: {}, okx: false, bybit: false, coinbase: false}"
        config.write_text(f'db: "{db}"\nclock: {{at: {NOW}, wall: {NOW}, speed: 0}}\nexchanges: {venues}\n')
        began = time.monotonic()
        given = [word for file in files for word in ("--file", str(file))]
        command = [
            sys.executable,
            "-m",
            "coinmon",
            "--config",
            str(config),
            "backfill",
            NATIVE,
            "--kind",
            "spot",
            *given,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        took = time.monotonic() - began
        print(done.stdout[-2000:], done.stderr[-2000:])
        found = wrong(market, db, first_of(first), first_of(13), first_of(12)) if not done.returncode else ["it failed"]
    for each in found[:20]:
        print(f"  WRONG {each}")
    print(f"{'FAIL' if found else 'PASS'}: {asked.months} months of klines and one of trades in {took:.0f} s")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
