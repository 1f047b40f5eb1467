"""A range of more than three months, by the real command and from the files of each venue that has any.

The emulator makes the files of a hundred days of a quiet market; `coinmon backfill` brings them in one go. Every minute
has to be stored and called `trades`, with the volume and the takers' share that traded. Two minutes a market:

    python benchmarks/truth/long_range.py [--days 99] [okx:perp ...]
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from coinmon import MINUTE, Coverage, iso
from coinmon.store.database import open_database
from coinmon.store.history import History
from coinmon_emulator.market.clock import EmulatedClock, parse_time
from coinmon_emulator.scenario.scenario import Scenario
from coinmon_emulator.server.server import Emulator, running

NOW, END = "2026-01-17T00:10:00Z", "2026-01-11T00:00:00Z"
DAY = 1440 * MINUTE
MARKETS = ("binance:spot", "binance:perp", "okx:spot", "okx:perp", "bybit:spot", "bybit:perp")


@contextmanager
def served(market: Scenario, now: int = parse_time(NOW)) -> Iterator[Emulator]:
    """The emulator with a standing clock, in a thread. now: what it says, ms UTC."""
    ready, ended = threading.Event(), asyncio.Event()
    found: list[Emulator] = []
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        async with running(market, clock=EmulatedClock(now, 0.0), limits=False) as emulator:
            found.append(emulator)
            loops.append(asyncio.get_running_loop())
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(60)
    try:
        yield found[0]
    finally:
        loops[0].call_soon_threadsafe(ended.set)
        thread.join(10)


def wrong(market: Scenario, database: str, venue: str, kind: str, start: int, end: int) -> tuple[int, int]:
    """How many minutes are stored as trades, and how many figures of the range are not what traded."""
    history = History(open_database(database))
    bars, natives = None, {(one.venue, one.kind, one.native): one for one in market.instruments}
    for each in history.instruments:
        if (each.venue, each.kind, each.base) == (venue, kind, "BTC") and history.span(each):
            bars, one = history.bars(each, start, end), natives[venue, kind, each.native_id]
    if bars is None:
        return 0, (end - start) // MINUTE
    off = (end - start) // MINUTE - len(bars)
    for day in range(start, end, DAY):
        rows = market.rows(one, market.before(one, day), market.before(one, day + DAY))
        minute, stored = (rows.time - day) // MINUTE, bars[(bars.time >= day) & (bars.time < day + DAY)]
        place = (stored.time - day) // MINUTE
        for name, share in (("volume", np.ones(len(minute), bool)), ("buy", rows.side > 0)):
            sums = np.bincount(minute[share], rows.size[share] / 10**one.size_digits, 1440)[place]
            off += int((~np.isclose(sums, getattr(stored, name), rtol=1e-9, atol=1e-9)).sum())
    return int((bars.coverage == Coverage.TRADES).sum()), off


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=99)
    parser.add_argument("markets", nargs="*", default=MARKETS)
    asked = parser.parse_args()
    end = parse_time(END)
    start = end - asked.days * DAY
    market, faults = Scenario("quiet", 1, (asked.days + 8) * 1440), 0
    for venue, _, kind in (each.partition(":") for each in asked.markets):
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="coinmon-long-") as name, served(market) as emulator:
            config, database = Path(name) / "config.yaml", f"sqlite:///{name}/coinmon.db"
            config.write_text(emulator.config_yaml(database))
            span = ["--from", iso(start), "--to", iso(end)]
            which = ["BTCUSDT", "--exchange", venue, "--kind", kind, *span]
            command = [sys.executable, "-m", "coinmon", "--config", str(config), "backfill", *which]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            trades, off = wrong(market, database, venue, kind, start, end)
        well = done.returncode == 0 and not off and trades == asked.days * 1440
        faults += not well
        took = time.monotonic() - began
        print(f"{'ok  ' if well else 'FAIL'} {venue} {kind}: {trades} minutes of trades, {off} wrong, {took:.0f} s")
        if done.returncode:
            print(done.stderr[-1000:])
    print("PASS" if not faults else "FAIL")
    return 0 if not faults else 1


if __name__ == "__main__":
    sys.exit(main())
