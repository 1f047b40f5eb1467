"""What a scan told, for hours of a market with faults and kills, is what `backtest --as known` tells of its database.

The emulator plays a market; `coinmon scan` is killed and started again, sockets drop, pages come late or with holes,
two venues are down for a while. Signals are made easy, so that there are thousands. In the end each alert that the
database holds, and each that the replay tells, is compared: id, moment, grade, direction, evidence, texts. Only the
record of an alert and where its pair stood, which a replay does not ask for, and the messages that one has ended, are
left out.

    python benchmarks/truth/live_is_replayed.py [--minutes 120] [--speed 30] [--seed 1] [--database sqlite|postgresql]
        [--keep DIR]

Exit 1 where one differs, or where there were too few to say so.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))
from chaos_server import Postgres, free_port

from coinmon.config.load import load_config
from coinmon.model.moment import MINUTE, iso
from coinmon.run.monitor import clock_of
from coinmon.store.database import open_database
from coinmon.store.schema import signals

VENUES = ("binance", "okx", "bybit", "coinbase")
LOOKBACK = 40
EASY = {
    **{name: {"lookback": LOOKBACK} for name in ("volume_spike", "early_pump", "panic_dump")},
    "global_sync": {"bearish": True, "bull_ratio": 1.02, "bear_ratio": 0.98},
}
EASY["volume_spike"] |= {"min_zscore": 0.8, "min_times": 1.1}
for pumping in ("early_pump", "panic_dump"):
    EASY[pumping] |= {"min_move": 0.7, "min_ratio": 1.05, "min_zscore": 0.3}
KNOWN_TO_THE_SCAN_ALONE = ("record", "situation")
OF_THE_REPLAY_ALONE = ("price", "entry", "change_pct", "best_pct", "worst_pct")
LEAST = 100
"""Fewer alerts prove nothing."""


@dataclass
class ReplayFound:
    """What a run found. live, replayed: alerts by id, as the database and the replay have them."""

    kills: int = 0
    live: dict[str, dict[str, Any]] = field(default_factory=dict)
    replayed: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def differences(self) -> list[str]:
        found = [f"told live alone: {_named(self.live[id])}" for id in self.live.keys() - self.replayed.keys()]
        found += [f"replayed alone: {_named(self.replayed[id])}" for id in self.replayed.keys() - self.live.keys()]
        for id in self.live.keys() & self.replayed.keys():
            live, replayed = self.live[id], self.replayed[id]
            found += [
                f"{_named(live)}: {name} {live.get(name)!r} live, {replayed.get(name)!r} replayed"
                for name in sorted(live.keys() | replayed.keys())
                if live.get(name) != replayed.get(name)
            ]
        return sorted(found)


def _named(event: dict[str, Any]) -> str:
    return f"{event['time']} {event.get('pair')} {event.get('name', event['event'])} {event['id']}"


def faults(seconds: float, seed: int) -> str:
    """Two venues down for a tenth of the time each, holes, late answers and cut sockets of all."""
    die = random.Random(seed)
    items = [f"{venue}:503@{die.uniform(0.2, 0.7) * seconds:.1f}+{seconds / 10:.1f}" for venue in die.sample(VENUES, 2)]
    for _ in range(max(8, round(seconds / 6))):
        venue, start = die.choice(VENUES), die.uniform(0, seconds)
        kind, lasting, where = die.choice(
            (("drop", 0.5, "/stream"), ("gap=5", 5, "/stream"), ("behind=90", 8, ""), ("502", 4, ""),
             ("slow=3", 4, ""), ("stall", 5, "/stream"))
        )  # fmt: skip
        items.append(f"{venue}:{kind}@{start:.1f}+{lasting}{where}")
    return ",".join(items)


@contextmanager
def emulated(folder: Path, chosen: argparse.Namespace) -> Iterator[Path]:
    """The venues, as a process of their own; the configuration that points there."""
    config = folder / "emulated.yaml"
    command = [
        sys.executable, "-m", "coinmon", "emulate", "--scenario", chosen.scenario, "--seed", str(chosen.seed),
        "--speed", str(chosen.speed), "--port", str(free_port()), "--no-limits", "--write-config", str(config),
        "--faults", faults(60 * chosen.minutes / chosen.speed, chosen.seed),
    ]  # fmt: skip
    with (folder / "emulator.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            while not config.exists():
                if process.poll() is not None:
                    raise SystemExit((folder / "emulator.log").read_text())
                time.sleep(0.1)
            time.sleep(0.5)
            yield config
        finally:
            process.kill()
            process.wait()


def configured(emulator: Path, folder: Path, url: str, settle: int) -> Path:
    """Everything that is told often, and nothing that is sent."""
    settings = yaml.safe_load(emulator.read_text())
    settings |= {
        "db": url, "window": 3, "settle": settle, "signals": EASY, "outputs": {"log": False}, "whale_threshold": 4_000,
        "books": {"enabled": False},
    }  # fmt: skip
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


def scanned(config: Path, chosen: argparse.Namespace, found: ReplayFound) -> tuple[int, int]:
    """Scan for that long, killed and started again; from and to, ms UTC, of what can be compared."""
    die = random.Random(chosen.seed)
    clock = clock_of(load_config(config, environ={}, cwd=config.parent))
    begin = clock.now()
    end = begin + chosen.minutes * MINUTE
    while clock.now() < end:
        with (config.parent / "scan.log").open("ab") as log:
            scan = subprocess.Popen(
                [sys.executable, "-m", "coinmon", "--config", str(config), "scan", "--json"],
                stdout=subprocess.DEVNULL, stderr=log, cwd=config.parent,
            )  # fmt: skip
            lives = time.monotonic() + die.uniform(*chosen.lives)
            while clock.now() < end and time.monotonic() < lives and scan.poll() is None:
                time.sleep(0.2)
            if clock.now() < end:
                scan.kill()
                found.kills += 1
            else:
                scan.terminate()
            scan.wait()
        time.sleep(die.uniform(0, chosen.dead))
    return begin // MINUTE * MINUTE + chosen.skip * MINUTE, clock.now() // MINUTE * MINUTE


def compared(config: Path, url: str, start: int, end: int, found: ReplayFound) -> None:
    with closing(open_database(url)) as database, database.read() as connection:
        told = select(signals.c.id, signals.c.event).where(signals.c.time >= start, signals.c.time < end)
        live = {row.id: _without(row.event, *OF_THE_REPLAY_ALONE) for row in connection.execute(told)}
    found.live = {id: each for id, each in live.items() if each["event"] != "signal_ended"}
    done = subprocess.run(
        [sys.executable, "-m", "coinmon", "--config", str(config), "backtest", "--as", "known", "--json",
         "--from", iso(start), "--to", iso(end)],
        stdout=subprocess.PIPE, cwd=config.parent, check=True,
    )  # fmt: skip
    for each in json.loads(done.stdout)["signals"]:
        found.replayed[each["id"]] = _without(each, *OF_THE_REPLAY_ALONE)


def _without(event: dict[str, Any], *names: str) -> dict[str, Any]:
    left_out = {*names, *KNOWN_TO_THE_SCAN_ALONE}
    return {name: value for name, value in event.items() if name not in left_out}


def campaign(folder: Path, chosen: argparse.Namespace) -> ReplayFound:
    found = ReplayFound()
    server = Postgres(folder) if chosen.database == "postgresql" else None
    url = server.url if server else f"sqlite:///{folder / 'coinmon.db'}"
    try:
        with emulated(folder, chosen) as pointing:
            config = configured(pointing, folder, url, 10)
            start, end = scanned(config, chosen, found)
        compared(config, url, start, end, found)
    finally:
        if server:
            server.stop()
    return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=int, default=120)
    parser.add_argument("--speed", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scenario", default="default")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--lives", type=float, nargs=2, default=(20.0, 60.0), help="seconds until a scan is killed")
    parser.add_argument("--dead", type=float, default=8.0, help="seconds at most until it is started again")
    parser.add_argument("--skip", type=int, default=3, help="first minutes that are not compared")
    parser.add_argument("--keep", type=Path, help="folder to leave database and logs in")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="coinmon-replayed-") as name:
        folder = chosen.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        found = campaign(folder.resolve(), chosen)
    kinds = Counter(each.get("name", each["event"]) for each in found.live.values())
    print(f"{len(found.live)} alerts live, {len(found.replayed)} replayed, {found.kills} kills; {dict(kinds)}")
    for line in found.differences[:40]:
        print("  ", line[:600])
    well = not found.differences and len(found.live) >= LEAST
    print(f"{'PASS' if well else 'FAIL'}: {len(found.differences)} differences")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
