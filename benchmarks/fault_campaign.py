"""Thousands of faults, drawn from a seed, while four venues of twenty pairs stream: what is left is true or declared.

The emulator's clock runs fast. Sockets drop, stall, leave out and repeat; requests meet 429, 418, 5xx, cut bodies,
broken JSON and clocks that jump. In the end every minute that says it is complete has to have exactly the volumes that
traded; then every stream stalls at once, and has to be known to be silent within 30 seconds.

    python benchmarks/fault_campaign.py [--faults 2000] [--seconds 240] [--seed 1] [--speed 20]
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from load import compare
from loguru import logger

from coinmon import MINUTE
from coinmon.config import load_config
from coinmon.monitor import clock_of
from coinmon.scan import Scan
from coinmon.store.database import open_database
from coinmon_emulator._clock import Clock
from coinmon_emulator._load import Load
from coinmon_emulator._server import running

VENUES = ("binance", "okx", "bybit", "coinbase")
KINDS = (
    "drop/stream", "stall/stream", "gap=20/stream", "repeat/stream", "cut/stream", "garbage/stream", "late=1/stream",
    "429=1", "418=1", "500", "502", "503", "cut", "garbage", "html", "refuse", "jump=1500", "jump=-1500", "skew=3000",
)  # fmt: skip
STALL_KNOWN = 30.0


@dataclass
class Found:
    """What a campaign found. minutes: by venue and coverage; stalls: seconds until each venue's silence was known."""

    faults: int
    cycles: int = 0
    minutes: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    stalls: dict[str, float | None] = field(default_factory=dict)
    health: dict[str, object] = field(default_factory=dict)

    @property
    def well(self) -> bool:
        return not self.wrong and all(each is not None and each <= STALL_KNOWN for each in self.stalls.values())


def schedule(faults: int, seconds: float, seed: int) -> str:
    die = random.Random(seed)
    items = []
    for _ in range(faults):
        kind, _, path = die.choice(KINDS).partition("/")
        when = f"@{die.uniform(0, seconds):.2f}+{die.uniform(0.1, 1.5):.2f}"
        chance = f"?p={die.choice((0.1, 0.3, 1))}"
        items.append(f"{die.choice(VENUES)}:{kind}{when}{'/' + path if path else ''}{chance}")
    return ",".join(items)


async def campaign(
    folder: Path, faults: int, seconds: float, seed: int, speed: float, pairs: int = 20, stalls: bool = True
) -> Found:
    spec = f"load:rate={pairs},okx={pairs},binance={pairs},bybit={pairs},coinbase={pairs}"
    market = Load(spec)
    found = Found(faults)
    async with running(market, clock=Clock(market.opens_at, speed), limits=False, port=0) as emulator:
        names = list(dict.fromkeys(f"{each.base}USDT" for each in market.instruments))
        settings = emulator.config(db=str(folder / "coinmon.db")) | {"window": 3, "outputs": {"log": False}}
        (folder / "config.yaml").write_text(json.dumps(settings | {"symbols": {"names": names}}))
        config = load_config(folder / "config.yaml", environ={}, cwd=folder)
        clock, database = clock_of(config), open_database(config.db)
        scan = Scan(config, clock, database, lambda event: found.health.update(event.get("health", {})), goes_on=True)
        with closing(database):
            try:
                await scan.cycle()
                start = end = clock.now() // MINUTE * MINUTE
                began = time.monotonic()
                await _set_faults(emulator.url, schedule(faults, seconds, seed))
                clean = 0
                while clean < 3:
                    end = max(end + MINUTE, clock.now() // MINUTE * MINUTE)
                    await clock.sleep_until(end + config.settle)
                    await scan.cycle()
                    found.cycles += 1
                    clean += time.monotonic() - began > seconds + 2
                if stalls:
                    await _stalled(emulator.url, scan, found)
            finally:
                await scan.close()
    told, wrong = compare(folder / "coinmon.db", spec, start, end)
    found.minutes, found.wrong = told, wrong
    return found


async def _set_faults(url: str, spec: str) -> None:
    address = f"{url}/emulator/faults"
    async with aiohttp.ClientSession() as session, session.post(address, json={"spec": spec}) as reply:
        reply.raise_for_status()


async def _stalled(url: str, scan: Scan, found: Found) -> None:
    """All streams go silent; when each venue's feed knows."""
    feeds = scan._feeds
    for _ in range(300):
        if all(feed.live for feed in feeds.values()):
            break
        await asyncio.sleep(0.2)
    await _set_faults(url, "*:stall/stream")
    began = time.monotonic()
    found.stalls = dict.fromkeys(feeds)
    while None in found.stalls.values() and time.monotonic() - began < 2 * STALL_KNOWN:
        for name, feed in feeds.items():
            if found.stalls[name] is None and feed.live == 0:
                found.stalls[name] = round(time.monotonic() - began, 1)
        await asyncio.sleep(0.1)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--faults", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=240.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float, default=20.0)
    asked = parser.parse_args()
    logger.remove()
    with tempfile.TemporaryDirectory(prefix="coinmon-faults-") as name:
        found = asyncio.run(campaign(Path(name), asked.faults, asked.seconds, asked.seed, asked.speed))
    print(f"{found.faults} faults in {asked.seconds:g} s, seed {asked.seed}: {found.cycles} cycles; {found.health}")
    for (venue, label), count in sorted(found.minutes.items()):
        print(f"  {venue:10} {label:8} {count}")
    for each in found.wrong[:20]:
        print(f"  WRONG {each}")
    print(f"seconds until a stall was known: {found.stalls}; minutes that are not what they say: {len(found.wrong)}")
    return 0 if found.well else 1


if __name__ == "__main__":
    sys.exit(main())
