"""What venues do on a first day: pages that come again, other writings of numbers, ids and codes."""

import asyncio
import json

import pytest

from coinmon import MINUTE
from coinmon_exchanges._columns import numbers, whole
from coinmon_exchanges.bybit import decode as bybit
from coinmon_exchanges.okx import books as okx_books

START = 1_789_776_000_000
END = START + 400 * MINUTE


def kline(at):
    return [at, "1", "1", "1", "1", "2", at + MINUTE - 1, "2", 3, "1", "1", "0"]


def candle(at):
    return [str(at), "1", "1", "1", "1", "2", "2", "2", "1"]


def always(venue):
    """The same page whatever is asked for: full, and with a cursor to another one that is this one."""

    def answer(path, query):
        minutes = range(START, START + int(query.get("limit", 1)) * MINUTE, MINUTE)
        if path.endswith("/time"):
            return {"serverTime": END}
        if path.endswith("/klines"):
            return [kline(at) for at in minutes]
        if path.endswith("/fundingRate"):
            row = {"symbol": "BTCUSDT", "fundingRate": "0.0001", "fundingTime": START, "markPrice": "1"}
            return [row] * int(query["limit"])
        if path.endswith("candles"):
            # later than what is asked for
            late = [at + 450 * MINUTE for at in reversed(minutes)]
            return {"code": 0, "data": [candle(at) for at in late]}
        if path.endswith("/open-interest"):
            row = {"openInterest": "2", "singleOpenInterest": "1", "timestamp": str(START)}
            other = {"a": "b", "b": "a"}.get(query.get("cursor"), "a")
            return {"retCode": 0, "result": {"list": [row], "nextPageCursor": other}, "time": END}
        other = {"a": "b", "b": "a"}.get(query.get("cursor"), "a")
        return {"retCode": 0, "result": {"list": [], "nextPageCursor": other}, "time": END}

    return answer


@pytest.mark.parametrize("venue", ["binance", "binance perp", "okx", "bybit", "bybit lists"])
def test_a_page_that_comes_again_and_again_ends_the_reading(wire, instrument, venue):
    spot = instrument("binance", "BTC/USDT", "BTCUSDT", "1", "1")
    perp = instrument("binance", "BTC/USDT:USDT", "BTCUSDT", "1", "1")
    ask = {
        "binance": lambda venues: venues.binance.bars(spot, START, START + 5000 * MINUTE),
        "binance perp": lambda venues: venues.binance.past_funding(perp, START, END),
        "okx": lambda venues: venues.okx.bars(spot, START, START + 900 * MINUTE),
        "bybit": lambda venues: venues.bybit.past_open_interest(perp, START, END),
        "bybit lists": lambda venues: venues.bybit.instruments(),
    }[venue]

    async def script():
        async with wire(always(venue)) as venues, asyncio.timeout(5):
            await ask(venues)
            return len(venues.asked)

    assert asyncio.run(script()) <= 8


def test_numbers_that_are_no_json_are_read_and_what_is_none_is_not():
    assert numbers([".5", "5.", "1e-05", "+2"]).tolist() == [0.5, 5.0, 1e-05, 2.0]
    for bad in (["", "1"], ["1", None], ["nan"], ["1,5"], ["x"]):
        with pytest.raises((ValueError, TypeError)):
            numbers(bad)
    with pytest.raises(ValueError, match="not all integers"):
        whole([".5"])


def test_ids_of_both_forms_in_one_page_are_those_of_each_alone():
    texts = ["20f43950-d8dd-5b31-9112-a178eb6023af", "2290000000061666327"]
    assert bybit.ids(texts).tolist() == [bybit.ids([text])[0] for text in texts]
    assert bybit.ids(texts).tolist()[1] == 2290000000061666327


def test_a_row_that_lacks_what_it_need_not_have_is_a_trade(instrument):
    row = {"execId": "1", "price": "2", "size": "3", "side": "Buy", "time": str(START), "seq": "1"}
    page = bybit.trades({"result": {"list": [row]}}, instrument("bybit", "BTC/USDT", "BTCUSDT", "1", "1"))
    assert page.trades.qty.tolist() == [3.0]


def test_one_product_without_a_book_costs_no_ticker(wire, instrument):
    """Before a product trades its sides are empty, and one whose answer is odd costs itself."""
    products = [instrument("coinbase", f"{base}/USD", f"{base}-USD", "0.01", "1") for base in ("BTC", "NEW", "ODD")]
    whole_one = {"time": "2026-11-20T00:00:00Z", "price": "2", "bid": "1", "ask": "3", "volume": "4"}

    def answer(path, query):
        if "NEW" in path:
            return {**{key: whole_one[key] for key in ("time", "price", "volume")}, "bid": ""}
        return {"message": "internal"} if "ODD" in path else whole_one

    async def script():
        async with wire(answer) as venues:
            return await venues.coinbase.tickers(products)

    found = asyncio.run(script())
    assert {id: (ticker.bid, ticker.ask) for id, ticker in found.items()} == {
        "coinbase:BTC/USD": (1.0, 3.0),
        "coinbase:NEW/USD": (None, None),
    }


@pytest.mark.parametrize("predecessor", [{}, {"prevSeqId": -1}, {"prevSeqId": None}], ids=str)
def test_a_book_of_okx_needs_no_predecessor_to_begin(instrument, predecessor):
    """One such snapshot took the 25 books of its connection with it (EXCHANGES C4)."""
    (link,) = okx_books.links("ws://x", [instrument("okx", "BTC/USDT", "BTC-USDT", "0.1", "0.1")])
    told = {"arg": {"channel": "books", "instId": "BTC-USDT"}}
    row = {"asks": [["101", "1", "0", "1"]], "bids": [["100", "1", "0", "1"]], "ts": "1", "checksum": 0}
    snapshot = {**told, "action": "snapshot", "data": [{**row, "seqId": 5, **predecessor}]}
    changed = {**row, "bids": [["100", "2", "0", "1"]], "seqId": 6, "prevSeqId": 5}
    update = {**told, "action": "update", "data": [changed]}
    (item,) = link.read([json.dumps(snapshot), json.dumps(update)], link.begin(link))
    assert item.book.bids.tolist() == [[100.0, 2.0]]
