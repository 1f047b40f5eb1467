"""Hyperliquid, by its documented answers on a loopback server: prices, sides, what is proven, what is closed."""

import asyncio
import json
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
from aiohttp import WSMsgType, web

from coinmon import Cursor, DecodeError
from coinmon.model.symbols import Universe
from coinmon_exchanges.hyperliquid import decode
from coinmon_exchanges.hyperliquid.venue import Hyperliquid

MINUTE = 60_000
NOW = 1_790_000_030_000
OPEN = NOW // MINUTE * MINUTE
UNIVERSE = [
    {"name": "BTC", "szDecimals": 5, "maxLeverage": 40, "marginTableId": 56},
    {"name": "MATIC", "szDecimals": 1, "maxLeverage": 20, "isDelisted": True},
    {"name": "kPEPE", "szDecimals": 0, "maxLeverage": 10},
    {"name": "ODD", "szDecimals": None, "maxLeverage": 3},
]
CONTEXT = {
    "funding": "0.0000125", "openInterest": "28000.5", "prevDayPx": "82000.0", "dayNtlVlm": "1500000000.5",
    "premium": "0.00031774", "oraclePx": "82300.0", "markPx": "82310.0", "midPx": "82310.5",
    "impactPxs": ["82310.0", "82311.0"], "dayBaseVlm": "18000.25",
}  # fmt: skip
EMPTY = {**CONTEXT, "funding": None, "openInterest": "", "midPx": None, "markPx": ""}


def trade(tid, time, side="B", px="82310.0", sz="0.015", coin="BTC"):
    users = ["0x" + "1" * 40, "0x" + "2" * 40]
    return {"coin": coin, "side": side, "px": px, "sz": sz, "time": time, "hash": "0x0", "tid": tid, "users": users}


def candle(opened, n=3):
    prices = {"o": "82300.0", "h": "82320.0", "l": "82290.0", "c": "82310.0"}
    return {"t": opened, "T": opened + MINUTE - 1, "s": "BTC", "i": "1m", **prices, "v": "1.25", "n": n}


