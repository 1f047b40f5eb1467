"""Instruments, open interest, funding, tickers and books through every venue class, over HTTP."""

import asyncio
from decimal import Decimal

import pytest

from coinmon import Instrument

PERP_VENUES = ("binance", "okx", "bybit")
NAMES = (*PERP_VENUES, "coinbase")


def test_instruments_are_named_as_ccxt_names_them(emulated):
    async def script():
        async with emulated() as market:
            for name in NAMES:
                listed = await getattr(market, name).instruments()
                quote = "USD" if name == "coinbase" else "USDT"
                symbols = {each.symbol for each in listed}
                assert f"BTC/{quote}" in symbols
                assert (f"BTC/{quote}:{quote}" in symbols) == (name != "coinbase")
                assert len(symbols) == len(listed)
                for each in listed:
                    assert each.id == f"{name}:{each.symbol}"
                    assert each.kind == ("perp" if ":" in each.symbol else "spot")
                    assert each.tick_size > 0
                    assert each.lot_size > 0
            swap = next(each for each in await market.okx.instruments() if each.symbol == "BTC/USDT:USDT")
            assert swap.contract_size == Decimal("0.01")

    asyncio.run(script())


def test_kinds_are_a_setting(emulated):
    async def script():
        async with emulated(kinds=("perp",)):
            pass

    # Coinbase has no perps, so it has no such setting
    with pytest.raises(TypeError, match="kinds"):
        asyncio.run(script())


def test_only_the_kinds_wanted_are_listed_and_asked_for(emulated):
    from coinmon_exchanges.binance.venue import Binance

    async def script():
        async with emulated(faults="binance:451/fapi") as market:
            url = f"{market.url}/binance"
            spot_only = Binance("binance", spot_url=url, futures_url=url, kinds=("spot",))
            assert {each.kind for each in await spot_only.instruments()} == {"spot"}
            await spot_only.close()

    asyncio.run(script())


def test_an_odd_entry_is_left_out_and_the_venue_stays(wire):
    good = {
        "symbol": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USDT", "marginAsset": "USDT",
        "contractType": "PERPETUAL",
        "filters": [
            {"filterType": "PRICE_FILTER", "tickSize": "0.10"},
            {"filterType": "LOT_SIZE", "stepSize": "0.001"},
        ],
    }  # fmt: skip
    odd = [
        None,
        {},
        good | {"symbol": "A", "filters": []},
        good | {"symbol": "B", "filters": [{"filterType": "PRICE_FILTER", "tickSize": "0"}, good["filters"][1]]},
        good | {"symbol": "C", "baseAsset": None},
        good | {"symbol": "D", "status": "SETTLING"},
        good | {"symbol": "E", "contractType": "TRADIFI_PERPETUAL"},
        good | {"symbol": "F", "contractType": "CURRENT_QUARTER"},
        good | {"symbol": "G", "quoteAsset": "BTC"},
        good | {"symbol": "again"},
    ]

    async def script():
        async with wire(lambda path, query: {"symbols": [good, *odd] if "fapi" in path else []}) as market:
            assert await market.binance.instruments() == [
                Instrument(
                    "binance", "perp", "BTC", "USDT", "BTCUSDT", "BTC/USDT:USDT", Decimal("0.1"), Decimal("0.001")
                )
            ]

    asyncio.run(script())


def test_bybit_instruments_are_read_page_by_page(wire):
    def entry(symbol):
        return {
            "symbol": f"{symbol}USDT", "status": "Trading", "contractType": "LinearPerpetual",
            "baseCoin": symbol, "quoteCoin": "USDT", "settleCoin": "USDT",
            "priceFilter": {"tickSize": "0.10"}, "lotSizeFilter": {"qtyStep": "0.001"},
        }  # fmt: skip

    def answer(path, query):
        if query["category"] == "spot":
            return {"retCode": 0, "result": {"list": []}, "time": 1}
        at = {"": ("BTC", "first%3DETH"), "first%3DETH": ("ETH", "first%3DSOL"), "first%3DSOL": ("SOL", "")}
        symbol, following = at[query.get("cursor", "").replace("=", "%3D")]
        return {"retCode": 0, "result": {"list": [entry(symbol)], "nextPageCursor": following}, "time": 1}

    async def script():
        async with wire(answer) as market:
            assert [each.base for each in await market.bybit.instruments()] == ["BTC", "ETH", "SOL"]

    asyncio.run(script())


