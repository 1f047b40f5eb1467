"""A running monitor over the emulator's sockets, and what really traded, minute by minute."""

import asyncio
import json
from collections import defaultdict
from contextlib import asynccontextmanager
from decimal import Decimal
from types import SimpleNamespace

import aiohttp
import pytest

from coinmon import MINUTE
from coinmon.config.load import load_config
from coinmon.model.bars import Coverage
from coinmon.model.events import as_json, kind_of
from coinmon.model.moment import iso
from coinmon.run.cycle import Scan
from coinmon.run.monitor import clock_of
from coinmon.store.database import open_database
from coinmon.store.history import History
from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.server.server import running

SETTLE = 15_000
"""Market time between a minute's end and its cycle: a quarter of a second at 60 times the speed."""


@asynccontextmanager
async def _monitored(folder, market, minutes, *, faults="", speed=60.0, limits=False, feeds=None):
    """Scan for so many market minutes; gives events by kind, the history, and the truth of an instrument."""
    async with running(
        market, clock=EmulatedClock(market.opens_at, speed), faults=faults, limits=limits, also=("hyperliquid",)
    ) as emulator:
        settings = emulator.config(db=str(folder / "coinmon.db")) | {"window": 3, "outputs": {"log": False}}
        settings["symbols"] = settings["symbols"][:2]
        for venue, feed in (feeds or {}).items():
            settings["exchanges"][venue]["feed"] = feed
        (folder / "config.yaml").write_text(json.dumps(settings))
        config = load_config(folder / "config.yaml", environ={}, cwd=folder)
        clock, database = clock_of(config), open_database(config.db)
        events = defaultdict(list)
        scan = Scan(config, clock, database, lambda event: events[kind_of(event)].append(as_json(event)), goes_on=True)
        begun = clock.now()
        try:
            await scan.cycle()
            first_end = begun - begun % MINUTE
            for passed in range(1, minutes + 1):
                await clock.sleep_until(first_end + passed * MINUTE + SETTLE)
                await scan.cycle()
            history = History(database)
            seen = {
                each.id: history.bars(each, first_end, first_end + minutes * MINUTE, levels=True)
                for each in history.instruments
                if history.span(each)
            }
            by_id = {each.id: each for each in history.instruments}
            truth = {id: await _truth(emulator.url, by_id[id], first_end, minutes) for id in seen}
            span = (first_end, first_end + minutes * MINUTE)
            yield SimpleNamespace(events=events, bars=seen, truth=truth, scan=scan, span=span, instruments=by_id)
        finally:
            await scan.close()
            database.close()


async def _truth(url, instrument, start, minutes):
    """Minute to plain Decimal sums: (volume, buy, trades, open, high, low, close, levels)."""
    query = {"venue": instrument.venue, "symbol": instrument.native_id, "kind": instrument.kind}
    query |= {"start": iso(start), "end": iso(start + minutes * MINUTE)}
    async with aiohttp.ClientSession() as session, session.get(f"{url}/emulator/trades", params=query) as reply:
        rows = json.loads(await reply.text())
    found = defaultdict(list)
    for row in rows:
        found[row["time"] // MINUTE * MINUTE].append((Decimal(row["price"]), Decimal(row["qty"]), row["side"]))
    return {
        minute: SimpleNamespace(
            volume=sum((q for _, q, _ in each), Decimal(0)),
            buy=sum((q for _, q, s in each if s in (1, "buy")), Decimal(0)),
            prices=[p for p, _, _ in each],
        )
        for minute, each in found.items()
    }


def _compared(run):
    """Minutes by (instrument, verdict); a minute that claims to be complete and is not fails."""
    told = defaultdict(lambda: defaultdict(int))
    wrong = []
    for id, bars in run.bars.items():
        instrument = run.instruments[id]
        assert len(set(bars.time.tolist())) == len(bars)
        rows = {int(time): at for at, time in enumerate(bars.time)}
        for minute in range(*run.span, MINUTE):
            at = rows.get(minute)
            coverage = Coverage.MISSING if at is None else Coverage(int(bars.coverage[at]))
            told[id][coverage.label] += 1
            if coverage < Coverage.KLINES:
                continue
            true = run.truth[id].get(minute)
            volume, buy = (Decimal(0), Decimal(0)) if true is None else (true.volume, true.buy)
            same = float(volume) == bars.volume[at] and float(buy) == bars.buy[at]
            if same and true is not None and coverage == Coverage.TRADES:
                prices = [bars.open[at], bars.high[at], bars.low[at], bars.close[at]]
                expected = [true.prices[0], max(true.prices), min(true.prices), true.prices[-1]]
                same = [instrument.price(int(ticks)) for ticks in prices] == expected
            if not same:
                wrong.append((id, minute, coverage.label, bars.volume[at], volume, bars.buy[at], buy))
    assert not wrong, wrong[:5]
    return told


@pytest.fixture
def monitored():
    return _monitored


@pytest.fixture
def compared():
    return _compared


@pytest.fixture
def ran():
    return asyncio.run
