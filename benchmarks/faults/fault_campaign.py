"""Thousands of faults, drawn from a seed, while four venues of twenty pairs stream: what is left is true or declared.

The emulator's clock runs fast. Sockets drop, stall, leave out, repeat and are late; requests meet 429, 418, 5xx, cut
bodies, broken JSON and pages of HTML; the venues' clocks jump. A fault waits for its victim, and the emulator tells
which had one. In the end every minute that says it is complete has to have exactly what traded, in every figure and at
every price; one that is partly known may have no more than traded, and none may be less known than its venue still
tells. Then every stream stalls at once, and has to be known to be silent within 30 seconds.

Faults are drawn without end, and the campaign goes on until as many as asked for have met somebody, and of every kind
at least its share; so it is not luck, nor how busy the machine is, that decides.

    python benchmarks/faults/fault_campaign.py [--faults 2000] [--seconds 140] [--seed 1] [--speed 20]
"""

import argparse
import asyncio
import json
import math
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import aiohttp
from fault_schedule import LEAST, PATIENCE, schedule
from loguru import logger

from coinmon import MINUTE, Bars, Coverage, Instrument
from coinmon.config.load import load_config
from coinmon.model.events import as_json
from coinmon.run.cycle import Scan
from coinmon.run.monitor import clock_of
from coinmon.store.database import Database, open_database
from coinmon.store.history import History
from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.scenario.load import Load
from coinmon_emulator.server.server import running

STILL_TOLD = {
    "binance": Coverage.TRADES,
    "okx": Coverage.TRADES,
    "coinbase": Coverage.TRADES,
    # its pages of trades reach back 60 or 1000 and no further; its klines do, without the taker split
    "bybit": Coverage.PARTIAL,
}
"""What a minute of the last hours can still be had as, once the faults are over."""
STALL_KNOWN = 30.0
AFTER = 12
"""Cycles after the faults in which there have to be three that read everything: a busy machine may not do it in one."""


@dataclass
class Found:
    """What a campaign found. minutes: by venue and coverage; stalls: seconds until each venue's silence was known.

    struck: faults that met somebody, by kind. wrong: minutes that are not what they say; errors: what went wrong in us.
    lost: minutes of which less is known than their venue still tells.
    """

    faults: int
    cycles: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    minutes: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    stalls: dict[str, float | None] = field(default_factory=dict)
    health: dict[str, object] = field(default_factory=dict)

    @property
    def well(self) -> bool:
        known = all(each is not None and each <= STALL_KNOWN for each in self.stalls.values())
        return not self.wrong and not self.lost and not self.errors and known and self.enough

    @property
    def kinds(self) -> dict[str, tuple[int, int]]:
        """By kind how many met somebody, and how many at least have to."""
        return {
            name: (sum(self.struck[kind] for kind in kinds), math.ceil(share * self.faults))
            for name, (kinds, share) in LEAST.items()
        }

    @property
    def enough(self) -> bool:
        return self.struck.total() >= self.faults and all(met >= least for met, least in self.kinds.values())