def test_open_interest_and_funding_come_in_few_calls_and_agree_across_venues(emulated):
    async def script():
        async with emulated() as market:
            for name in PERP_VENUES:
                venue = getattr(market, name)
                listed = await venue.instruments()
                perps = {each.id for each in listed if each.kind == "perp"}
                sent = venue.requests
                interest = await venue.open_interest(listed)
                assert venue.requests - sent == (len(perps) if name == "binance" else 1)
                funding = await venue.funding(listed)
                # one has not been settled yet, and has no figures
                unsettled = {"okx:MEGA/USDT:USDT"} & perps
                assert set(interest) == set(funding) == perps - unsettled
                btc = f"{name}:BTC/USDT:USDT"
                assert 1_000 < interest[btc].base < 100_000  # base units, one side
                known = funding[btc]
                assert abs(known.rate) < 0.01
                assert known.interval_ms == 8 * 3_600_000
                assert known.next_time > market.clock.now()
                assert 50_000 < known.mark < 200_000
                # what the venues reckon spot to be is one coin's price, and the mark is near it
                assert known.index == pytest.approx(known.mark, rel=1e-3)
                assert known.index == pytest.approx(
                    market.market.mark(one_of(market, name), known.time).index, rel=1e-6
                )
            # symbols whose interval was adjusted say so in different places
            adjusted = {"binance": "ADA", "okx": "DOGE", "bybit": "DOGE"}
            for name, base in adjusted.items():
                venue = getattr(market, name)
                perp = next(each for each in await venue.instruments() if each.symbol == f"{base}/USDT:USDT")
                assert (await venue.funding([perp]))[perp.id].interval_ms == 4 * 3_600_000
                assert await venue.funding([]) == {}
            assert not hasattr(market.coinbase, "open_interest")
            assert not hasattr(market.coinbase, "funding")

    asyncio.run(script())


def test_an_interval_that_binance_changed_within_the_hour_is_asked_for_again(wire, instrument, monkeypatch):
    """By what its next settlement says: 8 h, then 4 h, then 1 h, and 8 h once more, on a day."""
    hour, later = 3_600_000, 0.0
    monkeypatch.setattr("coinmon_exchanges.binance.derivatives.monotonic", lambda: later)
    perp = instrument("binance", "BTC/USDT:USDT", "BTCUSDT", "0.1", "0.001")
    told, entry = {}, {"symbol": "BTCUSDT", "markPrice": "5", "indexPrice": "5", "lastFundingRate": "0.0001"}

    def answer(path, query):
        if path.endswith("fundingInfo"):
            return [{"symbol": "BTCUSDT", "fundingIntervalHours": told["hours"]}]
        return entry | {"nextFundingTime": told["due"] * hour, "time": round(told["now"] * hour)}

    async def script():
        nonlocal later
        async with wire(answer) as market:
            for hours, now, due, known in (
                (8, 16.5, 24, 8),
                (4, 17.0, 20, 4),
                (1, 17.5, 18, 1),
                # one that is a settlement of the old interval too says nothing
                (8, 22.5, 23, 1),
                (8, 23.0, 24, 1),
                (8, 24.0, 32, 8),
                # what cannot be had is unknown, and the rate is told without it
                ("?", 24.5, 29, None),
            ):
                told.update(hours=hours, now=now, due=due)
                later += 61
                funding = await market.binance.funding([perp])
                assert funding[perp.id].interval_ms == (known and known * hour), (hours, now)
            asked = len(market.asked)
            for _ in range(3):
                await market.binance.funding([perp])
            assert [path.endswith("fundingInfo") for path, _ in market.asked[asked:]] == [False] * 3, "once a minute"

    asyncio.run(script())


def one_of(market, name, base="BTC"):
    """The emulator's own perp."""
    wanted = (name, "perp", base, "USDT")
    return next(each for each in market.market.instruments if (each.venue, each.kind, each.base, each.quote) == wanted)


