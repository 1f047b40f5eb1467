"""A scan among dying databases, stopped holders of its lease, clocks that are set, full disks and plugins gone wrong.

    python benchmarks/faults/chaos.py --seed 1 --minutes 10 [--database sqlite|postgresql]

Two `coinmon scan`s (one scans, one waits for its place) run against one database with a sound venue and signal, sixty
misshapen signals, and exchanges and outputs that raise, block and lie. Faults come one after the other. Exit 1 unless
in the end: every alert arrived; one arrived twice only where its answer was lost, or its sender was killed, stopped or
cut off around its post; every window that a scan ended in was told; no background task is dead, and each that died is
in the log; no traceback; no line of the log came more than twice in a minute of one process.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parent))
from chaos_checks import problems_of
from chaos_life import Life
from chaos_plugins import FORMS
from chaos_server import FakeClock, Postgres, Robot, free_port

from coinmon.store.database import open_database

AT = "2026-01-15T12:00:00Z"
LATE_S = 90.0
"""Seconds that everything may take to arrive once there is no trouble more."""


@dataclass
class Campaign:
    """speed: minutes of the market a true minute. interval_s: of it, between two cycles."""

    kind: str
    seed: int
    seconds: float
    folder: Path
    speed: int = 30
    interval_s: int = 60
    symbols: Sequence[str] = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
    faults: Counter[str] = field(default_factory=Counter)
    faulted: list[tuple[float, str]] = field(default_factory=list)
    cuts: list[float] = field(default_factory=list)
    lives: list[Life] = field(default_factory=list)
    slow_health: list[float] = field(default_factory=list)
    sent: int = 0

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
        with out.open("wb") as told:
            process = subprocess.Popen(command, stdout=told, stderr=subprocess.PIPE, env=environment, cwd=self.folder)
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
            self.begin()
            # from the first post on, which may have failed: alerts wait while the faults come
            self._until(LATE_S, lambda: self.robot.asked > 0)
            until = time.time() + self.seconds
            self.keep_two()
            for kind in faults:
                self.one_fault(kind)
                self._pause(time.time() + 1)
            while not faults and time.time() < until:
                self.keep_two()
                self._pause(min(until, time.time() + 20))
                self.one_fault()
            self.calm()
            return problems_of(self)
        finally:
            for life in self.running():
                life.process.kill()
                life.process.wait()
            self.robot.server.shutdown()
            if self.server:
                self.server.stop()
            if self.mounted:
                subprocess.run(["umount", str(self.disk)], check=False)

    def _pause(self, until: float) -> None:
        """At times the next fault comes at once; else when something has arrived since, so that there is progress."""
        time.sleep(self.random.uniform(0.2, 1.5))
        if self.random.random() < 0.5:
            arrived = len(self.robot.arrivals)
            while time.time() < until and len(self.robot.arrivals) == arrived:
                time.sleep(0.1)

    def one_fault(self, chosen: str = "") -> None:
        kinds = {"kill": 3, "stop": 3, "clock": 3, "idle": 1}
        kinds |= {"terminate": 6, "restart": 1} if self.server else {"lock": 4, "full": 2 * self.mounted}
        chosen = chosen or self.random.choices(list(kinds), list(kinds.values()))[0]
        self.faults[chosen] += 1
        self.faulted.append((time.time(), chosen))
        getattr(self, f"_{chosen}")()

    def _victim(self) -> Life:
        return self.random.choice(self.running() or [self.begin()])

    def _kill(self) -> None:
        life = self._victim()
        self.cuts.append(time.time())
        life.process.kill()
        life.process.wait()

    def _stop(self) -> None:
        """SIGSTOP, on a server with its connections cut so that another takes over, then SIGCONT."""
        life = self._victim()
        life.process.send_signal(signal.SIGSTOP)
        self.cuts.append(time.time())
        if self.server:
            self.server.terminate_all()
        self.keep_two()
        time.sleep(self.random.uniform(0.5, 5))
        life.process.send_signal(signal.SIGCONT)
        self.cuts.append(time.time())

    def _clock(self) -> None:
        self.clock.set(self.clock.offset + self.random.choice([-3600, -60, -10, 10, 60, 3600]))

    def _terminate(self) -> None:
        self.cuts.append(time.time())
        self.server.terminate_all()

    def _restart(self) -> None:
        self.cuts.append(time.time())
        self.server.stop(self.random.choice(["immediate", "fast"]))
        time.sleep(self.random.uniform(0.5, 4))
        self.server.start()
        self.cuts.append(time.time())

    def _lock(self) -> None:
        """Another process writes for some seconds."""
        code = (
            f"import sqlite3,time; c = sqlite3.connect({str(self.disk / 'coinmon.db')!r}, timeout=20, "
            f"isolation_level=None); c.execute('BEGIN IMMEDIATE'); time.sleep({self.random.uniform(0.5, 4):.1f})"
        )
        subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)

    def _full(self) -> None:
        filler = self.disk / "filler"
        try:
            with filler.open("wb") as file:
                while file.write(b"x" * 2**20):
                    file.flush()
        except OSError:
            time.sleep(self.random.uniform(0.5, 4))
        filler.unlink(missing_ok=True)

    def _idle(self) -> None:
        """Clients that say nothing, at one that serves; its health is asked beside them."""
        serving = [life for life in self.running() if life.serves and time.time() - life.started > 10]
        if not serving:
            return
        import socket

        port = serving[0].serves
        try:
            clients = [socket.create_connection(("127.0.0.1", port), 1) for _ in range(200)]
        except OSError:
            return
        began = time.time()
        with suppress(OSError):
            # 503 is an answer too
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10).read()
        self.slow_health.append(time.time() - began)
        for client in clients:
            client.close()

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
                            "SELECT s.id, s.key, s.name, s.time FROM signals s JOIN deliveries d ON d.signal = s.id "
                            f"WHERE d.output = 'webhook' AND d.state = '{state}'"
                        )
                    )
                )
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
    chosen = parser.parse_args()
    kinds = [chosen.database] if chosen.database else ["sqlite", "postgresql"]
    bad = False
    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="chaos-") as name:
            folder = Path(name) if chosen.keep is None else chosen.keep / kind
            folder.mkdir(parents=True, exist_ok=True)
            campaign = Campaign(kind, chosen.seed, 60 * chosen.minutes / len(kinds), folder)
            problems = campaign.run()
            bad |= bool(problems)
            faults = f"{sum(campaign.faults.values())} faults {dict(campaign.faults)}"
            alerts = f"{campaign.sent} alerts sent, {len(campaign.robot.arrivals)} arrived"
            print(f"{kind}: {faults}, {len(campaign.lives)} lives, {alerts}; {len(problems)} problems")
            for line in problems[:40]:
                print("  ", line)
    sys.exit(bad)


if __name__ == "__main__":
    main()
