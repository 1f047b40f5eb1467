"""USD-M trades after an id that is older than 48 hours: an empty answer is not "nothing new" (EXCHANGES 1.2)."""

import asyncio

from coinmon import Cursor

NOW = 1_789_776_000_000
HOUR = 3_600_000


def answers(first, last):
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
    async def script():
        async with wire(answers(5000, 9000)) as venues:
            btc = instrument("binance", "BTC/USDT:USDT", "BTCUSDT", "0.1", "0.001")
            page = await venues.binance.trades(btc, Cursor(NOW - HOUR, 100))
            assert not page.joined
            assert len(page.trades)
            following = await venues.binance.trades(btc, page.cursor_after(Cursor(NOW - HOUR)))
            assert following.joined

    asyncio.run(script())


def test_a_quiet_market_is_asked_for_its_newest_trade_once(wire, instrument):
    async def script():
        async with wire(answers(5000, 9000)) as venues:
            btc = instrument("binance", "BTC/USDT:USDT", "BTCUSDT", "0.1", "0.001")
            for _ in range(3):
                page = await venues.binance.trades(btc, Cursor(NOW - HOUR, 9000))
                assert page.joined
                assert not len(page.trades)
            newest = [query for path, query in venues.asked if query.get("limit") == "1"]
            assert len(newest) == 1

    asyncio.run(script())
