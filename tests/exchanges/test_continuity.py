"""`joined` is a proof: every page is held against what the emulator's market really holds, and against holes."""

import asyncio
from types import SimpleNamespace

import aiohttp
import numpy as np
import pytest

from coinmon import Cursor, Trades, VenueError
from coinmon_exchanges._continuity import before, behind

MINUTE = 60_000
VENUES = [
    ("binance", "BTC/USDT"),
    ("binance", "BTC/USDT:USDT"),
    ("okx", "BTC/USDT"),
    ("okx", "BTC/USDT:USDT"),
    ("bybit", "BTC/USDT"),
    ("bybit", "BTC/USDT:USDT"),
    ("coinbase", "BTC/USD"),
    ("generic", "BTC/USDT"),
]


async def find(venue, symbol):
    return next(each for each in await venue.instruments() if each.symbol == symbol)


def check_page(page, cursor):
    trades = page.trades
    assert len(set(trades.id.tolist())) == len(trades)
    assert (trades.time[1:] >= trades.time[:-1]).all()
    assert cursor.last_id not in trades.id.tolist()


def test_polling_while_the_market_runs_leaves_nothing_out(emulated):
    """A minute of market in a second, polled as it goes, equals the market's own volumes."""

    async def poll(market, venue, symbol):
        traded = await find(venue, symbol)
        start = market.clock.now() - 2 * MINUTE
        cursor = Cursor(start)
        seen = []
        for _ in range(10):
            page = await venue.trades(traded, cursor)
            check_page(page, cursor)
            assert page.joined
            seen += zip(page.trades.time.tolist(), page.trades.qty.tolist(), strict=True)
            cursor = page.cursor_after(cursor)
            await asyncio.sleep(0.2)
        end = seen[-1][0] - seen[-1][0] % MINUTE
        first = start - start % MINUTE + MINUTE
        bars = await venue.bars(traded, first, end)
        assert len(bars) > 2
        for time, volume in zip(bars.time.tolist(), bars.volume.tolist(), strict=True):
            total = sum(qty for at, qty in seen if time <= at < time + MINUTE)
            assert volume == pytest.approx(total, rel=1e-9)

    async def script():
        async with emulated(speed=60) as market:
            await asyncio.gather(*(poll(market, getattr(market, name), symbol) for name, symbol in VENUES))

    asyncio.run(script())


@pytest.mark.parametrize("name", ["binance", "okx", "coinbase"])
def test_a_long_absence_is_read_back_page_by_page(emulated, name):
    """From a trade of five hours ago to now, through as many pages as it takes, without a hole."""

    async def script():
        async with emulated() as market:
            venue = getattr(market, name)
            traded = next(each for each in await venue.instruments() if each.base == "BTC")
            now = market.clock.now()
            cursor, newest = Cursor(now - 5 * 60 * MINUTE), None
            if name != "binance":
                page = await venue.trades(traded, Cursor(now - MINUTE))
                newest = int(page.trades.id[-1])
                cursor = Cursor(0, newest - 2950)
            ids = []
            for _ in range(40):
                page = await venue.trades(traded, cursor)
                check_page(page, cursor)
                assert page.joined
                ids += page.trades.id.tolist()
                cursor = page.cursor_after(cursor)
                if not page.more:
                    break
            assert len(ids) > 1000
            assert ids == list(range(ids[0], ids[0] + len(ids)))
            if newest is not None:
                assert (ids[0], ids[-1]) == (newest - 2949, newest)

    asyncio.run(script())


@pytest.mark.parametrize("name", ["binance", "okx", "coinbase"])
def test_earlier_trades_join_what_is_known(emulated, name):
    async def script():
        async with emulated() as market:
            venue = getattr(market, name)
            traded = next(each for each in await venue.instruments() if each.base == "BTC")
            now = market.clock.now()
            since = now - 60 * MINUTE
            page = await venue.trades(traded, Cursor(now - 5 * MINUTE))
            before, ids = int(page.trades.id[0]), []
            while True:
                page = await venue.earlier_trades(traded, before, since)
                assert page.joined
                ids = page.trades.id.tolist() + ids
                if not page.more:
                    break
                before = ids[0]
            assert ids == list(range(ids[0], ids[-1] + 1))
            assert page.trades.time[0] < since

    asyncio.run(script())