async def campaign(
    folder: Path, faults: int, seconds: float, seed: int, speed: float, pairs: int = 20, stalls: bool = True
) -> Found:
    spec = f"load:rate={pairs},okx={pairs},binance={pairs},bybit={pairs},coinbase={pairs}"
    market = Load(spec, seed)
    found = Found(faults)
    sink = logger.add(lambda message: found.errors.append(str(message).splitlines()[0]), level="ERROR")
    asyncio.get_running_loop().set_exception_handler(lambda _, context: found.errors.append(str(context["message"])))
    async with running(
        market, clock=EmulatedClock(market.opens_at, speed), limits=False, port=0, seed=seed
    ) as emulator:
        names = list(dict.fromkeys(f"{each.base}USDT" for each in market.instruments))
        settings = emulator.config(db=str(folder / "coinmon.db")) | {"window": 3, "outputs": {"log": False}}
        (folder / "config.yaml").write_text(json.dumps(settings | {"symbols": {"names": names}}))
        config = load_config(folder / "config.yaml", environ={}, cwd=folder)
        clock = clock_of(config)
        with closing(open_database(config.db)) as database:
            well: dict[str, bool] = {}

            def tell(typed: Any) -> None:
                event = as_json(typed)
                found.health.update(event.get("health", {}))
                if event["event"] == "venue":
                    well[event["venue"]] = event["status"] == "ok"

            scan = Scan(config, clock, database, tell, goes_on=True)
            try:
                await scan.cycle()
                start = end = clock.now() // MINUTE * MINUTE
                began = time.monotonic()
                await set_faults(emulator.url, schedule(faults, seconds, seed))
                clean = after = 0
                while clean < 3 and after < AFTER:
                    end = max(end + MINUTE, clock.now() // MINUTE * MINUTE)
                    await clock.sleep_until(end + config.settle)
                    await scan.cycle()
                    found.cycles += 1
                    passed = time.monotonic() - began
                    if not after and passed > seconds:
                        found.struck = Counter(await _struck(emulator.url))
                        if not found.enough and passed < seconds * PATIENCE:
                            continue
                        await set_faults(emulator.url, "")
                    after += passed > seconds
                    clean += passed > seconds and all(well.values())
                if stalls:
                    await _stalled(emulator.url, scan, found)
            finally:
                await scan.close()
                logger.remove(sink)
            compare(database, market, start, end, found)
    return found


async def set_faults(url: str, spec: str) -> None:
    """These are in force from now on."""
    address = f"{url}/emulator/faults"
    async with aiohttp.ClientSession() as session, session.post(address, json={"spec": spec}) as reply:
        reply.raise_for_status()


async def struck(url: str) -> dict[str, int]:
    """How often each fault was met."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/emulator/faults") as reply:
        told: dict[str, int] = (await reply.json())["struck"]
    return told


async def _struck(url: str) -> dict[str, int]:
    by_kind: Counter[str] = Counter()
    for kind, count in (await struck(url)).items():
        by_kind[kind if kind.endswith("/stream") else kind.partition("/")[0]] += count
    return dict(by_kind)


async def _stalled(url: str, scan: Scan, found: Found) -> None:
    """All streams go silent; when each venue's feed knows."""
    feeds = scan.feeds
    for _ in range(300):
        if all(feed.live for feed in feeds.values()):
            break
        await asyncio.sleep(0.2)
    await set_faults(url, "*:stall/stream")
    began = time.monotonic()
    found.stalls = dict.fromkeys(feeds)
    while None in found.stalls.values() and time.monotonic() - began < 2 * STALL_KNOWN:
        for name, feed in feeds.items():
            if found.stalls[name] is None and feed.live == 0:
                found.stalls[name] = round(time.monotonic() - began, 1)
        await asyncio.sleep(0.1)


def compare(database: Database, market: Load, start: int, end: int, found: Found) -> None:
    """Every stored minute against a plain loop over what traded."""
    history = History(database)
    by_id = {(each.venue, each.kind, each.native_id): each for each in history.instruments}
    for one in market.instruments:
        instrument = by_id[one.venue, one.kind, one.native]
        bars = history.bars(instrument, start, end, levels=True)
        rows = {int(at): number for number, at in enumerate(bars.time)}
        traded: dict[int, list[tuple[int, Decimal, Decimal, int]]] = defaultdict(list)
        for _, at, price, size, side in market.rows(one, market.before(one, start), market.before(one, end)).rows():
            exact = Decimal(price).scaleb(-one.price_digits), Decimal(size).scaleb(-one.size_digits)
            traded[at // MINUTE * MINUTE].append((at, *exact, side))
        for minute in range(start, end, MINUTE):
            row = rows.get(minute)
            coverage = Coverage.MISSING if row is None else Coverage(int(bars.coverage[row]))
            found.minutes[one.venue, coverage.label] += 1
            if coverage < STILL_TOLD[one.venue]:
                found.lost.append(f"{instrument.id} {minute} {coverage.label}")
            if row is not None:
                found.wrong += [
                    f"{instrument.id} {minute} {coverage.label}: {each}"
                    for each in differences(instrument, bars, row, coverage, traded[minute])
                ]


def differences(
    instrument: Instrument, bars: Bars, row: int, coverage: Coverage, trades: list[tuple[int, Decimal, Decimal, int]]
) -> Iterator[str]:
    zero = Decimal(0)
    expected: dict[str, Any] = {
        "volume": sum((qty for _, _, qty, _ in trades), zero),
        "quote_volume": sum((qty * price for _, price, qty, _ in trades), zero),
        "buy": sum((qty for _, _, qty, side in trades if side > 0), zero),
        "buy_quote": sum((qty * price for _, price, qty, side in trades if side > 0), zero),
    }
    if coverage < Coverage.KLINES:
        if bars.volume[row] > float(expected["volume"]) * (1 + 1e-12):
            yield f"volume {bars.volume[row]}, traded {expected['volume']}"
        return
    if coverage == Coverage.TRADES:
        running, extremes = zero, [zero, zero]
        for _, _, qty, side in trades:
            running += side * qty
            extremes = [min(extremes[0], running), max(extremes[1], running)]
        expected |= {"delta_min": extremes[0], "delta_max": extremes[1]}
    for name, exact in expected.items():
        if getattr(bars, name)[row] != float(exact):
            yield f"{name} {getattr(bars, name)[row]}, traded {exact}"
    if not trades:
        return
    prices = [price for _, price, _, _ in trades]
    for name, exact in zip(
        ("open", "high", "low", "close"), (prices[0], max(prices), min(prices), prices[-1]), strict=True
    ):
        if instrument.price(int(getattr(bars, name)[row])) != exact:
            yield f"{name} {instrument.price(int(getattr(bars, name)[row]))}, traded {exact}"
    # Binance's and OKX's streams have one row for an order at a price, however many fills it was
    least = (
        len(trades)
        if instrument.venue in ("bybit", "coinbase")
        else sum(1 for _ in groupby(trades, lambda each: each[1::2]))
    )
    if not least <= bars.trades[row] <= len(trades):
        yield f"trades {bars.trades[row]}, traded {least} to {len(trades)}"
    if coverage == Coverage.TRADES:
        yield from _level_differences(instrument, bars, row, trades)


def _level_differences(
    instrument: Instrument, bars: Bars, row: int, trades: list[tuple[int, Decimal, Decimal, int]]
) -> Iterator[str]:
    zero = Decimal(0)
    levels: dict[Decimal, list[Decimal]] = defaultdict(lambda: [zero, zero])
    for _, price, qty, side in trades:
        levels[price][side < 0] += qty
    part = slice(bars.levels.start[row], bars.levels.start[row + 1])
    columns = (bars.levels.ticks[part], bars.levels.buy[part], bars.levels.sell[part])
    stored = {instrument.price(int(ticks)): [buy, sell] for ticks, buy, sell in zip(*columns, strict=True)}
    if stored != {price: [float(each) for each in both] for price, both in levels.items()}:
        yield f"levels {stored}, traded {dict(levels)}"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--faults", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=140.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float, default=20.0)
    asked = parser.parse_args()
    logger.remove()
    with tempfile.TemporaryDirectory(prefix="coinmon-faults-") as name:
        found = asyncio.run(campaign(Path(name), asked.faults, asked.seconds, asked.seed, asked.speed))
    print(f"{asked.faults} faults in {asked.seconds:g} s, seed {asked.seed}: {found.cycles} cycles; {found.health}")
    told = ", ".join(f"{kind} {count}" for kind, count in sorted(found.struck.items()))
    print(f"{found.struck.total()} met somebody (at least {found.faults}): {told}")
    print("by kind (at least): " + ", ".join(f"{kind} {met} ({least})" for kind, (met, least) in found.kinds.items()))
    for (venue, label), count in sorted(found.minutes.items()):
        print(f"  {venue:10} {label:8} {count}")
    for word, several in (("WRONG", (*found.errors, *found.wrong)), ("LOST", found.lost)):
        for each in several[:20]:
            print(f"  {word} {each}")
    print(f"seconds until a stall was known: {found.stalls} (at most {STALL_KNOWN:g} each)")
    verdict = "PASS" if found.well else "FAIL"
    print(
        f"{verdict}: {len(found.wrong)} minutes are not what they say, {len(found.lost)} could still be had, "
        f"{len(found.errors)} errors"
    )
    return 0 if found.well else 1


if __name__ == "__main__":
    sys.exit(main())
