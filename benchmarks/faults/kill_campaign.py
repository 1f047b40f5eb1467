"""SIGKILL at random moments of `coinmon scan`, a restart each time, and what is left compared with the true market.

A monitor runs against the emulator, whose clock runs fast, and is killed again and again: while it starts, lists,
reads, writes or sends. After each kill the database has to be sound. In the end one scan repairs what the last kill cut
off; then every closed minute of every instrument since the beginning has to be there once, with the figures of a plain
Decimal sum over the emulator's true trades, and no signal or delivery may be there twice.

Run: python benchmarks/faults/kill_campaign.py [--kills 50] [--seed 1] [--speed 10]
"""

import argparse
import itertools
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import numpy as np
import yaml
from sqlalchemy import text

from coinmon.model.bars import COLUMNS
from coinmon.store.database import open_database
from coinmon.store.history import History

MINUTE = 60_000
DOUBLED_WITHIN = 30 * MINUTE
"""Market time within which the same state is the same event (coinmon.model.signal.Signal.cooldown)."""

_BARS = """
SELECT i.venue, i.kind, i.native_id, i.tick_size, b.time, b.open, b.high, b.low, b.close, b.volume, b.quote_volume,
       b.buy, b.buy_quote, b.coverage
FROM bars b JOIN instruments i ON i.id = b.instrument
"""


@dataclass
class Found:
    """What a campaign found. The lists are empty when all is well."""

    kills: int = 0
    unsound: list[str] = field(default_factory=list)
    bars: int = 0
    partial: int = 0
    hours: int = 0
    missing: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    signals: int = 0
    doubled_signals: list[str] = field(default_factory=list)
    deliveries: int = 0
    doubled_deliveries: list[str] = field(default_factory=list)
    unsent: int = 0
    lines: int = 0
    sent_again: int = 0

    @property
    def well(self) -> bool:
        return not (
            self.unsound or self.missing or self.wrong or self.doubled_signals or self.doubled_deliveries or self.unsent
        )


def campaign(folder: Path, kills: int, seed: int, speed: float, names: list[str], longest: float = 5.0) -> Found:
    """Kill `kills` scans, each within about `longest` seconds of its start, and look at what is left."""
    die = random.Random(seed)
    found = Found()
    began = time.monotonic()
    path = folder / "emulated.yaml"
    with _coinmon(
        folder, "emulate", "--port", "0", "--write-config", path, "--speed", speed, "--until-stdin-closes",
        stdin=subprocess.PIPE,
    ) as emulator:  # fmt: skip
        try:
            url = _prepared(path, folder, names)
            # on a busy machine a scan needs longer to get anywhere
            longest = max(longest, 3 * (time.monotonic() - began))
            for _ in range(kills):
                _one_life(folder, path, die.uniform(0.1, longest), found)
            with _coinmon(folder, "--config", path, "scan", "--once") as last:
                assert last.wait(120) == 0, "the last scan failed"
            _compare(folder / "emulated.db", url, found)
            _compare_hours(f"sqlite:///{folder / 'emulated.db'}", found)
        finally:
            emulator.kill()
    _count_lines(folder / "events.jsonl", found)
    return found


def _prepared(path: Path, folder: Path, names: list[str]) -> str:
    """Wait for the emulator, and have every event written to a file as well; the emulator's address."""
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, "the emulator did not start"
        time.sleep(0.05)
    settings = yaml.safe_load(path.read_text())
    settings["symbols"] = {"names": names}
    settings["outputs"] = {"jsonl": {"path": str(folder / "events.jsonl")}}
    path.write_text(yaml.safe_dump(settings))
    return settings["exchanges"]["okx"]["url"].rsplit("/", 1)[0]


def _one_life(folder: Path, path: Path, seconds: float, found: Found) -> None:
    with _coinmon(folder, "--config", path, "scan", "--interval", "30s") as scan:
        time.sleep(seconds)
        assert scan.poll() is None, f"the scan ended by itself with {scan.returncode}"
        scan.kill()
    found.kills += 1
    database = folder / "emulated.db"
    if database.exists():
        with sqlite3.connect(database) as connection:
            said = connection.execute("PRAGMA integrity_check").fetchone()[0]
            made = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'hours'").fetchone()
        if said != "ok":
            found.unsound.append(f"after kill {found.kills}: {said}")
        if made:
            _compare_hours(f"sqlite:///{database}", found)


def _compare_hours(url: str, found: Found) -> None:
    """Whether hours that are read in one piece say what their minutes say."""
    database = open_database(url)
    history = History(database)
    for instrument in history.with_bars():
        start, end = history.span(instrument)
        quick, minutes = (history.bars(instrument, start, end, levels=levels) for levels in (False, True))
        added, profile = history.profile(instrument, start, end), minutes.profile()
        same = all(getattr(quick, name).tobytes() == getattr(minutes, name).tobytes() for name in COLUMNS)
        same &= np.array_equal(added.ticks, profile.ticks)
        same &= np.allclose(added.buy + added.sell, profile.buy + profile.sell, rtol=1e-12)
        if not same:
            found.unsound.append(f"after kill {found.kills}: hours of {instrument.id}")
    with database.read() as connection:
        found.hours = connection.execute(text("SELECT count(*) FROM hours")).scalar()
    database.close()


