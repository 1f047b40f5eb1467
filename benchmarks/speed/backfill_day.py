"""A busy day of USD-M aggregate trades, from Binance Vision's zip to stored bars with levels.

    python benchmarks/speed/backfill_day.py [--rows 2000000]

In one run: inflating the zip with zlib alone, coinmon's backfill of it (the command's own code, from the file on disk
to the committed database), and what it replaces: csv.reader, dicts and a row a level. Each in a process of its own, so
that the peak of memory is its own.
"""

import argparse
import csv
import io
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from pathlib import Path

DAY = 1_763_510_400_000  # 2025-11-19
NAME = "BTCUSDT-aggTrades-2025-11-19.zip"


def generate(folder: Path, rows: int) -> None:
    """Seeded: a walk of the price by ticks of 0.1, bursts of trades, sizes from 0.001 to some BTC."""
    import numpy as np

    rng = np.random.default_rng(20251119)
    pace = np.exp(np.cumsum(rng.normal(0, 0.05, 1440))) * (1 + 4 * (rng.random(1440) < 0.02))
    minute = np.sort(rng.choice(1440, rows, p=pace / pace.sum()))
    at = np.sort(DAY + minute * 60_000 + rng.integers(0, 60_000, rows))
    side = np.repeat(rng.random(rows // 4 + 1) < 0.5, 4)[:rows]
    price = 915_000 + np.cumsum(rng.integers(-4, 5, rows)) + side
    size = np.maximum(1, (rng.pareto(1.1, rows) * 4).astype(np.int64).clip(0, 60_000))
    first = 6_000_000_000 + np.cumsum(rng.integers(1, 4, rows))
    lines = ["agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n"]
    last = np.append(first[1:] - 1, first[-1])
    columns = (price.tolist(), size.tolist(), first.tolist(), last.tolist(), at.tolist(), side.tolist())
    for number, (p, q, f, end, t, bought) in enumerate(zip(*columns, strict=True), 2_900_000_000):
        maker = "false" if bought else "true"
        lines.append(f"{number},{p // 10}.{p % 10},{q // 1000}.{q % 1000:03d},{f},{end},{t},{maker}\n")
    with zipfile.ZipFile(folder / NAME, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(NAME.replace(".zip", ".csv"), "".join(lines))


def inflate(folder: Path) -> None:
    """zlib alone, streamed: the floor."""
    with zipfile.ZipFile(folder / NAME) as archive:
        member = archive.infolist()[0]
    inflater = zlib.decompressobj(-15)
    with (folder / NAME).open("rb") as file:
        file.seek(member.header_offset + 30 + len(member.filename))
        while part := file.read(1 << 17):
            inflater.decompress(part)


def coinmon(folder: Path) -> float:
    """Without the imports, which the command pays once."""
    import asyncio

    import coinmon_exchanges.binance.venue as binance
    from coinmon.clock import Clock
    from coinmon.collect.history.backfill import Backfill
    from coinmon.collect.venue import Venue
    from coinmon.report.progress import Lines
    from coinmon.store.database import open_database
    from coinmon.store.instruments import sync_instruments

    database = open_database(f"sqlite:///{folder / 'coinmon.db'}")
    clock = Clock()
    venue = Venue("binance", binance.Binance("binance"), clock)
    with database.write() as connection:
        number, btc = sync_instruments(connection, [_btc()], 0)["binance:BTC/USDT:USDT"]
    began = time.perf_counter()
    fill = Backfill(database, venue, clock, folder, Lines(), levels_days=30, whale_threshold=200_000)
    archive = venue.exchange.archives.recognise(folder / NAME)
    asyncio.run(fill.file(archive, folder / NAME, number, btc))
    database.close()
    return time.perf_counter() - began


def _btc():
    from decimal import Decimal

    from coinmon.model.instrument import Instrument

    return Instrument("binance", "perp", "BTC", "USDT", "BTCUSDT", "BTC/USDT:USDT", Decimal("0.1"), Decimal("0.001"))


def dicts(folder: Path) -> None:
    """The usual way to the same bars and levels: csv rows, dicts, a database row a bar and a row a level."""
    database = sqlite3.connect(folder / "dicts.db")
    database.execute("CREATE TABLE levels (minute INT, price REAL, buy REAL, sell REAL, PRIMARY KEY (minute, price))")
    database.execute("CREATE TABLE bars (minute INT PRIMARY KEY, o, h, l, c, volume, quote, buy, buy_quote, n, lo, hi)")
    levels: dict[tuple[int, float], list[float]] = {}
    bars: dict[int, dict[str, float]] = {}
    with zipfile.ZipFile(folder / NAME) as archive, archive.open(archive.namelist()[0]) as raw:
        rows = csv.reader(io.TextIOWrapper(raw, "ascii"))
        next(rows)
        for row in rows:
            price, quantity, at, sold = float(row[1]), float(row[2]), int(row[5]), row[6] == "true"
            minute = at - at % 60_000
            bar = bars.get(minute)
            if bar is None:
                bar = bars[minute] = dict.fromkeys(("volume", "quote", "buy", "buy_quote", "n", "d", "lo", "hi"), 0.0)
                bar["o"] = bar["h"] = bar["l"] = price
            bar["h"], bar["l"], bar["c"] = max(bar["h"], price), min(bar["l"], price), price
            bar["volume"] += quantity
            bar["quote"] += quantity * price
            bar["n"] += 1
            if sold:
                bar["d"] -= quantity
                bar["lo"] = min(bar["lo"], bar["d"])
            else:
                bar["buy"] += quantity
                bar["buy_quote"] += quantity * price
                bar["d"] += quantity
                bar["hi"] = max(bar["hi"], bar["d"])
            levels.setdefault((minute, price), [0.0, 0.0])[sold] += quantity
    for (minute, price), (buy, sell) in levels.items():
        database.execute("INSERT INTO levels VALUES (?, ?, ?, ?)", (minute, price, buy, sell))
    names = ("o", "h", "l", "c", "volume", "quote", "buy", "buy_quote", "n", "lo", "hi")
    for minute, bar in bars.items():
        values = (minute, *(bar[name] for name in names))
        database.execute("INSERT INTO bars VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    database.commit()
    database.close()


WAYS = {"inflate": inflate, "coinmon": coinmon, "dicts": dicts}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", choices=(*WAYS, "generate"))
    parser.add_argument("--folder", type=Path)
    wanted = parser.parse_args()
    if wanted.only == "generate":
        generate(wanted.folder, wanted.rows)
    elif wanted.only:
        measure(wanted.only, wanted.folder)
    else:
        compare(wanted.rows, wanted.repeat)


def measure(way: str, folder: Path) -> None:
    began = time.perf_counter()
    seconds = WAYS[way](folder) or time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak": peak}))


def compare(rows: int, repeat: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # memory that this process once had would count as its children's
        command = [sys.executable, __file__, "--only", "generate", "--folder", name, "--rows", str(rows)]
        subprocess.run(command, check=True)
        print(f"{rows:,} trades, {os.path.getsize(folder / NAME) / 1e6:.1f} MB zip")
        found = {way: [] for way in WAYS}
        for _ in range(repeat):
            for way in WAYS:
                for stale in folder.glob("*.db*"):
                    if way in stale.name:
                        stale.unlink()
                command = [sys.executable, __file__, "--only", way, "--folder", name]
                told = subprocess.run(command, check=True, capture_output=True).stdout
                found[way].append(json.loads(told.splitlines()[-1]))
        best = {way: min(each["seconds"] for each in runs) for way, runs in found.items()}
        for way, runs in found.items():
            size = sum(each.stat().st_size for each in folder.glob(f"{way}.db*")) / 1e6
            disk = f"  {size:5.1f} MB on disk" if size else ""
            print(f"{way:8} {best[way]:6.2f} s  peak {max(each['peak'] for each in runs):5.0f} MB{disk}")
        print(f"coinmon / zlib alone: {best['coinmon'] / best['inflate']:.2f} (wanted: 3 at most)")
        print(f"dicts / coinmon:      {best['dicts'] / best['coinmon']:.1f} (wanted: 5 at least)")


if __name__ == "__main__":
    main()
