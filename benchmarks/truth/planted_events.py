"""Precision and recall of the bundled signals against what the default scenario plants, over many seeds.

For each seed a scan follows the emulator five minutes at a time, both in this process and on one clock moved by hand.
What it tells is compared with /emulator/truth. found: of the `planted` events that were over by the end. false: told
where nothing was planted. other: told of a pair while an event of another kind was in its window (one that is half
inside the window may read as a lesser one).

Run: python benchmarks/truth/planted_events.py [--seeds 20] [--minutes 60]
"""

import argparse
import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
from loguru import logger

from coinmon.clock import Clock as MarketClock
from coinmon.config.load import load_config
from coinmon.model.events import as_json
from coinmon.model.moment import MINUTE, parse_time
from coinmon.run.cycle import Scan
from coinmon.store.database import open_database
from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.scenario.scenario import STARTS_AT, Scenario
from coinmon_emulator.server.server import running

KINDS = {"global_sync_bullish", "consensus_change", "us_accumulation", "long_trap", "whale", "liquidation_cascade"}
WINDOW = 50 * MINUTE
SETTINGS = {"books.enabled": False, "signals.long_trap.noise_floor": 1_000.0}
"""Without a floor, as it is by default, any selling beside any buying is a long trap: noise is."""
_STEP = 5
"""Minutes from cycle to cycle: each minute would be slower than the market, for the venues' limits count real time."""


class Hand(MarketClock):
    """Market time stands still until it is moved."""

    __slots__ = ("moment",)

    def __init__(self, at):
        super().__init__(at, 0.0, 1.0)
        self.move(at)

    def now(self):
        return self.moment

    def move(self, to):
        object.__setattr__(self, "moment", to)


@dataclass
class Outcome:
    planted: int
    found: int
    false: list
    other: int
    seconds: float


async def follow(seed: int, minutes: int, folder: Path) -> Outcome:
    began = time.perf_counter()
    hand = Hand(STARTS_AT)
    clock = EmulatedClock(STARTS_AT, 1.0, 0.0, lambda: (hand.now() - STARTS_AT) / 1000)
    told = []
    async with running(Scenario("default", seed), clock=clock) as emulator:
        path = folder / f"{seed}.yaml"
        path.write_text(emulator.config_yaml(f"sqlite:///{folder / str(seed)}.db"))
        config = load_config(path, overrides=SETTINGS, environ={}, cwd=folder)
        database = open_database(config.db)
        scan = Scan(config, hand, database, lambda event: _note(told, event, hand.now()), goes_on=True)
        # trades are polled: their streams follow the clock of the wall
        scan.feeds = {}
        await scan.sample_books()
        await _heard(scan)
        for minute in range(0, minutes + 1, _STEP):
            hand.move(STARTS_AT + minute * MINUTE)
            await _heard(scan)
            await scan.sample_books()
            await scan.cycle()
        await scan.close()
        database.close()
        async with httpx.AsyncClient(trust_env=False) as client:
            planted = (await client.get(f"{emulator.url}/emulator/truth")).json()["events"]
    # of those behind its windows a scan that begins hears nothing
    truth = [each for each in planted if each["kind"] in KINDS and each["end_ms"] > STARTS_AT - 50 * MINUTE]
    closed = hand.now() - hand.now() % MINUTE
    over = [each for each in truth if each["end_ms"] <= closed]
    found = [each for each in over if any(_is_of(each, *said) for said in told)]
    astray = [said for said in told if not any(_is_of(each, *said) for each in truth)]
    false = [said for said in astray if not any(_is_of(each, each["kind"], *said[1:]) for each in truth)]
    return Outcome(len(over), len(found), false, len(astray) - len(false), time.perf_counter() - began)


async def _heard(scan):
    """Until the liquidations up to now, which come by socket only, have been listened to."""
    shelves = [shelf for feed in scan._sampling._feeds.values() for shelf in feed._shelves.values()]
    for _ in range(300):
        if all(shelf.listening is not None for shelf in shelves):
            break
        await asyncio.sleep(0.1)
    else:
        raise RuntimeError("liquidations are not streamed")
    before, quiet = -1, 0
    while quiet < 5:
        await asyncio.sleep(0.1)
        count = sum(len(shelf.liquidations) for shelf in shelves)
        before, quiet = count, quiet + 1 if count == before else 0


def _note(told, typed, now):
    event = as_json(typed)
    if event["event"] == "signal" and event["signal"] in KINDS:
        told.append((event["signal"], event["pair"].replace("/", ""), now))
    elif event["event"] == "whale":
        told.append(("whale", event["pair"].replace("/", ""), parse_time(event["time"])))


def _is_of(event, kind, pair, at):
    """Whether this was told of that event, while some of it was in the window."""
    return event["kind"] == kind and event["pair"] == pair and event["start_ms"] <= at <= event["end_ms"] + WINDOW


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--minutes", type=int, default=60)
    given = parser.parse_args()
    logger.remove()
    outcomes = []
    print(f"{'seed':>4} {'planted':>8} {'found':>6} {'false':>6} {'other':>6} {'seconds':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, given.seeds + 1):
            each = asyncio.run(follow(seed, given.minutes, Path(folder)))
            outcomes.append(each)
            print(
                f"{seed:>4} {each.planted:>8} {each.found:>6} {len(each.false):>6} {each.other:>6} {each.seconds:>8.1f}"
                + (f"  {each.false}" if each.false else "")
            )
    planted, found = sum(each.planted for each in outcomes), sum(each.found for each in outcomes)
    false, other = sum(len(each.false) for each in outcomes), sum(each.other for each in outcomes)
    print(f"{'all':>4} {planted:>8} {found:>6} {false:>6} {other:>6} {sum(each.seconds for each in outcomes):>8.1f}")
    raise SystemExit(0 if found == planted and not false else 1)


if __name__ == "__main__":
    main()
