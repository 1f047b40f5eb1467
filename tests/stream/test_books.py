"""Books kept from the emulator's sockets are the emulator's books; what is sampled of them; liquidations."""

import asyncio
import json
from contextlib import aclosing, asynccontextmanager

import numpy as np
import pytest

from coinmon import MINUTE, StreamState
from coinmon.config.build import make
from coinmon.config.load import load_config
from coinmon.run.cycle import Scan
from coinmon.run.monitor import clock_of
from coinmon.store.database import open_database
from coinmon.store.history import History
from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.market.ladder import STEP
from coinmon_emulator.scenario.scenario import STARTS_AT, Scenario
from coinmon_emulator.server.server import running

DEPTHS = {"binance": 1000, "okx": 400, "bybit": 1000, "coinbase": 1 << 30}


@asynccontextmanager
async def configured(folder, market, *, begins=STARTS_AT, speed=1.0, **changes):
    faults = changes.pop("faults", "")
    async with running(market, clock=EmulatedClock(begins, speed), faults=faults, limits=True) as emulator:
        settings = emulator.config(db=str(folder / "coinmon.db")) | {"window": 2, "outputs": {"log": False}} | changes
        (folder / "config.yaml").write_text(json.dumps(settings))
        yield load_config(folder / "config.yaml", environ={}, cwd=folder)


async def streamed(venue, instruments, most):
    """Books by (instrument id, time), and states: until each instrument has brought so many books."""
    books, states, counts = {}, [], dict.fromkeys((each.id for each in instruments), 0)
    async with asyncio.timeout(60), aclosing(venue.stream(instruments, ["book"])) as batches:
        async for batch in batches:
            for each in batch:
                if isinstance(each, StreamState):
                    states.append(each)
                else:
                    books[each.instrument.id, each.book.time] = each.book
                    counts[each.instrument.id] += 1
            if min(counts.values()) >= most:
                break
    return books, states


def one_of(market, instrument):
    wanted = (instrument.venue, instrument.kind, instrument.native_id)
    return next(each for each in market.instruments if (each.venue, each.kind, each.native) == wanted)


