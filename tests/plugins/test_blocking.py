"""Plugins whose code blocks, and a database that another process holds: the event loop goes on, and says who it is."""

import asyncio
import sqlite3
import time
from itertools import pairwise
from threading import Event
from types import SimpleNamespace

import numpy as np
import pytest
from loguru import logger

from coinmon import Cursor, Signal, Streamed, StreamState, Text, TradePage, Trades
from coinmon.clock import Clock
from coinmon.collect.derivatives import sample
from coinmon.collect.exchange_apart import ExchangeApart
from coinmon.collect.live.book_feed import BookFeed
from coinmon.collect.live.book_sampler import BookSampler
from coinmon.collect.venue import Venue
from coinmon.collect.watchlist import begin
from coinmon.config.load import SymbolsConfig
from coinmon.errors import CoinmonError
from coinmon.evaluate import computing
from coinmon.evaluate.computing import computed
from coinmon.evaluate.evaluator import Evaluator
from coinmon.model.derivatives import OpenInterest
from coinmon.plugin.border import NotAsAgreed
from coinmon.store.database import open_database
from tests.collect.conftest import Listed, instrument

LONGEST_STAND_S = 0.3


@pytest.fixture
def said():
    lines = []
    sink = logger.add(lambda message: lines.append(message.record["message"]), level="WARNING")
    yield lines
    logger.remove(sink)


async def _beating(work):
    """What work gives, and the longest time for which the event loop stood meanwhile."""
    beats = [time.monotonic()]

    async def beat():
        while True:
            await asyncio.sleep(0.01)
            beats.append(time.monotonic())

    beating = asyncio.create_task(beat())
    try:
        return await work, max(b - a for a, b in pairwise([*beats, time.monotonic()]))
    finally:
        beating.cancel()


def _evaluator(**signals):
    def chosen(name, target):
        offer = SimpleNamespace(plugin=f"dir.{name}", target=target, distribution="plugin_dir", columns=None)
        return SimpleNamespace(offer=offer, settings={})

    made = {name: chosen(name, target) for name, target in signals.items()}
    rules = SimpleNamespace(stamp=lambda: 0)
    return Evaluator(SimpleNamespace(signals=made, rules=rules, indicators={}, screen=None), [])


def test_a_signal_that_blocks_is_left_out_and_named_and_the_others_are_told(monkeypatch, said):
    monkeypatch.setattr(computing, "DEADLINE_S", 0.3)
    monkeypatch.setattr(computing, "_LOOK_S", 0.05)
    monkeypatch.setattr(computing, "_PAUSE_S", (0.2, 0.2))
    free, asked = Event(), []
    text = Text("涨", "up")

    def dozy(market):
        asked.append(1)
        free.wait(20)
        return []

    def good(market):
        return [Signal("good", market.pair, "A", "bullish", text, text, {}, "k")]

    evaluator = _evaluator(dozy=dozy, good=good)
    market = SimpleNamespace(pair="BTC/USDT")

    async def cycle():
        return await _beating(computed(lambda _: evaluator.judged(market)))

    judged, stand = asyncio.run(cycle())
    assert [each.name for each in judged["good"]] == ["good"]
    assert "blocks" in str(judged["dozy"].reason)
    assert stand < LONGEST_STAND_S
    asyncio.run(cycle())
    assert len(asked) == 1  # not asked while it blocks
    assert [line for line in said if "blocks" in line] == [
        "signal dozy (plugin dir.dozy) blocks for more than 0 s: it is left out until it comes to an end"
    ]
    free.set()
    until = time.monotonic() + 10
    while len(asked) < 2:
        assert time.monotonic() < until
        asyncio.run(cycle())


class Dozy(Listed):
    """Blocks as `requests.get` does."""

    free = Event()

    async def instruments(self):
        self.free.wait(20)
        return await super().instruments()

    async def stream(self, instruments, channels):
        for number in range(3):
            yield [StreamState("trades", [], True, str(number))]


def test_an_exchange_that_blocks_holds_up_itself_alone(said):
    listed = instrument()
    apart = ExchangeApart("acme", Dozy(listed))
    venue = Venue("acme", apart, Clock(0, 0, 0))
    assert (venue.has("instruments"), venue.has("tickers"), apart.requests) == (True, False, 0)

    async def main():
        (failure,), stand = await _beating(
            asyncio.gather(venue.call("instruments", deadline=0.2), return_exceptions=True)
        )
        began = time.monotonic()
        with pytest.raises(CoinmonError, match="blocks"):
            await venue.call("instruments", deadline=5)
        at_once = time.monotonic() - began
        Dozy.free.set()
        async with asyncio.timeout(10):
            while True:
                try:
                    found = await venue.call("instruments", deadline=5)
                    break
                except CoinmonError:
                    await asyncio.sleep(0.01)
        streamed = [batch async for batch in apart.stream([], ())]
        return failure, stand, at_once, found, streamed

    failure, stand, at_once, found, streamed = asyncio.run(main())
    assert "acme: instruments: its code blocks" in str(failure)
    assert stand < LONGEST_STAND_S
    assert at_once < 1
    assert found == [listed]
    assert [each.why for (each,) in streamed] == ["0", "1", "2"]
    assert [line for line in said if "blocks" in line] == [
        "exchange acme: its code blocks for more than 0 s: only what is asked of it waits"
    ]


