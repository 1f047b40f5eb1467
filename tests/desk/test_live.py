"""What readers of the stream are told as it comes, and what that costs where many read."""

import asyncio
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace

import orjson
import pytest

from coinmon.collect.live.forming import FormingMinute
from coinmon.model.instrument import Pair
from coinmon_desk import _live
from coinmon_desk._board import PairBoard
from coinmon_desk._figures import cell
from coinmon_desk._forming import Forming, places_of
from coinmon_desk._live import Live

MINUTE = 60_000


def minute(venue, time, close, pair="BTC/USDT"):
    return FormingMinute(f"{venue}:{pair}", time, close, close, close, close, 1.0, 0.0, True)


class Market:
    """A reader whose streams say what they are told to."""

    def __init__(self):
        self.news, self.rests, self.looks = [], [], 0
        self.config = SimpleNamespace(exchanges={"binance": 1, "okx": 1})

    def now(self):
        return 0

    def forming(self, tell, rest):
        self.rests.append(rest if tell else None)
        found, self.news = self.news, []
        return found

    def pairs(self):
        return [Pair("BTC", "USDT"), Pair("ETH", "USDT")]

    def stored_history(self):
        return None, self

    def of(self, pair):
        self.looks += 1
        return [
            SimpleNamespace(id=f"{venue}:{pair}", base=pair.base, kind="spot", venue=venue)
            for venue in self.config.exchanges
        ]


class Told:
    """A tape and a state that say what they are told to."""

    def __init__(self):
        self.documents = 0

    def take(self, event):
        return event.get("row")

    def document(self):
        self.documents += 1
        return {"n": self.documents}


@pytest.fixture
def market():
    return Market()


@pytest.fixture
def forming(market):
    made = Forming(market)
    made.placed(places_of(market))
    return made


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def live(market, told):
    made = Live(market, PairBoard(market), told, told)
    made._forming.placed(places_of(market))
    for pair in ("BTC/USDT", "ETH/USDT"):
        made._board._put(pair, {"price": cell("1", 1.0)})
    return made


def events(raw):
    """Kinds and what they say."""
    found = []
    for each in raw.decode().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in each.splitlines())
        if "event" in lines:
            found.append((lines["event"], orjson.loads(lines["data"])))
    return found


@asynccontextmanager
async def reading(live, count=1, pairs=()):
    """Streams that have begun."""
    streams = [live.push.stream("", pairs) for _ in range(count)]
    for each in streams:
        await anext(each)
    try:
        yield streams
    finally:
        for each in streams:
            await each.aclose()


def test_a_price_does_not_jump_to_another_venue_where_a_minute_begins(market, forming):
    found = []
    for news in (
        [minute("binance", 0, 100.0), minute("okx", 0, 101.0)],
        [minute("okx", MINUTE, 102.0)],
        [minute("binance", MINUTE, 103.0)],
        [],
    ):
        market.news = news
        assert forming.take(print) == {}
        found.append(forming.prices())
    assert found == [{"BTC/USDT": 100.0}, {"BTC/USDT": 100.0}, {"BTC/USDT": 103.0}, {}]


def test_an_instrument_of_no_pair_costs_no_look_at_the_store(market, forming):
    """Of coins that a venue counts in thousands there may be many: each trade asked for all pairs anew."""
    before = market.looks
    for _ in range(3):
        market.news = [minute("binance", 0, 1.0, "1000PEPE/USDT"), minute("okx", 0, 1.0, "1000BONK/USDT")]
        assert forming.take(print, shown=["1000PEPE/USDT"]) == {}
    assert (forming.prices(), market.looks) == ({}, before)


def test_candles_are_made_of_the_pairs_whose_charts_are_shown(market, forming):
    market.news = [minute("binance", 0, 100.0), minute("okx", 0, 101.0), minute("okx", 0, 9.0, "ETH/USDT")]
    candles = forming.take(print, shown=["BTC/USDT"])
    assert {pair: sorted(rows) for pair, rows in candles.items()} == {
        "BTC/USDT": ["all:BTC/USDT", "binance:BTC/USDT", "okx:BTC/USDT"]
    }
    assert candles["BTC/USDT"] == forming.candles("BTC/USDT")
    # one that begins to be shown later is told what is known
    assert forming.candles("ETH/USDT")["all:ETH/USDT"] == [[0, 9.0, 9.0, 9.0, 9.0, 1.0, 0.0, True]]
    assert forming.candles("SOL/USDT") == {}