@pytest.mark.parametrize("name", PERP_VENUES)
def test_open_interest_of_the_past_is_one_sided_and_whole(emulated, name):
    step, hour = 5 * 60_000, 3_600_000

    async def script():
        async with emulated() as market:
            venue, now = getattr(market, name), market.clock.now()
            perp = next(each for each in await venue.instruments() if each.symbol == "BTC/USDT:USDT")
            # two days but for the newest: some pages at OKX and Bybit
            start, end = now - 48 * hour, now - 2 * hour
            found = await venue.past_open_interest(perp, start, end)
            assert [each.time for each in found] == list(range(-(-start // step) * step, end, step))
            for each in found[::50]:
                exact = market.market.open_interest(one_of(market, name), each.time)
                assert each.base == pytest.approx(exact, rel=1e-4)
                assert (each.value is None) is (name == "bybit")
            # older than the venue has it: nothing, and no error
            assert await venue.past_open_interest(perp, now - 400 * 24 * hour, now - 399 * 24 * hour) == []

    asyncio.run(script())


@pytest.mark.parametrize(("base", "hours"), [("BTC", 8), ("ADA", None)])
@pytest.mark.parametrize("name", PERP_VENUES)
def test_funding_of_the_past_has_its_true_interval(emulated, name, base, hours):
    async def script():
        async with emulated() as market:
            venue, now = getattr(market, name), market.clock.now()
            perp = next(each for each in await venue.instruments() if each.symbol == f"{base}/USDT:USDT")
            one = one_of(market, name, base)
            assert hours in (None, one.funding_hours)
            start = now - 20 * 24 * 3_600_000
            found = await venue.past_funding(perp, start, now)
            truth = market.market.settlements(one, start, now)
            assert [(each.time, each.rate) for each in found] == [(each.time, each.rate) for each in truth]
            assert {each.interval_ms for each in found} == {one.funding_hours * 3_600_000}
            assert {each.next_time for each in found} == {None}

    asyncio.run(script())


def test_bybit_publishes_both_sides_and_we_hand_on_one(emulated):
    async def script():
        async with emulated() as market:
            perp = next(each for each in await market.bybit.instruments() if each.symbol == "BTC/USDT:USDT")
            one_side = (await market.bybit.open_interest([perp]))[perp.id]
            raw = await market.bybit._get("Tickers", {"category": "linear", "symbol": "BTCUSDT"})
            both = float(raw["result"]["list"][0]["openInterest"])
            assert one_side.base == pytest.approx(both / 2, rel=1e-6)

    asyncio.run(script())


@pytest.mark.parametrize("name", [*NAMES, "hyperliquid", "generic"])
def test_tickers_and_books_are_in_base_units(emulated, name):
    async def script():
        async with emulated() as market:
            venue = getattr(market, name)
            listed = [each for each in await venue.instruments() if each.base in ("BTC", "ETH")]
            tickers = await venue.tickers(listed)
            assert set(tickers) == {each.id for each in listed}
            for each in listed:
                known = tickers[each.id]
                # neither Binance's perpetuals nor Hyperliquid say them with the figures of the day
                silent = name == "hyperliquid" or (name == "binance" and each.kind == "perp")
                assert (known.bid is None, known.ask is None) == (silent, silent)
                if not silent:
                    assert known.bid < known.ask
                    assert known.bid == pytest.approx(known.last, rel=0.01)
                if known.quote_volume is not None and known.volume is not None:
                    assert known.quote_volume / known.volume == pytest.approx(known.last, rel=0.1)
                book = await venue.book(each, 20)
                assert len(book.bids) >= 20
                assert book.bids[0][0] < book.asks[0][0]
                assert [price for price, _ in book.bids] == sorted((price for price, _ in book.bids), reverse=True)
                # a fair book's top 20 levels hold less than a day's volume: contracts would not
                if known.volume is not None:
                    assert sum(size for _, size in book.bids[:20]) < known.volume

    asyncio.run(script())


@pytest.mark.parametrize("name", [*NAMES, "hyperliquid", "generic"])
def test_server_time_is_the_venues(emulated, name):
    async def script():
        async with emulated() as market:
            assert abs(await getattr(market, name).server_time() - market.clock.now()) <= 1000

    asyncio.run(script())
