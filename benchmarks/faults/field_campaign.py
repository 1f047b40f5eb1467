"""Six hours of a market that changes while one looks at it, with every odd shape of the field, drawn from a seed.

The emulator plays the scenario `field`: contract sizes, ticks and funding intervals change, markets end and begin, a
coin gets another name. Beside it answers come in the shapes that broke the product once: blank or missing values of one
entry, broken rows of lists, coins that no list has, a firewall's page, bans that only their text ends, books without
their first link, rows without numbers. With an odd seed a scan follows every coin by its name, spot and perpetual; with
an even one every spot pair of Bybit, whatever that lists, and the same on the other venues.

In the end no minute that is called `trades` may differ from what traded; no venue may have been without an answer for
longer than the pauses that it announced, which a page after page may double and nothing else; nothing may have been
followed that is no coin.

    python benchmarks/faults/field_campaign.py [--minutes 360] [--seed 1] [--speed 60]
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from fault_campaign import differences, set_faults, struck
from field_silence import MOST_BEYOND_S, Silence
from loguru import logger

from coinmon import MINUTE, Coverage
from coinmon.config.load import load_config
from coinmon.model.events import as_json
from coinmon.run.cycle import Scan
from coinmon.run.monitor import clock_of
from coinmon.store.database import Database, open_database
from coinmon.store.history import History
from coinmon.store.instruments import chosen_instruments
from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.scenario.field_plan import NO_COINS
from coinmon_emulator.scenario.scenario import Scenario
from coinmon_emulator.server.server import running

VENUES = ("binance", "okx", "bybit", "coinbase")
COINS = ("BTC", "ETH", "SOL", "XRP", "ADA", "DOGE", "FTM", "PEPE")
OF_A_COIN = ("odd", "null", "missing", "broken", "unlisted", "delisted")
OF_ANSWERS = ("strange", "404?n=2", "520?n=2", "1015?n=1", "ban=2?n=1")
BEHIND_S = 20
"""How old answers of a replica are, in market time, among those that are not."""
TRADES = {"binance": "/aggTrades", "okx": "/trades", "bybit": "/recent-trade", "coinbase": "/trades"}
IN_FRAMES = ("okx:noprev", "okx:oddrow", "bybit:oddrow", "binance:oddrow", "coinbase:oddrow")
FIREWALL_FROM_S = 120.0
"""A campaign that is shorter has no time for the pause that follows a firewall's page."""


@dataclass
class FieldFound:
    """What a campaign found. minutes: by venue and coverage; silent: how long each venue gave no answer, and why."""

    cycles: int = 0
    struck: dict[str, int] = field(default_factory=dict)
    minutes: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    silent: dict[str, Silence] = field(default_factory=dict)
    followed: set[str] = field(default_factory=set)

    @property
    def no_coins(self) -> set[str]:
        return {each for each in self.followed if each.partition(":")[2].partition("/")[0] in NO_COINS}

    @property
    def well(self) -> bool:
        return not self.wrong and not self.errors and not self.no_coins and self.heard

    @property
    def heard(self) -> bool:
        """No venue was silent for longer than it announced, and each pause was due."""
        told = len(self.silent) == len(VENUES)
        return told and all(each.beyond <= MOST_BEYOND_S and not each.unearned for each in self.silent.values())


def shapes(seconds: float, seed: int) -> str:
    """Shapes of everything that may come, each for some seconds; half as many at once as there are venues."""
    die = random.Random(seed)
    items = []
    for _ in range(max(12, round(seconds))):
        start, lasting, venue = die.uniform(0, seconds), die.uniform(0.2, 4.0), die.choice(VENUES)
        form = die.choice(("coin", "coin", "answers", "frames", "behind"))
        if form == "coin":
            items.append(f"{venue}:{die.choice(OF_A_COIN)}={die.choice(COINS)}@{start:.2f}+{lasting:.2f}")
        elif form == "answers":
            kind, _, times = die.choice(OF_ANSWERS).partition("?")
            items.append(f"{venue}:{kind}@{start:.2f}+{lasting:.2f}" + (f"?{times}" if times else ""))
        elif form == "behind":
            items.append(f"{venue}:behind={BEHIND_S}@{start:.2f}+{lasting:.2f}{TRADES[venue]}?p=0.5")
        else:
            items.append(f"{die.choice(IN_FRAMES)}@{start:.2f}+{lasting:.2f}/stream?n=3")
    if seconds >= FIREWALL_FROM_S:
        items += [f"{venue}:firewall@{die.uniform(0, seconds / 2):.2f}+60?n=1" for venue in VENUES]
    return ",".join(items)