def test_a_candle_goes_on_as_it_comes_and_only_to_its_readers(market, live):
    async def run():
        async with reading(live, 3), reading(live, 1, ["BTC/USDT"]) as (chart,):
            # a turn that never comes: only being told can send it
            live._due = _live.monotonic() + 300
            turn = asyncio.create_task(live._turn())
            await asyncio.sleep(0)
            market.news = [minute("binance", 0, 100.0)]
            live._traded.set()
            ((kind, found),) = events(await asyncio.wait_for(anext(chart), 20))
            assert (kind, list(found)) == ("forming", ["BTC/USDT"])
            assert all(not each.waiting for each in live.push._readers)
            await asyncio.wait_for(turn, 20)

    asyncio.run(run())


def test_a_chart_that_is_opened_is_told_what_is_known_of_the_minute(market, live):
    async def run():
        market.news = [minute("binance", 0, 100.0)]
        live._forming.take(print)
        stream = live.push.stream("now", ["BTC/USDT"])
        kinds = events(await anext(stream))
        await stream.aclose()
        return dict(kinds)

    told = asyncio.run(run())
    assert list(told) == ["edition", "board", "state", "forming"]
    assert told["forming"]["BTC/USDT"]["binance:BTC/USDT"][0][4] == 100.0


@pytest.mark.parametrize(("readers", "pause"), [(1, 0.25), (48, 0.48), (500, 0.5)])
def test_many_readers_get_rows_more_seldom_and_all_of_a_turn_in_one_write(market, live, readers, pause):
    """48 readers of 559 pairs cost a quarter of a core: eight writes a second to each."""

    async def run():
        async with reading(live, readers) as streams:
            live._due = 0.0
            market.news = [minute("binance", 0, 100.0), minute("okx", 0, 9.0, "ETH/USDT")]
            for number in range(100):
                live.hear({"event": "signal", "pair": "BTC/USDT", "row": {"n": number}} | SIGNAL)
            before = _live.monotonic()
            await live._turn()
            assert pause <= live._due - before < pause + 0.2
            assert live._due - before <= 0.5 + 0.2
            for each in streams:
                kinds = events(await anext(each))
                assert [kind for kind, _ in kinds] == ["board", "tape"]
                assert len(kinds[1][1]) == 100
                assert kinds[0][1]["ETH/USDT"] == {"price": cell("9", 9.0)}
            assert not any(each.waiting for each in live.push._readers)
        # boards alone do not need streams to be read at once
        assert market.rests == [pytest.approx(pause / 2)]

    asyncio.run(run())


SIGNAL = {"time": "2026-01-15T12:00:00Z", "grade": "A", "title": {"en": "x", "zh": "x"}, "direction": "bullish"}


def test_streams_are_read_at_once_while_a_chart_is_shown(market, live):
    async def run():
        async with reading(live, 48), reading(live, 1, ["BTC/USDT"]):
            live._due = 0.0
            await live._turn()
        await live._turn()

    asyncio.run(run())
    assert market.rests == [_live._CANDLES_S, None]


def test_readers_that_come_together_cost_one_look_at_the_state_and_one_board(live, told, monkeypatch):
    """After a restart all of them come within a second."""
    written = []
    monkeypatch.setattr(_live, "frame", lambda kind, *given: written.append(kind) or b"")

    async def run():
        streams = [live.push.stream() for _ in range(48)]
        await asyncio.gather(*map(anext, streams))
        for each in streams:
            await each.aclose()

    asyncio.run(run())
    assert told.documents == 1
    assert (written.count("board"), written.count("state")) == (1, 1)


def test_many_events_of_the_state_are_told_together(live, told, monkeypatch):
    async def run():
        async with reading(live) as (stream,):
            for _ in range(50):
                live.hear({"event": "delivery"})
            monkeypatch.setattr(_live, "_STATE_S", 300.0)
            task = asyncio.create_task(_live._again_and_again(live._tell_state))
            assert events(await anext(stream)) == [("state", {"n": 2})]
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    asyncio.run(run())
    assert told.documents == 2


def test_a_reader_that_is_told_nothing_is_told_that_it_lives(live, monkeypatch):
    async def run():
        async with reading(live) as (stream,):
            live._board.news()
            live._due, live._said_at = 0.0, _live.monotonic() - _live._PING_S - 1
            await live._turn()
            assert events(await anext(stream)) == [("ping", {})]

    asyncio.run(run())