@pytest.mark.parametrize("name", ["binance", "okx", "coinbase"])
def test_a_page_with_missing_trades_is_not_joined_and_repeats_count_once(emulated, name):
    async def script():
        for fault, joined in (("gap=20", False), ("repeat", True)):
            async with emulated(faults=f"{name}:{fault}") as market:
                venue = getattr(market, name)
                traded = next(each for each in await venue.instruments() if each.base == "BTC")
                cursor = Cursor(market.clock.now() - 10 * MINUTE)
                page = await venue.trades(traded, cursor)
                check_page(page, cursor)
                assert (page.joined, page.whole) == (joined, joined)

    asyncio.run(script())


def test_the_first_trades_reach_back_or_say_that_they_do_not(emulated):
    async def script():
        async with emulated() as market:
            now = market.clock.now()
            for name in ("okx", "bybit", "coinbase"):
                venue = getattr(market, name)
                traded = next(each for each in await venue.instruments() if each.base == "BTC")
                assert (await venue.trades(traded, Cursor(now - MINUTE))).joined
                far = await venue.trades(traded, Cursor(now - 20 * 60 * MINUTE))
                assert not far.joined
                assert not far.more
            perp = await find(market.binance, "BTC/USDT:USDT")
            assert (await market.binance.trades(perp, Cursor(now - 20 * 60 * MINUTE))).joined
            older_than_binance_tells = await market.binance.trades(perp, Cursor(now - 60 * 60 * MINUTE))
            assert not older_than_binance_tells.joined

    asyncio.run(script())


def test_a_newly_listed_instrument_without_trades_is_complete(wire, instrument):
    empty = {"code": "0", "data": [], "retCode": 0, "result": {"list": []}, "time": 1}

    async def script():
        async with wire(lambda path, query: [] if "products" in path or "api/v3" in path else empty) as market:
            for name in ("binance", "okx", "bybit", "coinbase"):
                page = await getattr(market, name).trades(instrument(name, "NEW/USDT", "NEW", "1", "1"), Cursor(0))
                assert (page.joined, page.more, len(page.trades)) == (True, False, 0)

    asyncio.run(script())


def test_an_unknown_symbol_is_the_venues_words_on_one_line(emulated, instrument):
    async def script():
        async with emulated() as market:
            for name in ("binance", "okx", "bybit", "coinbase"):
                venue = getattr(market, name)
                with pytest.raises(VenueError) as caught:
                    await venue.trades(instrument(name, "NO/PE", "NOPE", "1", "1"), Cursor(0))
                text = str(caught.value)
                assert text.startswith(f"{name} /")
                assert "\n" not in text
                assert venue.requests == 1

    asyncio.run(script())


@pytest.mark.parametrize(("name", "symbol"), [("okx", "BTC/USDT"), ("coinbase", "BTC/USD")])
def test_a_page_older_than_what_was_read_does_not_say_that_nothing_more_traded(emulated, name, symbol):
    async def script():
        async with emulated() as market:
            venue = getattr(market, name)
            traded = await find(venue, symbol)
            newest = Cursor(0, int((await venue.trades(traded, Cursor(market.clock.now() - 60_000))).trades.id[-1]))
            page = await venue.trades(traded, newest)
            assert (len(page.trades), page.joined, page.more) == (0, True, False)
            await set_faults(market.url, f"{name}:jump=-20000")
            page = await venue.trades(traded, newest)
            assert (len(page.trades), page.joined, page.more) == (0, True, True)

    asyncio.run(script())


async def set_faults(url, spec):
    async with aiohttp.ClientSession() as session, session.post(f"{url}/emulator/faults", json={"spec": spec}) as reply:
        assert reply.status == 200


@pytest.mark.parametrize(
    ("ids", "joined"),
    [([3, 4, 5, 6], True), ([3, 4, 5, 6, 7, 8], True), ([3, 4, 5], False), ([3, 5, 6], False), ([7, 8], False)],
)
def test_earlier_trades_are_joined_only_if_the_last_one_is_the_one_before(ids, joined):
    many = len(ids)
    trades = Trades(*(np.array(each) for each in (ids, range(many), [20] * many, [1.0] * many, [1] * many)))
    page = SimpleNamespace(ids=trades.id, times=trades.time, trades=trades)
    found, proven, _ = before(page, 7, 0)
    assert (found.id.tolist(), proven) == ([each for each in ids if each < 7], joined)


def test_a_page_with_a_newer_trade_is_not_behind():
    assert [behind(SimpleNamespace(ids=np.array([newest])), 7) for newest in (6, 7, 8)] == [True, False, False]