class Reusing(Listed):
    """Fills one buffer again and again, empties the list that it was given, and blocks before it streams."""

    buffer = np.zeros(1)
    none = np.zeros(1, np.int64)

    def page(self, qty):
        self.buffer[0] = qty
        return TradePage(Trades(self.none, self.none, self.none, self.buffer, np.ones(1, np.int8)), joined=True)

    async def trades(self, instrument, cursor):
        return self.page(cursor.since)

    async def tickers(self, instruments):
        return {instruments.pop().id: 1 for _ in range(2)}

    def stream(self, instruments, channels):
        time.sleep(LONGEST_STAND_S + 0.1)

        async def batches():
            while instruments:
                yield [Streamed(instruments.pop(), self.page(7))]
                self.buffer[0] = 8

        return batches()


def test_what_an_exchange_gave_and_was_given_is_not_shared_with_it():
    two = [instrument(), instrument("ETH/USDT")]
    apart = ExchangeApart("acme", Reusing(*two))
    venue = Venue("acme", apart, Clock(0, 0, 0))

    async def main():
        pages = [await venue.call("trades", two[0], Cursor(qty), deadline=5) for qty in (1, 2)]
        tickers = await venue.call("tickers", two, deadline=5)
        streamed = [batch async for batch in apart.stream(two, ("trades",))]
        return pages, tickers, streamed

    (pages, tickers, streamed), stand = asyncio.run(_beating(main()))
    assert [page.trades.qty[0] for page in pages] == [1, 2]
    assert len(two) == len(tickers) == 2
    assert [each.data.trades.qty[0] for (each,) in streamed] == [7, 7]
    assert stand < LONGEST_STAND_S


class Perps(Listed):
    async def open_interest(self, instruments):
        return {each.id: OpenInterest(0, 1.0, 1.0) for each in instruments}


def test_what_an_exchange_answers_is_looked_at_before_anybody_reads_it():
    class Odd:
        requests = 0

        async def bars(self, instrument, start, end):
            return [start]

        async def stream(self, instruments, channels):
            yield [None]

    apart, one = ExchangeApart("acme", Odd()), instrument()
    venue = Venue("acme", apart, Clock(0, 0, 0))

    async def main():
        with pytest.raises(CoinmonError, match="returned a list; expected Bars"):
            await venue.call("bars", one, 0, 60_000, deadline=5)
        with pytest.raises(NotAsAgreed, match="one of what a stream brings"):
            [batch async for batch in apart.stream([one], ("trades",))]

    asyncio.run(main())


def test_the_loop_goes_on_while_another_process_writes(tmp_path, monkeypatch):
    """Lists, samples of derivatives and of books, and what is not sent yet: nothing of it is written by the loop."""
    path = tmp_path / "coinmon.db"
    database = open_database(f"sqlite:///{path}")
    clock = Clock(28_000_000 * 60_000, 0, 0)
    venue = Venue("acme", Perps(instrument(), instrument("BTC/USDT:USDT")), clock)
    config = SimpleNamespace(
        books=SimpleNamespace(enabled=True, percents=(1.0,)), exchanges={"acme": SimpleNamespace(feed="poll")}
    )
    taken = SimpleNamespace(depth={}, pictures={}, liquidations={}, observed_minutes={1: [0]})
    monkeypatch.setattr(BookFeed, "take", lambda *_, **__: taken)

    async def main():
        watch = await begin([venue], database, SymbolsConfig(names=("BTCUSDT",)), {}, clock.now(), 0)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        asyncio.get_running_loop().call_later(4.0, other.execute, "COMMIT")
        began = time.monotonic()
        books = BookSampler(config, [venue], clock, database, goes_on=True)
        _, stand = await _beating(
            asyncio.gather(
                begin([venue], database, SymbolsConfig(names=("BTCUSDT",)), {}, clock.now(), 0, watch),
                sample([venue], watch.tracks, database, 30.0),
                books.sample(watch.tracks),
            )
        )
        return stand, time.monotonic() - began

    stand, took = asyncio.run(main())
    assert took > 3.5
    assert stand < LONGEST_STAND_S
    database.close()
