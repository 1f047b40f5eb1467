"""Recorded BTC markets streamed through the emulator's websockets: the bars of real/MANIFEST.md, every figure of them.

The emulator's clock begins before the tapes do, and a running scan follows it to their end. Every minute that the
manifest has must then be stored with coverage `trades`. At 1x it takes as long as the tapes: a quarter of an hour.

    python benchmarks/truth/play_tapes.py [--speed 60 --speed 1] [--real ../shared/real]
"""

import argparse
import asyncio
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from loguru import logger

from coinmon import MINUTE, Bars, Instrument
from coinmon.config.load import load_config
from coinmon.report.export import records
from coinmon.run.cycle import Scan
from coinmon.run.monitor import clock_of
from coinmon.store.database import open_database
from coinmon.store.history import History
from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.server.server import running
from coinmon_emulator.tape.tape import RecordedMarket

REAL = Path(__file__).parents[3] / "shared" / "real"
COLUMNS = (
    "open", "high", "low", "close", "volume", "quote_volume", "trades", "taker_buy_volume", "taker_buy_quote_volume",
)  # fmt: skip
TAPES: Sequence[tuple[Sequence[str], dict[str, str]]] = (
    (
        ("spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz", "usdm_btcusdt_20240808.gz"),
        {
            "binance:BTC/USDT": "binance_spot_btcusdt_20240808+09",
            "binance:BTC/USDT:USDT": "binance_usdm_btcusdt_20240808",
        },
    ),
    (
        ("spot_btcusdt_20230405.dat.gz", "usdm_btcusdt_20230404.dat.gz", "usdm_btcusdt_20230405.dat.gz"),
        {
            "binance:BTC/USDT": "binance_spot_btcusdt_20230405",
            "binance:BTC/USDT:USDT": "binance_usdm_btcusdt_20230404+05",
        },
    ),
)
"""Files that are played together, and the manifest's table of each instrument in them."""
LEAD = 5.0
"""Seconds before the first trade in which the scan begins and its streams are acknowledged."""
SETTLE = 0.25
"""Seconds after a minute's end, at least, before it is read."""


@dataclass
class Played:
    """minutes: compared. wrong: what differs, in words. streamed: instruments that were streamed at the end."""

    minutes: int = 0
    streamed: int = 0
    wrong: list[str] = field(default_factory=list)


def manifest(real: Path, title: str) -> dict[int, list[Decimal]]:
    """A table of bars: COLUMNS as exact decimals by opening time, ms UTC."""
    section = (real / "MANIFEST.md").read_text("utf-8").split(f"\n### {title}\n")[1].split("\n### ")[0]
    rows = re.findall(r"^\| (\d{13}) \(\d\d:\d\d\) \| (.+) \|$", section.split("\n## ")[0], re.MULTILINE)
    return {int(at): [Decimal(cell) for cell in cells.split(" | ")] for at, cells in rows}


async def play(
    folder: Path, real: Path, files: Sequence[str], titles: dict[str, str], speed: float, minutes: int | None = None
) -> Played:
    """minutes: of the tapes, so many; else all."""
    market = RecordedMarket.read([real / "binance" / name for name in files])
    tables = {id: manifest(real, title) for id, title in titles.items()}
    first = min(market.begins(one) for one in market.instruments)
    opens = min(min(table) for table in tables.values())
    end = max(max(table) for table in tables.values()) + MINUTE
    end = end if minutes is None else min(end, opens + minutes * MINUTE)
    played = Played()
    async with running(market, clock=EmulatedClock(round(first - LEAD * 1000 * speed), speed), port=0) as emulator:
        settings = emulator.config(db=str(folder / "coinmon.db")) | {"outputs": {"log": False}}
        (folder / "config.yaml").write_text(json.dumps(settings))
        config = load_config(folder / "config.yaml", environ={}, cwd=folder)
        clock = clock_of(config)
        with closing(open_database(config.db)) as database:
            scan = Scan(config, clock, database, lambda event: None, goes_on=True)
            try:
                await scan.cycle()
                settle = max(config.settle, SETTLE * 1000 * speed)
                at = clock.now() // MINUTE * MINUTE
                while at < end:
                    at += MINUTE
                    await clock.sleep_until(round(at + settle))
                    await scan.cycle()
                played.streamed = sum(feed.live for feed in scan.feeds.values())
                history = History(database)
                for instrument in history.instruments:
                    bars = history.bars(instrument, 0, 2**62)
                    table = {at: row for at, row in tables[instrument.id].items() if at < end}
                    played.minutes += len(table)
                    played.wrong += differences(instrument, bars, table)
            finally:
                await scan.close()
    return played


def differences(instrument: Instrument, bars: Bars, table: dict[int, list[Decimal]]) -> Iterator[str]:
    stored = {int(time): row for time, row in zip(bars.time, records(bars, levels=False), strict=True)}
    for at, expected in table.items():
        row = stored.get(at)
        if row is None:
            yield f"{instrument.id} {at}: not stored"
            continue
        found = [Decimal(repr(row[name])) for name in COLUMNS]
        if found != expected or row["coverage"] != "trades":
            yield f"{instrument.id} {row['time']}: {row['coverage']} {found}, expected {expected}"


async def _all(folder: Path, real: Path, speed: float) -> list[Played]:
    folders = [folder / str(number) for number in range(len(TAPES))]
    for each in folders:
        each.mkdir()
    return await asyncio.gather(*(play(each, real, *tape, speed) for each, tape in zip(folders, TAPES, strict=True)))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--speed", type=float, action="append", help="times real time (default: 60, then 1)")
    parser.add_argument("--real", type=Path, default=REAL)
    asked = parser.parse_args()
    if not asked.real.is_dir():
        print(f"no recorded market data at {asked.real}")
        return 2
    logger.remove()
    well = True
    for speed in asked.speed or (60.0, 1.0):
        with tempfile.TemporaryDirectory(prefix="coinmon-tapes-") as name:
            for (files, _), each in zip(TAPES, asyncio.run(_all(Path(name), asked.real, speed)), strict=True):
                verdict = "PASS" if each.minutes and not each.wrong else "FAIL"
                print(
                    f"{verdict}: {speed:g}x {files[0]} ...: {each.minutes} minutes, {len(each.wrong)} wrong", flush=True
                )
                for line in each.wrong:
                    print(f"  {line}")
                well = well and verdict == "PASS"
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
