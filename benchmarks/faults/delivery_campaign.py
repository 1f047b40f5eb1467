"""Does every message arrive once? The outbox is killed at random moments around sending, and its robot misbehaves.

    python benchmarks/faults/delivery_campaign.py --kills 100 --signals 400 --seed 1

A DingTalk robot on loopback answers 200, throttles, hangs, fails, hangs up at random; a child process sends to it
and is killed (SIGKILL) at random moments, many of them during a post. Time runs sixty times as fast for pace
and back-off. Exit 1 unless: every signal arrived; one arrived again only where the answer to it was lost, and under the
same id; never more than 18 posts in a minute; in order for each pair.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import web
from loguru import logger
from pydantic import SecretStr
from sqlalchemy import func, select

from coinmon.clock import Clock
from coinmon.config.schema import NotifyConfig
from coinmon.notify.outbox import Outbox
from coinmon.notify.routing import Route
from coinmon.store.database import open_database
from coinmon.store.outbox import Due, write_signals
from coinmon.store.schema import deliveries
from coinmon_emulator.server.robots import SECRET, TOKEN, Arrival, Rate, Robots
from coinmon_outputs.dingtalk import DingTalk

SPEED = 60
PAIRS = ("BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT", "DOGE/USDT")
TROUBLE = {None: 60, "timeout": 10, "500": 8, "cut": 8, "cut-before": 5, "throttle": 5, "busy": 4}
LOST = ("timeout", "cut")


def child(url: str, db: str, started: float) -> None:
    """Send until killed."""
    import httpx  # noqa: F401 - now, and not during the first post
    import jinja2.sandbox  # noqa: F401

    logger.remove()
    clock = Clock(started * 1000, started * 1000, SPEED)
    output = DingTalk("dingtalk", webhook=SecretStr(url), secret=SecretStr(SECRET), timeout=0.25)
    kinds = frozenset({"signal"})
    route = Route(kinds, False, NotifyConfig(), None, frozenset(), ZoneInfo("UTC"))
    database = open_database(db)
    outbox = Outbox(database, {"dingtalk": output}, {"dingtalk": route}, clock, lambda event: None, wall=clock.now)

    async def work() -> None:
        print("ready", flush=True)
        while True:
            await outbox.flush()
            await asyncio.sleep(0.005)

    asyncio.run(work())


class Campaign:
    def __init__(self, kills: int, signals: int, seed: int, folder: Path) -> None:
        self.kills, self.signals, self.random = kills, signals, random.Random(seed)
        self.db = f"sqlite:///{folder / 'campaign.db'}"
        self.started = time.time()
        self.database = open_database(self.db)
        self.calm = False
        self.process: asyncio.subprocess.Process | None = None
        self.kill_in: int | None = None
        """Requests until the one during which the child is killed."""
        self.requests: list[float] = []
        self.arrivals: list[tuple[Arrival, str | None, int]] = []
        self.trouble: str | None = None
        self.child = 0
        self.killed: set[int] = set()
        self.written = 0
        self.robots = Robots(self._took, trouble=self._choose, patience=1.0)
        self.robots.rates["dingtalk"] = [Rate(20, 60 / SPEED, 600 / SPEED)]

    def _choose(self, robot: str) -> str | None:
        self.requests.append(time.time())
        chosen = self.random.choices(list(TROUBLE), list(TROUBLE.values()))[0]
        self.trouble = None if self.calm else chosen
        if self.kill_in is not None:
            self.kill_in -= 1
            if self.kill_in < 0:
                self.kill_in = None
                loop, process = asyncio.get_running_loop(), self.process
                # before the answer, with it, or just after it
                loop.call_later(self.random.choice((0.0, 0.0, 0.001, 0.003, 0.01)), self._kill, process)
        return self.trouble

    def _took(self, arrival: Arrival) -> None:
        self.arrivals.append((arrival, self.trouble, self.child))

    def _kill(self, process: asyncio.subprocess.Process | None) -> None:
        if process is not None and process.returncode is None:
            process.send_signal(signal.SIGKILL)
            self.killed.add(self.child)

    def _write(self, count: int) -> None:
        rows = []
        now = round((self.started + (time.time() - self.started) * SPEED) * 1000)
        for number in range(self.written, min(self.signals, self.written + count)):
            id, pair = f"sig{number:05d}", PAIRS[number % len(PAIRS)]
            text = {"zh": f"第{number}个", "en": f"number {number}"}
            event = {"event": "signal", "id": id, "time": "2026-01-15T12:00:00Z", "pair": pair, "signal": "surge",
                     "grade": "A", "title": text, "reading": text}  # fmt: skip
            rows.append({"id": id, "key": id, "pair": pair, "name": "surge", "grade": "A", "time": now, "ended": now,
                         "event": event})  # fmt: skip
        self.written += len(rows)
        with self.database.write() as connection:
            write_signals(connection, rows, {row["id"]: [Due("dingtalk", now)] for row in rows})

    def _waiting(self) -> int:
        query = select(func.count()).select_from(deliveries).where(deliveries.c.state == "waiting")
        with self.database.read() as connection:
            return connection.execute(query).scalar() or 0

    async def run(self) -> None:
        application = web.Application()
        self.robots.attach(application)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/robots/dingtalk/robot/send?access_token={TOKEN}"
        arguments = (sys.executable, __file__, "--child", url, self.db, str(self.started))
        for kill in range(self.kills):
            self.child = kill
            self.process = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE)
            assert self.process.stdout is not None
            await self.process.stdout.readline()
            self._write(self.random.randint(1, 2 * self.signals // self.kills))
            self.kill_in = self.random.randrange(3) if self.random.random() < 0.8 else None
            try:
                await asyncio.wait_for(self.process.wait(), self.random.uniform(0.3, 1.5))
            except TimeoutError:
                self._kill(self.process)
                await self.process.wait()
            self.kill_in = None
        self.calm, self.child = True, self.kills
        self._write(self.signals)
        self.process = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.DEVNULL)
        deadline = time.time() + 60
        while self._waiting() and time.time() < deadline:  # noqa: ASYNC110 - another process brings the end
            await asyncio.sleep(0.1)
        self.process.kill()
        await self.process.wait()
        await runner.cleanup()
        self.database.close()

    def problems(self) -> list[str]:
        found = []
        times: dict[str, list[int]] = {}
        places: dict[str, list[tuple[int, int]]] = {}
        last = {child: index for index, (_, _, child) in enumerate(self.arrivals)}
        repeats: Counter[str] = Counter()
        for index, (arrival, _, _) in enumerate(self.arrivals):
            for number in range(self.signals):
                id = f"sig{number:05d}"
                place = arrival.text.find(id)
                if place >= 0:
                    times.setdefault(id, []).append(index)
                    places.setdefault(PAIRS[number % len(PAIRS)], []).append((number, index, place))
        missing = [number for number in range(self.signals) if f"sig{number:05d}" not in times]
        if missing:
            found.append(f"lost: {missing}")
        for id, indexes in times.items():
            for before in indexes[:-1]:
                _, trouble, child = self.arrivals[before]
                killed = child in self.killed and last[child] == before
                repeats["answer lost" if trouble in LOST else "killed" if killed else "neither"] += 1
                if trouble not in LOST and not killed:
                    found.append(f"{id} arrived again though its answer was not lost ({trouble})")
        for pair, seen in places.items():
            firsts = {}
            for number, index, place in seen:
                firsts.setdefault(number, (index, place))
            order = [number for number, _ in sorted(firsts.items(), key=lambda item: item[1])]
            if order != sorted(order):
                found.append(f"{pair} out of order: {order}")
        window = 60 / SPEED
        most = max(
            (sum(start <= each < start + window for each in self.requests) for start in self.requests), default=0
        )
        if most > 18:
            found.append(f"{most} posts in a minute")
        print(
            f"{self.kills} kills ({len(self.killed)} children), {self.signals} signals, {len(self.requests)} posts, "
            f"{len(self.arrivals)} messages taken, at most {most} in a minute, "
            f"arrived again: {dict(repeats) or 'none'}, {time.time() - self.started:.0f} s"
        )
        return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--signals", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        url, db, started = given.child
        child(url, db, float(started))
        return 0
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory() as folder:
        campaign = Campaign(given.kills, given.signals, given.seed, Path(folder))
        asyncio.run(campaign.run())
        problems = campaign.problems()
    for problem in problems:
        print(problem)
    print("FAILED" if problems else "ok")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
