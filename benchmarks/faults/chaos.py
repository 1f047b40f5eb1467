"""A scan among dying databases, stopped holders of its lease, clocks that are set, full disks and plugins gone wrong.

    python benchmarks/faults/chaos.py --seed 1 --minutes 10 [--database sqlite|postgresql] [--tally FILE]

Two `coinmon scan`s (one scans, one waits for its place) run against one database with a sound venue and signal, sixty
misshapen signals, and exchanges and outputs that raise, block and lie. Faults come one after the other. Exit 1 unless
in the end: every alert arrived; one arrived twice only where its answer was lost, or its sender was killed, stopped or
cut off around its post; every window that a scan ended in was told; no background task is dead, and each that died is
in the log and in health; each wrong form was left out by name or told; every minute that is stored is the venue's, and
every other is said to be missing; no traceback; no line of the log came more than once a fault and minute of one
process. --tally adds the run to a file, and says how many faults its runs had together.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parent))
from chaos_checks import problems_of
from chaos_faults import FAULTS
from chaos_life import Life
from chaos_plugins import FORMS
from chaos_server import FakeClock, Postgres, Robot, free_port
from chaos_tally import add, row_of, said, total

from coinmon.store.database import open_database
from coinmon.store.deliveries import read_channel

AT = "2026-01-15T12:00:00Z"
LATE_S = 90.0
"""Seconds that everything may take to arrive once there is no trouble more."""


@dataclass
class Campaign:
    """mostly: kinds of faults that are four times as likely. speed: minutes of the market a true minute.

    interval_s: of the market, between two cycles.
    writers: processes that hold the database for a while. holders_hit: kills and stops of the process that scans. What
    `problems_of` counts: alerts that were sent, and that came again; forms of wrong signals that were seen; stored
    minutes, and those missing among them.
    """

    kind: str
    seed: int
    seconds: float
    folder: Path
    mostly: Sequence[str] = ()
    speed: int = 30
    interval_s: int = 60
    symbols: Sequence[str] = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
    faults: Counter[str] = field(default_factory=Counter)
    faulted: list[tuple[float, str]] = field(default_factory=list)
    cuts: list[float] = field(default_factory=list)
    lives: list[Life] = field(default_factory=list)
    writers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    slow_health: list[float] = field(default_factory=list)
    holders_hit: int = 0
    sent: int = 0
    again: int = 0
    minutes: int = 0
    missing: int = 0
    forms: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.clock, self.robot = FakeClock(self.folder), Robot(self.seed)
        self.server = Postgres(self.folder) if self.kind == "postgresql" else None
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        tmpfs = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(self.disk)]
        self.mounted = self.kind == "sqlite" and subprocess.run(tmpfs, capture_output=True).returncode == 0
        self.url = self.server.url if self.server else f"sqlite:///{self.disk / 'coinmon.db'}"
        plugins = self.folder / "plugins"
        plugins.mkdir()
        shutil.copy(Path(__file__).with_name("chaos_plugins.py"), plugins / "chaos.py")
        quiet = dict.fromkeys(("binance", "okx", "bybit", "coinbase"), False)
        settings = {
            "db": self.url, "plugins": {"dir": str(plugins)}, "window": 10,
            "symbols": list(self.symbols),
            "exchanges": {**quiet, "formula": True, "nobody": True, "sleeper": True},
            "signals": {f"form_{number}": True for number in range(len(FORMS))} | {"sound": True, "changing": True},
            "outputs": {"webhook": {"webhook": self.robot.url, "timeout": 2}, "wrong": True, "blocking": True,
                        "parts": True, "jsonl": {"path": str(self.folder / "events.jsonl")}, "log": False},
            "clock": {"at": AT, "wall": _iso(time.time()), "speed": self.speed},
            "books": {"enabled": False}, "notify": {"per_minute": 20},
        }  # fmt: skip
        self.config = self.folder / "config.yaml"
        self.config.write_text(yaml.safe_dump(settings))

    def begin(self) -> Life:
        number = len(self.lives)
        out, err = (self.folder / f"{number}.{name}" for name in ("out", "err"))
        port = free_port() if number % 3 == 2 else None
        what = (
            ["scan", "--json", "--interval", f"{self.interval_s}s"] if port is None else ["serve", "--port", str(port)]
        )
        command = [sys.executable, "-m", "coinmon", "--config", str(self.config), *what]
        environment = {**os.environ, **self.clock.environment()}
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdout=pipe, stderr=pipe, env=environment, cwd=self.folder)
        life = Life(process, out, err, time.time(), port)
        self.lives.append(life)
        return life

    def running(self) -> list[Life]:
        return [life for life in self.lives if life.process.poll() is None]

    def keep_two(self) -> None:
        while len(self.running()) < 2:
            self.begin()

    def run(self, faults: Sequence[str] = ()) -> list[str]:
        """What did not hold. faults: these, one after the other, in place of random ones while there is time."""
        try:
            # both make the database: one scans, the other finds its place taken
            self.keep_two()
            # from the first post on, which may have failed: alerts wait while the faults come
            self._until(LATE_S, lambda: self.robot.asked > 0)
            until = time.time() + self.seconds
            for kind in faults:
                arrived = len(self.robot.arrivals)
                self.one_fault(kind)
                self._arrives(arrived, time.time() + 1)
            while not faults and time.time() < until:
                self.keep_two()
                self._pause(min(until, time.time() + 10))
                if self.random.random() < 0.3:
                    # a clock that is set in the midst of another fault
                    self.one_fault("clock")
                self.one_fault()
            self.calm()
            return problems_of(self)
        finally:
            for process in (*(life.process for life in self.running()), *self.writers):
                process.kill()
                process.wait()
            self.robot.server.shutdown()
            if self.server:
                self.server.stop()
            if self.mounted:
                subprocess.run(["umount", str(self.disk)], check=False)

    def _pause(self, until: float) -> None:
        """At times the next fault comes at once; else when something has arrived since, so that there is progress."""
        time.sleep(self.random.uniform(0.2, 1.5))
        if self.random.random() < 0.5:
            self._arrives(len(self.robot.arrivals), until)

    def _arrives(self, before: int, until: float) -> None:
        """Until more has arrived than before, or it is too late."""
        while time.time() < until and len(self.robot.arrivals) == before:
            time.sleep(0.1)

    def one_fault(self, chosen: str = "") -> None:
        # about as many of the database as of the lease
        kinds = {"kill": 4, "stop": 4, "clock": 1, "idle": 1}
        kinds |= {"terminate": 7, "restart": 1} if self.server else {"lock": 6, "full": 2 * self.mounted}
        for kind in kinds:
            kinds[kind] *= 4 if kind in self.mostly else 1
        chosen = chosen or self.random.choices(list(kinds), list(kinds.values()))[0]
        self.faults[chosen] += 1
        self.faulted.append((time.time(), chosen))
        FAULTS[chosen](self)

    def calm(self) -> None:
        """No trouble more: everything has to arrive, and alerts of two windows that began since."""
        self.robot.calm = True
        before = self.told_windows()
        self._until(LATE_S, lambda: len(self.told_windows() - before) > 1 and not self.rows("waiting"))

    def told_windows(self) -> set[str]:
        """Of whose alerts one has arrived."""
        return {row.key.rpartition(" ")[2] for row in self.rows("sent") if row.name == "sound"}

    def _until(self, seconds: float, holds: Callable[[], bool]) -> None:
        until = time.time() + seconds
        while time.time() < until and not holds():
            if not self.running():
                self.begin()
            time.sleep(0.2)

    def rows(self, state: str) -> list[Any]:
        database = open_database(self.url)
        try:
            with database.read() as connection:
                return list(
                    connection.execute(
                        text(
                            "SELECT s.id, s.key, s.name, s.time, d.attempts, d.next_attempt, d.gather, d.error "
                            "FROM signals s JOIN deliveries d ON d.signal = s.id "
                            f"WHERE d.output = 'webhook' AND d.state = '{state}'"
                        )
                    )
                )
        finally:
            database.close()

    def robot_rests(self) -> str:
        """What the robot's line keeps of its posts, and until when it rests."""
        database = open_database(self.url)
        try:
            with database.read() as connection:
                channel = read_channel(connection, "webhook")
            return f"{channel} at {time.time():.0f}{self.clock.offset:+d} s"
        finally:
            database.close()


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--database", choices=["sqlite", "postgresql"])
    parser.add_argument("--keep", type=Path, help="folder to leave logs in")
    parser.add_argument("--tally", type=Path, help="file to add the run to")
    parser.add_argument("--mostly", default="", help="kinds of faults that come more often: kill,stop,clock")
    chosen = parser.parse_args()
    kinds = [chosen.database] if chosen.database else ["sqlite", "postgresql"]
    bad = False
    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="chaos-") as name:
            folder = Path(name) if chosen.keep is None else chosen.keep / kind
            folder.mkdir(parents=True, exist_ok=True)
            campaign = Campaign(kind, chosen.seed, 60 * chosen.minutes / len(kinds), folder, chosen.mostly.split(","))
            problems = campaign.run()
            bad |= bool(problems)
            row = row_of(campaign, len(problems))
            print(said(row))
            for line in problems[:40]:
                print("  ", line)
            if chosen.tally:
                add(chosen.tally, row)
                print(total(chosen.tally))
    sys.exit(bad)


if __name__ == "__main__":
    main()
