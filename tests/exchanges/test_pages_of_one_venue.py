"""Pages of trades that one venue answers oddly: what each may still claim to prove."""

import asyncio

import pytest
from aiohttp import web

from coinmon import Cursor


def okx_rows(ids):
    return {
        "code": "0",
        "data": [
            {"tradeId": str(id), "px": "100", "sz": "1", "side": "buy", "ts": str(1_700_000_000_000 + id)}
            for id in sorted(ids, reverse=True)
        ],
    }


def test_an_okx_hole_that_history_cannot_fill_is_told(wire, instrument):
    btc = instrument("okx", "BTC/USDT", "BTC-USDT", "0.1", "0.1")

    def answer(path, query):
        if path.endswith("/market/trades"):
            return okx_rows(range(9000, 9500))
        end = int(query["after"])
        # the venue lost 8200..8299, and keeps nothing before 8000
        return okx_rows(id for id in range(end - 100, end) if 8000 <= id < 8200 or 8300 <= id < 9500)

    async def script():
        async with wire(answer) as market:
            page = await market.okx.trades(btc, Cursor(0, 8999))
            assert (page.joined, page.more, len(page.trades)) == (True, False, 500)
            page = await market.okx.trades(btc, Cursor(0, 8499))
            assert (page.joined, page.more, page.trades.id[0], len(page.trades)) == (True, False, 8500, 1000)
            page = await market.okx.trades(btc, Cursor(0, 8099))
            assert (page.joined, page.more, page.trades.id[0], page.trades.id[-1]) == (False, False, 8100, 9499)
            page = await market.okx.trades(btc, Cursor(0, 1000))
            assert (page.joined, page.more, page.trades.id[0], page.trades.id[-1]) == (False, False, 9000, 9499)
            page = await market.okx.trades(btc, Cursor(0, 9499))
            assert (page.joined, page.more, len(page.trades)) == (True, False, 0)

    asyncio.run(script())