def _compare(database: Path, url: str, found: Found) -> None:
    with sqlite3.connect(database) as connection:
        rows = connection.execute(_BARS).fetchall()
        signals = connection.execute("SELECT key, time, id FROM signals ORDER BY key, time").fetchall()
        deliveries = connection.execute("SELECT signal, output, state FROM deliveries").fetchall()
    by_instrument = defaultdict(dict)
    for venue, kind, native, tick, at, *figures in rows:
        assert at not in by_instrument[venue, kind, native, tick], "a bar is there twice"
        by_instrument[venue, kind, native, tick][at] = figures
    for (venue, kind, native, tick), bars in by_instrument.items():
        _compare_one(f"{venue} {kind} {native}", Decimal(tick), bars, _truth(url, venue, kind, native, bars), found)
    found.signals, found.deliveries = len(signals), len(deliveries)
    for before, after in itertools.pairwise(signals):
        if before[0] == after[0] and after[1] - before[1] < DOUBLED_WITHIN:
            found.doubled_signals.append(f"{after[0]} at {before[1]} and {after[1]}")
    times = Counter((signal, output) for signal, output, _ in deliveries)
    found.doubled_deliveries += [f"{pair}: {count}" for pair, count in times.items() if count > 1]
    found.unsent = sum(state != "sent" for _, _, state in deliveries)


def _compare_one(name: str, tick: Decimal, bars: dict, truth: dict, found: Found) -> None:
    first, last = min(bars), max(bars)
    for at in range(first, last + MINUTE, MINUTE):
        if at not in bars:
            found.missing.append(f"{name} {at}")
            continue
        found.bars += 1
        *ticks, volume, quote, buy, buy_quote, coverage = bars[at]
        partial = coverage <= 1
        if partial and not name.startswith("bybit"):
            found.missing.append(f"{name} {at} is partial")
            continue
        # Bybit shows its last trades and no earlier ones: of what went by while no scan lived there are only totals
        found.partial += partial
        expected = truth.get(at)
        if expected is None:
            if volume:
                found.wrong.append(f"{name} {at}: volume {volume} where nothing traded")
            continue
        # Bybit's klines open where the one before closed; bars made of trades open with their first
        if not partial and [Decimal(each) * tick for each in ticks] != expected["prices"]:
            found.wrong.append(f"{name} {at}: prices {[Decimal(each) * tick for each in ticks]}, not {expected}")
        totals, split = (("volume", volume), ("quote", quote)), (("buy", buy), ("buy_quote", buy_quote))
        for label, value in totals if partial else totals + split:
            if abs(value - float(expected[label])) > 1e-9 * max(1.0, float(expected["quote"])):
                found.wrong.append(f"{name} {at}: {label} {value}, not {expected[label]}")


def _truth(url: str, venue: str, kind: str, native: str, bars: dict) -> dict:
    """By minute: prices and exact sums of the emulator's true trades."""
    query = f"venue={venue}&symbol={native}&kind={kind}&start={min(bars)}&end={max(bars) + MINUTE}"
    with urllib.request.urlopen(f"{url}/emulator/trades?{query}", timeout=60) as answer:
        trades = json.load(answer)
    minutes: dict = {}
    for trade in trades:
        at = trade["time"] - trade["time"] % MINUTE
        price, qty = Decimal(trade["price"]), Decimal(trade["qty"])
        minute = minutes.setdefault(
            at, {"prices": [price, price, price, price], "volume": 0, "quote": 0, "buy": 0, "buy_quote": 0}
        )
        opened, high, low, _ = minute["prices"]
        minute["prices"] = [opened, max(high, price), min(low, price), price]
        minute["volume"] += qty
        minute["quote"] += qty * price
        if trade["side"] > 0:
            minute["buy"] += qty
            minute["buy_quote"] += qty * price
    return minutes


def _count_lines(path: Path, found: Found) -> None:
    """Signals in the file: a kill between sending and noting it sends once more, with the same id."""
    ids = Counter()
    for line in path.read_text().splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if event["event"] in ("signal", "whale"):
            ids[event["id"]] += 1
    found.lines = sum(ids.values())
    found.sent_again = found.lines - len(ids)


def _coinmon(folder: Path, *arguments: object, **rest: object) -> subprocess.Popen:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": (folder / "stderr.txt").open("a")}
    return subprocess.Popen([sys.executable, "-m", "coinmon", *map(str, arguments)], cwd=folder, **quiet, **rest)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float, default=10)
    given = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = campaign(Path(folder), given.kills, given.seed, given.speed, ["BTCUSDT", "SOLUSDT", "XRPUSDT"])
        complaints = Path(folder, "stderr.txt").read_text()
    for name, value in vars(found).items():
        shown = f"{len(value)}: {value[:5]}" if isinstance(value, list) and value else value or 0
        print(f"{name:20} {shown}")
    print(f"{'tracebacks':20} {complaints.count('Traceback')}")
    print(f"{'seconds':20} {time.monotonic() - began:.0f}")
    sys.exit(0 if found.well and "Traceback" not in complaints else 1)


if __name__ == "__main__":
    main()
