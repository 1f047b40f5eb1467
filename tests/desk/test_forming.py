"""The forming minutes on their way to readers: prices of the board, candles of the charts that are shown."""

import asyncio
from types import SimpleNamespace

import pytest

from coinmon.collect.live.forming import FormingMinute
from coinmon.model.instrument import Pair
from coinmon_desk._forming import Forming
from coinmon_desk._pages import DeskPages

MINUTE = 60_000


def minute(venue, time, close):
    return FormingMinute(f"{venue}:BTC/USDT", time, close, close, close, close, 1.0, 0.0, True)


class Market:
    """A reader whose streams say what they are told to."""

    def __init__(self):
        self.news = []
        self.config = SimpleNamespace(exchanges={"binance": 1, "okx": 1}, serve=SimpleNamespace(token=None))
        self.told = None

    def forming(self, tell):
        self.told, found, self.news = tell, self.news, []
        return found

    def pairs(self):
        return [Pair("BTC", "USDT")]

    def instruments(self, pair):
        return [
            SimpleNamespace(id=f"{venue}:BTC/USDT", base="BTC", kind="spot", venue=venue)
            for venue in self.config.exchanges
        ]


@pytest.fixture
def market():
    return Market()


def test_a_price_does_not_jump_to_another_venue_where_a_minute_begins(market):
    forming = Forming(market)
    market.news = [minute("binance", 0, 100.0), minute("okx", 0, 101.0)]
    assert forming.take(print)[1] == {"BTC/USDT": 100.0}
    forming._told = 0.0
    market.news = [minute("okx", MINUTE, 102.0)]
    assert forming.take(print)[1] == {"BTC/USDT": 100.0}
    forming._told = 0.0
    market.news = [minute("binance", MINUTE, 103.0)]
    assert forming.take(print)[1] == {"BTC/USDT": 103.0}


def test_what_comes_goes_on_without_waiting_for_a_turn(market, monkeypatch):
    # a turn that never comes: only being told can send it
    monkeypatch.setattr("coinmon_desk._pages._FLUSH_S", 300.0)
    market.indicators, market.now = {}, lambda: 0

    async def run():
        pages = DeskPages(market)
        heard = asyncio.Queue()
        pages._push._readers.add(heard)
        pages._forming.look("BTC/USDT")
        move = asyncio.create_task(pages._move())
        await asyncio.sleep(0)
        market.news = [minute("binance", 0, 100.0)]
        pages._traded.set()
        frame = await asyncio.wait_for(heard.get(), 20)
        assert b"event: forming" in frame
        assert market.told == pages._traded.set
        await asyncio.wait_for(move, 20)

    asyncio.run(run())