def same_as_the_market(market, instrument, book):
    """Each level of each side is the emulator's at that moment."""
    one = one_of(market, instrument)
    truth = market.ladder(one, book.time // STEP).top(DEPTHS[instrument.venue])
    for side, (prices, sizes) in ((book.bids, truth.bids), (book.asks, truth.asks)):
        told = np.column_stack((prices * 10.0**-one.price_digits, sizes * 10.0**-one.size_digits))
        if told.shape != side.shape or not np.allclose(told, side, rtol=1e-12, atol=0):
            return False
    return True


@pytest.mark.parametrize(
    "faults",
    [
        "",
        "okx:gap=10/stream,binance:gap=10/stream,bybit:gap=10/stream,coinbase:repeat/stream",
        "okx:drop@0+3/stream?p=0.1,binance:drop@0+3/stream?p=0.1,bybit:garbage@0+3/stream?p=0.1,"
        "coinbase:cut@0+3/stream?p=0.1",
    ],
    ids=["sound", "gaps and repeats", "broken connections"],
)
def test_every_book_is_the_venues_or_is_not_told(tmp_path, ran, faults):
    async def run():
        market = Scenario("default", 1)
        # gaps are the first second of every ten
        async with configured(tmp_path, market, begins=STARTS_AT + 6_000, faults=faults) as config:
            venues = make(config.exchanges)
            listed = {name: [each for each in await venue.instruments() if each.base == "BTC"]
                      for name, venue in venues.items()}  # fmt: skip
            most = 12 if "gap" in faults else 3
            found = await asyncio.gather(*(streamed(venues[name], each, most) for name, each in listed.items()))
            await asyncio.gather(*(venue.close() for venue in venues.values()))
        told, broken = set(), 0
        for several, (books, states) in zip(listed.values(), found, strict=True):
            by_id = {each.id: each for each in several}
            for (id, _), book in books.items():
                assert same_as_the_market(market, by_id[id], book)
                told.add(id)
            assert all(state.channel == "book" for state in states)
            lost = [state.why for state in states if not state.live]
            if not faults:
                assert lost == []
            broken += sum("sequence broken" in why for why in lost)
        assert (broken > 0) is ("gap" in faults)
        assert told == {each.id for several in listed.values() for each in several}

    ran(run())


@asynccontextmanager
async def sampled(folder, market, enough, **settings):
    """A scan that has sampled until there is enough of each instrument; what is stored, by instrument."""
    async with configured(folder, market, symbols=["BTCUSDT"], **settings) as config:
        database = open_database(config.db)
        scan = Scan(config, clock_of(config), database, lambda event: None, goes_on=True)
        # what is listed beside the markets that are followed is stored by name alone
        followed = {one.key for one in market.instruments if one.followed and one.base == "BTC"}
        try:
            kept = {}
            async with asyncio.timeout(60):
                while not kept or not all(enough(each, history) for each, history in kept.items()):
                    await asyncio.sleep(0.25)
                    await scan.sample_books()
                    history = History(database)
                    keys = {each: f"{each.venue}:{each.kind}:{each.native_id}" for each in history.instruments}
                    kept = {each: history for each, key in keys.items() if key in followed}
            yield kept
        finally:
            await scan.close()
            database.close()


def test_a_running_scan_samples_books(tmp_path, ran):
    def enough(instrument, history):
        return len(history.depth(instrument, 0, 2**62)) >= 5 and history.heatmap(instrument, 0, 2**62)

    async def run():
        # a minute ends a few seconds on
        begins = STARTS_AT - STARTS_AT % MINUTE + 56_000
        async with sampled(tmp_path, Scenario("default", 1), enough, begins=begins, speed=1.0) as kept:
            assert len(kept) == 7
            for instrument, history in kept.items():
                depth = history.depth(instrument, 0, 2**62)
                assert len(depth) >= 5
                for sample in depth:
                    assert [near.percent for near in sample.near] == [0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 5.0]
                    sizes = np.array([(near.bid_base, near.ask_base) for near in sample.near])
                    assert (np.diff(sizes, axis=0) >= 0).all()
                    assert sample.bid < sample.ask
                    assert 0 < min(sample.reach_bid, sample.reach_ask) < 5
                for picture in history.heatmap(instrument, 0, 2**62):
                    assert picture.time % MINUTE == 0
                    assert np.nansum(picture.bids) > 0 < np.nansum(picture.asks)

    ran(run())


def test_a_running_scan_hears_liquidations(tmp_path, ran):
    def enough(instrument, history):
        return instrument.kind == "spot" or len(history.liquidations_heard(instrument, 0, 2**62)) >= 3

    async def run():
        market = Scenario("default", 1)
        async with sampled(tmp_path, market, enough, speed=30.0, books=False) as kept:
            for instrument, history in kept.items():
                found = history.liquidations(instrument, 0, 2**62)
                heard = history.liquidations_heard(instrument, 0, 2**62)
                assert not history.depth(instrument, 0, 2**62)
                if instrument.kind == "spot":
                    assert not found
                    assert not heard
                    continue
                assert len(heard) >= 2
                begun, over = min(heard), max(heard)
                truth = list(market.liquidations(one_of(market, instrument), begun, over).rows())
                if instrument.venue == "binance":
                    # only the latest of each second is pushed
                    truth = list({row[1] // 1000: row for row in truth}.values())
                told = [each for each in found if begun <= each.time < over]
                # what was sold by force had been a long
                assert sorted((each.time, each.side) for each in told) == sorted((row[1], -row[4]) for row in truth)
                scale = 10.0 ** -one_of(market, instrument).size_digits
                assert sum(each.base for each in told) == pytest.approx(sum(row[3] for row in truth) * scale)

    ran(run())