def test_bybit_block_trades_are_no_trades_but_prove_as_much(wire, instrument):
    btc = instrument("bybit", "BTC/USDT", "BTCUSDT", "0.1", "0.1")

    def row(id, block=False):
        return {
            "execId": str(id),
            "price": "100",
            "size": "1",
            "side": "Sell",
            "time": str(1_700_000_000_000 + id // 3),
        } | {
            "isBlockTrade": block,
            "seq": str(id),
        }

    shown = {"list": []}

    async def script():
        async with wire(lambda path, query: {"retCode": 0, "result": shown, "time": 1_700_000_100_000}) as market:
            shown["list"] = [row(id, block=id % 2 == 0) for id in range(60, 0, -1)]
            page = await market.bybit.trades(btc, Cursor(0, 31))
            assert (page.joined, page.trades.id.tolist()) == (True, list(range(33, 61, 2)))
            assert (await market.bybit.trades(btc, Cursor(1_700_000_000_001))).joined
            assert not (await market.bybit.trades(btc, Cursor(1_700_000_000_000))).joined
            # the same page in another order within a millisecond is the same trades
            shown["list"][3:6] = shown["list"][3:6][::-1]
            again = await market.bybit.trades(btc, Cursor(0, 31))
            assert again.trades.id.tolist() == page.trades.id.tolist()
            shown["list"] = [row(id) for id in range(200, 140, -1)]
            page = await market.bybit.trades(btc, Cursor(0, 31))
            assert (page.joined, len(page.trades)) == (False, 60)

    asyncio.run(script())


def test_binance_looks_before_it_believes_a_full_first_page(wire, instrument):
    """An older reading of startTime gave the newest trades of the window; such a page must not count as complete."""
    btc = instrument("binance", "BTC/USDT", "BTCUSDT", "0.1", "0.1")
    start = 1_700_000_000_000

    def row(id):
        return {"a": id, "p": "100", "q": "1", "T": start + id, "m": False}

    def answer(path, query):
        if "fromId" in query:
            first = int(query["fromId"])
            return [row(id) for id in range(first, first + int(query["limit"]))]
        return [row(id) for id in range(5000, 6000)]

    async def script():
        async with wire(answer) as market:
            assert not (await market.binance.trades(btc, Cursor(start + 4000))).joined
            page = await market.binance.trades(btc, Cursor(start + 5000))
            assert (page.joined, page.more, len(page.trades)) == (True, True, 1000)

    asyncio.run(script())


@pytest.mark.parametrize("refuses", [False, True])
def test_a_usd_m_cursor_older_than_48_hours_goes_on_with_the_hole_told(wire, instrument, refuses):
    btc = instrument("binance", "BTC/USDT:USDT", "BTCUSDT", "0.1", "0.1")
    now = 1_700_000_000_000

    def answer(path, query):
        if path.endswith("/time"):
            return {"serverTime": now}
        if refuses and "fromId" in query:
            return web.json_response({"code": -1130, "msg": "fromId is not valid."}, status=400)
        return [{"a": 700, "p": "100", "q": "1", "T": now - 1000, "m": True}]

    async def script():
        async with wire(answer) as market:
            page = await market.binance.trades(btc, Cursor(0, 5))
            assert (page.joined, page.trades.id.tolist(), page.trades.side.tolist()) == (False, [700], [-1])

    asyncio.run(script())


NOW = 1_789_776_000_000
HOUR = 3_600_000


def usdm_answers(first, last):
    """aggTrades of a perpetual: one each second up to now, ids `first` to `last` within reach, nothing for older."""

    def row(id):
        return {"a": id, "p": "100.0", "q": "1", "f": id, "l": id, "T": NOW - (last - id) * 1000, "m": False}

    def answer(path, query):
        if path.endswith("/time"):
            return {"serverTime": NOW}
        limit = int(query["limit"])
        if "fromId" in query:
            begin = int(query["fromId"])
            return [row(id) for id in range(begin, min(last + 1, begin + limit))] if begin >= first else []
        if "startTime" in query:
            low, high = int(query["startTime"]), int(query.get("endTime", NOW))
            return [row(id) for id in range(first, last + 1) if low <= NOW - (last - id) * 1000 <= high][:limit]
        return [row(id) for id in range(max(first, last + 1 - limit), last + 1)]

    return answer


def test_an_empty_answer_to_an_old_id_goes_on_with_the_hole_told(wire, instrument):
    """USD-M trades after an id that is older than 48 hours: that is not "nothing new" (EXCHANGES 1.2)."""

    async def script():
        async with wire(usdm_answers(5000, 9000)) as venues:
            btc = instrument("binance", "BTC/USDT:USDT", "BTCUSDT", "0.1", "0.001")
            page = await venues.binance.trades(btc, Cursor(NOW - HOUR, 100))
            assert not page.joined
            assert len(page.trades)
            following = await venues.binance.trades(btc, page.cursor_after(Cursor(NOW - HOUR)))
            assert following.joined

    asyncio.run(script())


def test_a_quiet_market_is_asked_for_its_newest_trade_once(wire, instrument):
    async def script():
        async with wire(usdm_answers(5000, 9000)) as venues:
            btc = instrument("binance", "BTC/USDT:USDT", "BTCUSDT", "0.1", "0.001")
            for _ in range(3):
                page = await venues.binance.trades(btc, Cursor(NOW - HOUR, 9000))
                assert page.joined
                assert not len(page.trades)
            newest = [query for path, query in venues.asked if query.get("limit") == "1"]
            assert len(newest) == 1

    asyncio.run(script())


def test_trades_that_a_venue_numbers_anew_are_read_and_do_not_join(wire, instrument):
    """After maintenance, from 1: an answer to the old id is empty, or of the newest trades."""
    first, now = 1_700_000_000_000, 1_700_000_060_000
    ids = range(1, 41)

    def answer(path, query):
        if path.endswith("/market/trades"):
            return okx_rows(ids)
        if path.startswith("/coinbase"):
            at = "2023-11-14T22:13:{:02d}.000000Z"
            row = {"price": "100", "size": "1", "side": "buy"}
            return [row | {"trade_id": id, "time": at.format(20 + id // 2)} for id in reversed(ids)]
        if path.endswith("/time"):
            return {"serverTime": now}
        if int(query.get("fromId", 0)) > 1000:
            return []
        found = [{"a": id, "p": "100", "q": "1", "f": id, "l": id, "T": first + id, "m": True} for id in ids]
        return found[-int(query["limit"]) :]

    async def script():
        async with wire(answer) as market:
            for name, kind in (("okx", ""), ("coinbase", ""), ("binance", ""), ("binance", ":USDT")):
                btc = instrument(name, f"BTC/USDT{kind}", "BTCUSDT", "0.1", "0.1")
                page = await getattr(market, name).trades(btc, Cursor(first, 5_000_000))
                assert (page.trades.id.tolist(), page.joined, page.more) == ([*ids], False, False), name
                # and nothing newer than the last of them is no new numbering
                page = await getattr(market, name).trades(btc, Cursor(first, 40))
                assert (len(page.trades), page.joined, page.more) == (0, True, False), name

    asyncio.run(script())