async def campaign(folder: Path, minutes: int, seed: int, speed: float) -> FieldFound:
    market, found = Scenario("field", seed), FieldFound()
    sink = logger.add(lambda message: found.errors.append(str(message).splitlines()[0]), level="ERROR")
    asyncio.get_running_loop().set_exception_handler(lambda _, context: found.errors.append(str(context["message"])))
    async with running(market, clock=EmulatedClock(market.opens_at, speed), limits=False, seed=seed) as emulator:
        settings = emulator.config(db=str(folder / "coinmon.db")) | {"window": 3, "outputs": {"log": False}}
        if seed % 2 == 0:
            settings["symbols"] = {"all": "bybit"}
        (folder / "config.yaml").write_text(json.dumps(settings))
        config = load_config(folder / "config.yaml", environ={}, cwd=folder)
        clock = clock_of(config)
        found.silent = {name: Silence(time.monotonic()) for name in VENUES}

        def tell(typed: Any) -> None:
            event = as_json(typed)
            if event["event"] == "venue":
                found.silent[event["venue"]].told(time.monotonic(), status=event["status"], error=event.get("error"))

        with closing(open_database(config.db)) as database:
            scan = Scan(config, clock, database, tell, goes_on=True)
            try:
                await scan.cycle()
                start = clock.now() // MINUTE * MINUTE
                end = start + minutes * MINUTE
                await set_faults(emulator.url, shapes(minutes * 60 / speed, seed))
                while clock.now() < end + config.settle:
                    await clock.sleep_until(clock.now() // MINUTE * MINUTE + MINUTE + config.settle)
                    await scan.cycle()
                    found.cycles += 1
                with database.read() as connection:
                    found.followed = set(chosen_instruments(connection))
                found.struck = await struck(emulator.url)
            finally:
                await scan.close()
                logger.remove(sink)
            compare(database, market, start, end, found)
    return found


def compare(database: Database, market: Scenario, start: int, end: int, found: FieldFound) -> None:
    """Every stored minute that is called `trades` against a plain loop over what traded."""
    history = History(database)
    listed = {(each.venue, each.kind, each.native): each for each in market.instruments}
    for instrument in history.instruments:
        one = listed.get((instrument.venue, instrument.kind, instrument.native_id))
        bars = history.bars(instrument, start, end, levels=True)
        if one is None or not len(bars):
            continue
        traded: dict[int, list[tuple[int, Decimal, Decimal, int]]] = defaultdict(list)
        for _, at, price, size, side in market.rows(one, market.before(one, start), market.before(one, end)).rows():
            exact = Decimal(price).scaleb(-one.price_digits), Decimal(size).scaleb(-one.size_digits)
            traded[at // MINUTE * MINUTE].append((at, *exact, side))
        for row, minute in enumerate(bars.time.tolist()):
            coverage = Coverage(int(bars.coverage[row]))
            found.minutes[instrument.venue, coverage.label] += 1
            if coverage == Coverage.TRADES:
                found.wrong += [
                    f"{instrument.id} {minute}: {each}"
                    for each in differences(instrument, bars, row, coverage, traded[minute])
                ]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=int, default=360)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float, default=60.0)
    asked = parser.parse_args()
    logger.remove()
    with tempfile.TemporaryDirectory(prefix="coinmon-field-") as name:
        found = asyncio.run(campaign(Path(name), asked.minutes, asked.seed, asked.speed))
    print(f"{asked.minutes} minutes of market time, seed {asked.seed}: {found.cycles} cycles")
    print("met somebody: " + ", ".join(f"{kind} {count}" for kind, count in sorted(found.struck.items())))
    for (venue, label), count in sorted(found.minutes.items()):
        print(f"  {venue:10} {label:8} {count}")
    for each in (*found.errors, *found.wrong)[:20]:
        print(f"  WRONG {each}")
    for name, silence in found.silent.items():
        pauses = ", ".join(f"{seconds:.0f}" for seconds in silence.pauses) or "none"
        print(
            f"  {name:10} without an answer for {silence.longest:.0f} s at most, "
            f"{max(0, silence.beyond):.0f} s of them not announced (at most {MOST_BEYOND_S:g}); pauses: {pauses}"
        )
        for each in silence.unearned:
            print(f"  WRONG {name}: {each}")
    print(f"no coins followed: {found.no_coins or 0}")
    verdict = "PASS" if found.well else "FAIL"
    print(f"{verdict}: {len(found.wrong)} minutes are not what they say, {len(found.errors)} errors")
    return 0 if found.well else 1


if __name__ == "__main__":
    sys.exit(main())
