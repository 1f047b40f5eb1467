"""Hyperliquid beside the other venues in a real scan: is each minute that is called `trades` what traded?

`coinmon emulate --also hyperliquid` and `coinmon scan` are processes of their own. In the end the minutes of BTC, ETH
and kPEPE are compared with the emulator's market, funding has to be there for each hour of the day before, open
interest and (with --books, at a speed of 1, on an idle machine) books sampled, and a report made of what is stored. It
takes minutes / speed.

    python benchmarks/truth/hyperliquid_scan.py [--minutes 10] [--speed 1] [--books]
"""

import argparse
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from coinmon import MINUTE, Coverage
from coinmon.store.database import open_database
from coinmon.store.history import History
from coinmon_emulator.scenario.scenario import Scenario

COINMON = [sys.executable, "-m", "coinmon"]
COINS = "[BTCUSDT, ETHUSDT, PEPEUSDT]"
HOURS, EVER = 24, 2**53


def written(folder: Path, *, books: bool) -> Path:
    """The emulator's configuration with three coins, its database here."""
    config, until = folder / "config.yaml", time.monotonic() + 60
    while not config.exists():
        assert time.monotonic() < until, "no emulator"
        time.sleep(0.1)
    text = re.sub(r"(?m)^db:.*", f'db: "sqlite:///{folder}/coinmon.db"', config.read_text("utf-8"))
    text = re.sub(r"(?m)^books: .*\n", "", re.sub(r"(?m)^symbols:.*", f"symbols: {COINS}", text))
    config.write_text(f"{text}books: {str(books).lower()}\nlang: en\n", "utf-8")
    return config


def told(database: str, minutes: int, *, books: bool) -> bool:
    market, history, well = Scenario("default", 1), History(open_database(database)), True
    listed = {one.native: one for one in market.instruments if one.venue == "hyperliquid"}
    for each in history.instruments:
        if each.venue != "hyperliquid" or not history.span(each):
            continue
        bars, one, wrong = history.bars(each, 0, EVER), listed[each.native_id], 0
        bars = bars[bars.coverage == Coverage.TRADES]
        for at, volume, bought in zip(bars.time.tolist(), bars.volume.tolist(), bars.buy.tolist(), strict=True):
            rows = market.rows(one, market.before(one, at), market.before(one, at + MINUTE))
            sizes = rows.size / 10**one.size_digits
            wrong += not np.allclose([volume, bought], [sizes.sum(), sizes[rows.side > 0].sum()], rtol=1e-9)
        funding, held = len(history.funding(each, 0, EVER)), len(history.open_interest(each, 0, EVER))
        sampled = len(history.depth(each, 0, EVER))
        fine = not wrong and len(bars) >= minutes - 3 and funding >= HOURS and held and (sampled or not books)
        well = well and bool(fine)
        print(
            f"{'ok  ' if fine else 'FAIL'} {each.id}: {len(bars)} minutes of trades, {wrong} wrong; "
            f"funding {funding}, open interest {held}, books {sampled}"
        )
    return well


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--port", type=int, default=8199)
    parser.add_argument("--books", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="coinmon-hyperliquid-") as name:
        folder = Path(name)
        place = ["--port", str(asked.port), "--speed", str(asked.speed), "--write-config", str(folder / "config.yaml")]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        emulator = subprocess.Popen([*COINMON, "emulate", "--also", "hyperliquid", *place], **quiet)
        try:
            config = written(folder, books=asked.books)
            with (folder / "log").open("wb") as log:
                scan = subprocess.Popen(
                    [*COINMON, "--config", str(config), "scan", "--json"], stdout=subprocess.DEVNULL, stderr=log
                )
                time.sleep(asked.minutes * 60 / asked.speed)
                report = ["report", "hyperliquid:BTC", "--offline", "--format", "json"]
                done = subprocess.run(
                    [*COINMON, "--config", str(config), *report], capture_output=True, text=True, check=False
                )
                scan.send_signal(signal.SIGINT)
                scan.wait(120)
        finally:
            emulator.kill()
            emulator.wait(20)
        reported = done.returncode == 0 and "hyperliquid:BTC/USDC:USDC" in json.loads(done.stdout)["instruments"]
        well = told(f"sqlite:///{folder}/coinmon.db", asked.minutes, books=asked.books) and reported
        if not well:
            print(done.stderr[-500:], (folder / "log").read_text("utf-8")[-2000:])
    print("PASS" if well else "FAIL")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