class FakeVenue:
    """What the venue would say; asked: the requests it got."""

    def __init__(self):
        self.now = NOW
        self.asked = []
        self.recent = [trade(77, NOW - 10, "A"), trade(991, NOW - 2000)]
        self.candles = [candle(OPEN - 2 * MINUTE), candle(OPEN - MINUTE), candle(OPEN)]
        self.frames = []

    async def info(self, request):
        body = json.loads(await request.read())
        self.asked.append(body)
        answers = {
            "metaAndAssetCtxs": lambda: [{"universe": UNIVERSE}, [CONTEXT, CONTEXT, CONTEXT, EMPTY]],
            "exchangeStatus": lambda: {"time": self.now, "specialStatuses": None},
            "recentTrades": lambda: self.recent,
            "candleSnapshot": lambda: [
                each for each in self.candles if body["req"]["startTime"] <= each["t"] <= body["req"]["endTime"]
            ],
            "fundingHistory": lambda: [
                {"coin": "BTC", "fundingRate": "0.0000125", "premium": "0.0003", "time": at + 31}
                for at in range(body["startTime"] // 3_600_000 * 3_600_000, body["endTime"], 3_600_000)
                if at + 31 >= body["startTime"]
            ][:500],
            "l2Book": lambda: {"coin": "BTC", "time": self.now, "levels": [
                [{"px": str(82310 - at), "sz": "0.5", "n": 2} for at in range(20)],
                [{"px": str(82311 + at), "sz": "0.25", "n": 1} for at in range(3)],
            ]},
        }  # fmt: skip
        return web.json_response(answers[body["type"]]())

    async def socket(self, request):
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        async for message in answer:
            if message.type != WSMsgType.TEXT:
                break
            said = json.loads(message.data)
            if said["method"] == "subscribe":
                wanted = said["subscription"]
                if wanted["coin"] == "ODD":
                    await answer.send_json({"channel": "error", "data": f"Invalid subscription {json.dumps(wanted)}"})
                    continue
                await answer.send_json({"channel": "subscriptionResponse", "data": said})
                for frame in self.frames:
                    if frame["channel"] == wanted["type"]:
                        await answer.send_json(frame)
        return answer


@asynccontextmanager
async def serving():
    fake = FakeVenue()
    application = web.Application()
    application.router.add_post("/info", fake.info)
    application.router.add_get("/ws", fake.socket)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    venue = Hyperliquid("hyperliquid", url=f"http://127.0.0.1:{port}", ws_url=f"ws://127.0.0.1:{port}")
    try:
        yield fake, venue, (await venue.instruments())[0]
    finally:
        await venue.close()
        await runner.cleanup()


def asked(script):
    async def run():
        async with serving() as (fake, venue, btc):
            return await script(fake, venue, btc)

    return asyncio.run(run())


def test_what_it_lists():
    async def script(fake, venue, btc):
        return await venue.instruments()

    btc, pepe = asked(script)
    assert (btc.id, btc.native_id, btc.kind) == ("hyperliquid:BTC/USDC:USDC", "BTC", "perp")
    assert (btc.tick_size, btc.lot_size) == (Decimal("0.1"), Decimal("0.00001"))
    assert pepe.id == "hyperliquid:kPEPE/USDC:USDC"
    assert (pepe.tick_size, pepe.lot_size) == (Decimal("0.000001"), Decimal(1))
    universe = Universe([btc, pepe], {"USDC": "USDT"})
    assert str(universe.resolve("PEPE").pair) == "PEPE/USDT"


def test_open_interest_funding_and_day_of_all_but_the_odd_coin():
    async def script(fake, venue, btc):
        both = await venue.instruments()
        odd = [*both, type(btc)(*(getattr(btc, name) for name in btc.__match_args__[:4]), "ODD", "ODD/USDC:USDC",
                                btc.tick_size, btc.lot_size)]  # fmt: skip
        return await venue.open_interest(odd), await venue.funding(odd), await venue.tickers(odd)

    interest, funding, tickers = asked(script)
    one = "hyperliquid:BTC/USDC:USDC"
    assert set(interest) == set(funding) == {one, "hyperliquid:kPEPE/USDC:USDC"}
    assert (interest[one].base, interest[one].time) == (28000.5, NOW)
    assert (funding[one].rate, funding[one].interval_ms, funding[one].index) == (0.0000125, 3_600_000, 82300.0)
    assert funding[one].next_time == (NOW // 3_600_000 + 1) * 3_600_000
    assert (tickers[one].last, tickers[one].volume, tickers[one].quote_volume) == (82310.5, 18000.25, 1500000000.5)


def test_trades_are_oldest_first_with_the_takers_side_and_join_by_overlap():
    async def script(fake, venue, btc):
        first = await venue.trades(btc, Cursor(NOW - 1500))
        missed = await venue.trades(btc, Cursor(NOW - 5000))
        fake.recent = [trade(5, NOW + 4), *fake.recent]
        after = await venue.trades(btc, Cursor(NOW, 77))
        fake.recent = [trade(at, NOW + 100 + at) for at in range(20, 10, -1)]
        return first, missed, after, await venue.trades(btc, Cursor(NOW, 5))

    first, missed, after, lost = asked(script)
    assert first.trades.id.tolist() == [991, 77]
    assert first.trades.side.tolist() == [1, -1]
    assert first.trades.ticks.tolist() == [823100, 823100]
    assert (first.joined, missed.joined) == (True, False)
    assert (after.trades.id.tolist(), after.joined) == ([5], True)
    assert not lost.joined, "ten further trades, and none that was seen: some may be missing"


def test_a_candle_counts_when_its_minute_is_over():
    async def script(fake, venue, btc):
        by_follower = await venue.bars(btc, OPEN - 2 * MINUTE, OPEN)
        with_open = await venue.bars(btc, OPEN - 2 * MINUTE, OPEN + MINUTE)
        fake.candles.pop()
        silent = await venue.bars(btc, OPEN - MINUTE, OPEN)
        fake.now = OPEN - 1
        return by_follower, with_open, silent, await venue.bars(btc, OPEN - MINUTE, OPEN)

    by_follower, with_open, silent, early = asked(script)
    assert by_follower.time.tolist() == with_open.time.tolist() == [OPEN - 2 * MINUTE, OPEN - MINUTE]
    assert (silent.time.tolist(), early.time.tolist()) == ([OPEN - MINUTE], [])
    assert (by_follower.volume[0], by_follower.trades[0], by_follower.coverage[0]) == (1.25, 3, 1)
    assert by_follower.close[0] == 823100


def test_settled_funding_of_more_than_a_page():
    async def script(fake, venue, btc):
        start = NOW // 3_600_000 * 3_600_000 - 700 * 3_600_000
        return start, await venue.past_funding(btc, start, NOW)

    start, found = asked(script)
    assert [each.time for each in found] == [start + 31 + at * 3_600_000 for at in range(701)]
    assert {each.interval_ms for each in found} == {3_600_000}


def test_beyond_twenty_levels_nothing_is_known():
    async def script(fake, venue, btc):
        return await venue.book(btc, 50)

    book = asked(script)
    assert (book.bids[0].tolist(), book.asks[0].tolist()) == ([82310.0, 0.5], [82311.0, 0.25])
    assert (book.known_from, book.known_to) == (82291.0, None)


def test_the_stream_brings_trades_and_books_and_names_what_was_refused():
    async def script(fake, venue, btc):
        fake.frames = [
            {"channel": "trades", "data": [trade(77, NOW - 10, "A"), trade(991, NOW - 2000)]},
            {"channel": "trades", "data": [trade(4, NOW + 5), trade(3, NOW + 5, "A")]},
            {"channel": "l2Book", "data": {"coin": "BTC", "time": NOW, "levels": [
                [{"px": "82310", "sz": "0.5", "n": 2}], [{"px": "82311", "sz": "0.25", "n": 1}]]}},
        ]  # fmt: skip
        fields = [getattr(btc, name) for name in btc.__match_args__[:4]]
        odd = type(btc)(*fields, "ODD", "ODD/USDC:USDC", btc.tick_size, btc.lot_size)
        ids, live, books = [], {}, []
        stream = venue.stream([btc, odd], ("trades", "book"))
        async with asyncio.timeout(10):
            async for batch in stream:
                for item in batch:
                    name = type(item).__name__
                    if name == "StreamState":
                        live |= {(item.channel, each.native_id): (item.live, item.why) for each in item.instruments}
                    elif name == "StreamedBook":
                        books.append(item.book)
                    elif name == "StreamedMany":
                        ids += item.trades.id.tolist()
                    else:
                        ids += item.data.trades.id.tolist()
                if len(ids) >= 4 and books and len(live) >= 4:
                    break
        await stream.aclose()
        return ids, live, books

    ids, live, books = asked(script)
    assert ids == [991, 77, 4, 3]
    assert live["trades", "BTC"] == live["book", "BTC"] == (True, "")
    assert [live[channel, "ODD"][0] for channel in ("trades", "book")] == [False, False]
    assert "Invalid subscription" in live["trades", "ODD"][1]
    assert books[0].mid == 82310.5


@pytest.mark.parametrize("payload", [None, [], {}, [{}], [{"universe": UNIVERSE}, []], "x", 7])
def test_another_shape_is_said_to_be_one(payload):
    for decoder in (decode.figures, decode.time, decode.book):
        with pytest.raises(DecodeError):
            decoder(payload)
