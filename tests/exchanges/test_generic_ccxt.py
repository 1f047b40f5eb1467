"""What is special about venues through ccxt's unified calls; the rest is in the other files beside the four venues."""

import asyncio
import subprocess
import sys
import time
from decimal import Decimal

import numpy as np
import pytest

from coinmon import ConfigError, Cursor, VenueBlocked, VenueBusy, VenueError
from coinmon_exchanges._http.ccxt_class import exchange_class, tls_context
from coinmon_exchanges._http.wire import Wire
from coinmon_exchanges.ccxt_generic import decode
from coinmon_exchanges.ccxt_generic.venue import CcxtGeneric

MINUTE = 60_000


def test_the_venue_is_the_name_or_the_id():
    CcxtGeneric("kraken")
    CcxtGeneric("anything", id="kraken")
    with pytest.raises(ConfigError, match=r"exchanges\.krakn: ccxt has no exchange 'krakn'; did you mean kraken"):
        CcxtGeneric("krakn")
    with pytest.raises(ConfigError, match=r"exchanges\.mine\.id: ccxt has no exchange 'zzzzzzzz'"):
        CcxtGeneric("mine", id="zzzzzzzz")
    with pytest.raises(ConfigError, match="base URL"):
        CcxtGeneric("kraken", url="api.kraken.com")


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_a_timeout_that_is_none_is_refused(timeout):
    with pytest.raises(ConfigError, match=r"exchanges\.kraken\.timeout"):
        CcxtGeneric("kraken", timeout=timeout)


def test_precision_becomes_an_exact_grid():
    def grids(mode, price, amount, size=None):
        market = {"id": "X", "base": "B", "quote": "Q", "settle": "Q", "swap": size is not None, "contractSize": size}
        draft = decode.draft(market | {"precision": {"price": price, "amount": amount}}, mode)
        return Decimal(draft.tick), Decimal(draft.lot), draft.contract_size

    assert grids(4, 1e-05, 0.1) == (Decimal("0.00001"), Decimal("0.1"), 1)
    assert grids(2, 2, -1) == (Decimal("0.01"), 10, 1)
    assert grids(3, 5, None) == (Decimal("1E-8"), Decimal("1E-8"), 1)  # significant digits: no grid of its own
    assert [grids(4, 0.1, 1.0, size)[2] for size in (0.01, 0)] == [Decimal("0.01"), 1]  # 0: it is not said


@pytest.mark.parametrize(("id", "sides"), [("kraken", [1, -1]), ("coinbase", [-1, 1])])
def test_sides_are_the_takers_also_where_ccxt_hands_on_the_makers(instrument, id, sides):
    btc = instrument("v", "BTC/USDT", "BTCUSDT", "0.1", "0.1")
    rows = [
        {"id": str(at), "timestamp": at, "side": side, "price": 1.0, "amount": 2.0}
        for at, side in enumerate(("buy", "sell"), 1)
    ]
    from coinmon_exchanges.ccxt_generic import venue as ccxt_generic_venue

    page, sided = decode.trades(rows, btc, id in ccxt_generic_venue._MAKER_SIDE)
    assert sided
    assert page.trades.side.tolist() == sides


def test_trades_without_ids_or_sides(instrument):
    swap = instrument("v", "BTC/USDT:USDT", "BTC", "0.1", "0.001", "0.01")
    row = {"id": None, "timestamp": 5, "side": "buy", "price": 1.0, "amount": 3.0}
    page, sided = decode.trades([row, row, row | {"side": None}], swap, False)
    assert not sided
    assert len(set(page.ids.tolist())) == 3
    assert (page.ids >= 0).all()
    assert page.trades.qty.tolist() == [0.03, 0.03]
    again, _ = decode.trades([row, row], swap, False)
    assert again.ids.tolist() == page.ids.tolist()[:2]


def test_an_odd_row_costs_itself(instrument):
    btc = instrument("v", "BTC/USDT", "BTCUSDT", "0.1", "0.001")
    rows = [{"id": str(at), "timestamp": 5, "side": "buy", "price": 1.0, "amount": 3.0} for at in range(3)]
    for odd in ({"price": None}, {"timestamp": None}, {"amount": "x"}):
        page, _ = decode.trades([rows[0], rows[1] | odd, None, rows[2]], btc, False)
        assert page.ids.tolist() == [0, 2]
    bar = [1_768_478_400_000, 1.0, 1.0, 1.0, 1.0, 5.0]
    assert len(decode.bars([bar, [bar[0] + MINUTE, None, 1.0, 1.0, 1.0, 5.0], [], None], btc)) == 1


@pytest.mark.parametrize("odd", ["numbers", None, []])
def test_an_odd_entry_of_many_costs_itself(instrument, odd):
    """Of the figures of all contracts, as ccxt answers: a new one has numbers that are none, or nothing."""
    pair = [instrument("okx", f"{base}/USDT:USDT", f"{base}USDT", "0.1", "0.001") for base in ("BTC", "ETH")]
    whole = {"timestamp": 5, "last": 1.0, "fundingRate": 0.1, "openInterestAmount": 2.0}
    none = whole | dict.fromkeys(("last", "fundingRate", "openInterestAmount"), "x") if odd == "numbers" else odd
    answers = {pair[0].symbol: whole, pair[1].symbol: none}

    async def many(symbols):
        return {each: answers[each] for each in symbols}

    async def one(symbol):
        return answers[symbol]

    async def script():
        venue = CcxtGeneric("okx")
        ccxt = venue._open().ccxt
        ccxt.has |= {"fetchTickers": True, "fetchFundingRates": True, "fetchOpenInterest": True}
        ccxt.fetch_tickers = ccxt.fetch_funding_rates = many
        ccxt.fetch_open_interest = one
        for ask in (venue.tickers, venue.funding, venue.open_interest):
            assert list(await ask(pair)) == [pair[0].id]
        await venue.close()

    asyncio.run(script())


def test_volumes_of_contracts_are_unknown_rather_than_wrong(emulated):
    async def script():
        async with emulated() as market:
            venue = market.generic
            swap = next(each for each in await venue.instruments() if each.symbol == "BTC/USDT:USDT")
            assert swap.contract_size == Decimal("0.01")
            now = market.clock.now()
            bars = await venue.bars(swap, now - now % 60_000 - 300_000, now - now % 60_000)
            assert len(bars) == 5
            assert (bars.volume != bars.volume).all()
            assert (await venue.tickers([swap]))[swap.id].volume is None
            assert await venue.open_interest([swap]) == {}
            trades = (await venue.trades(swap, Cursor(now - 120_000))).trades
            theirs = (await market.okx.trades(swap, Cursor(now - 120_000))).trades
            assert trades.id.tolist() == theirs.id.tolist()
            assert trades.qty.tolist() == theirs.qty.tolist()
            assert trades.side.tolist() == theirs.side.tolist()

    asyncio.run(script())


def test_refusals_through_ccxt_mean_the_same(emulated):
    async def script():
        for fault, kind, sent in (("451", VenueBlocked, 1), ("429", VenueBusy, 1), ("500", VenueError, 3)):
            async with emulated(faults=f"okx:{fault}") as market:
                for _ in range(2 if kind is VenueBlocked else 1):
                    with pytest.raises(VenueError) as caught:
                        await market.generic.server_time()
                    assert type(caught.value) is kind
                    assert "\n" not in str(caught.value)
                    assert str(caught.value).startswith("generic ")
                assert market.generic.requests == sent

    asyncio.run(script())


def test_importing_the_plugins_is_cheap():
    code = (
        "import sys, coinmon_exchanges.binance, coinmon_exchanges.okx, coinmon_exchanges.bybit, "
        "coinmon_exchanges.coinbase, coinmon_exchanges.ccxt_generic; "
        "print([name for name in ('ccxt', 'aiohttp', 'numpy', 'orjson') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_grid_that_ccxt_gives_in_contracts_is_base_units(emulated):
    async def script():
        async with emulated() as market:
            ours = {each.symbol: (each.tick_size, each.lot_size) for each in await market.okx.instruments()}
            theirs = {each.symbol: (each.tick_size, each.lot_size) for each in await market.generic.instruments()}
            # ccxt lists swaps in dollars without a name of their own
            assert not theirs.keys() - ours.keys()
            assert ours.keys() - theirs.keys() == {"BTC/USD:USD"}
            assert all(theirs[symbol] == ours[symbol] for symbol in theirs.keys() & ours.keys())

    asyncio.run(script())


def test_klines_in_contracts_are_in_base_units_where_that_is_known(instrument):
    perp = instrument("gate", "BTC/USDT:USDT", "BTC_USDT", "0.1", "0.0001", "0.0001")
    rows = [[1_789_776_000_000, 100, 101, 99, 100, 25_000]]
    assert decode.bars(rows, perp, in_contracts=True).volume.tolist() == [2.5]
    assert np.isnan(decode.bars(rows, perp).volume[0])


@pytest.mark.parametrize("id", ["hyperliquid", "coinbaseinternational"])
def test_a_venue_without_public_trades_has_none(id):
    assert CcxtGeneric(id).trades is None
    assert CcxtGeneric("okx").trades is not None


def test_a_clock_that_cannot_be_asked_for_is_the_date_of_the_answers(wire):
    async def script():
        async with wire(lambda path, query: {"code": "0", "data": [{"ts": "1"}]}) as venues:
            venues.generic._open().ccxt.has["fetchTime"] = False
            with pytest.raises(VenueError, match="nothing was answered yet"):
                await venues.generic.server_time()
            await venues.generic._call("fetch_time")
            return await venues.generic.server_time() - time.time() * 1000

    assert abs(asyncio.run(script())) < 2000


def test_gold_stocks_and_currencies_are_no_coins():
    """ccxt lists them as it lists coins; the venue's own entry says what they are."""
    said = [
        {},
        None,
        {"instCategory": "1"},
        {"instCategory": "4"},
        {"symbolType": "stock"},
        {"symbolType": "innovation"},
    ]
    markets = {str(at): {"spot": True, "id": at, "info": info} for at, info in enumerate(said)}
    assert [each["id"] for each in decode.wanted(markets, ("spot",))] == [0, 1, 2, 5]


OPEN_INTEREST = {
    # ccxt's own examples of what these venues answer: base units of a contract that counts otherwise
    "kucoin": ({"openInterestAmount": 8053960.0}, "0.01", 80539.6, None),
    "bingx": ({"openInterestValue": 3289641547.1}, "1", 3289641547.1 / 16000, 3289641547.1),
    "deribit": ({"openInterestValue": 749.116}, "1", 749.116, None),
    "bybit": ({"openInterestAmount": 500.0, "openInterestValue": 4e6}, "1", 250.0, 2e6),
    "kraken": ({"openInterestAmount": 500.0}, "1", 500.0, None),
}


@pytest.mark.parametrize("id", OPEN_INTEREST)
def test_open_interest_is_in_base_units_whatever_the_venue_counts(instrument, monkeypatch, id):
    entry, contract, base, value = OPEN_INTEREST[id]
    perp = instrument("v", "BTC/USDT:USDT", "BTC", "0.1", "0.001", contract)
    venue = CcxtGeneric("v", id=id)

    async def entries(wanted, one, *_):
        answer = {"last": 16000.0} if one == "fetch_ticker" else entry
        return {each.id: answer | {"timestamp": 5} for each in wanted}

    monkeypatch.setattr(venue, "_entries", entries)
    found = asyncio.run(venue.open_interest([perp]))[perp.id]
    assert (found.time, found.base, found.value) == (5, pytest.approx(base), value)


@pytest.mark.parametrize(("id", "entry"), [("bingx", {"openInterestValue": None}), ("kraken", {}), ("kucoin", {})])
def test_open_interest_that_is_not_told_is_absent(instrument, monkeypatch, id, entry):
    perp = instrument("v", "BTC/USDT:USDT", "BTC", "0.1", "0.001")
    venue = CcxtGeneric("v", id=id)

    async def entries(wanted, *_):
        return {each.id: entry | {"timestamp": 5} for each in wanted}

    monkeypatch.setattr(venue, "_entries", entries)
    assert asyncio.run(venue.open_interest([perp])) == {}


ONE = """
import sys
from coinmon_exchanges._http.ccxt_class import exchange_class
made = exchange_class("binance")()
assert made.id == "binance" and made.safe_currency_code("XBT") == "BTC"
assert "ccxt.async_support.kraken" not in sys.modules
assert "ccxt.async_support.binance" in sys.modules
"""
ALL = """
import ccxt.async_support
assert ccxt.async_support.binance is type(made)
assert len(ccxt.async_support.exchanges) == len(ccxt.exchanges) > 90
assert ccxt.binance is not type(made) and ccxt.binance().id == "binance"
assert issubclass(ccxt.async_support.kraken, ccxt.async_support.Exchange)
assert issubclass(ccxt.kraken, ccxt.Exchange)
from ccxt import NetworkError, __version__
assert issubclass(ccxt.RequestTimeout, NetworkError) and ccxt.async_support.NetworkError is NetworkError
assert not hasattr(ccxt, "nobody") and not hasattr(ccxt, "__wrapped__")
"""


def test_the_hundred_others_are_imported_by_who_asks_for_them_alone():
    # in a process of its own: here somebody may have imported ccxt already
    done = subprocess.run([sys.executable, "-c", ONE + ALL], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_name_that_ccxt_does_not_have_is_an_import_error():
    with pytest.raises(ImportError, match="nobody"):
        exchange_class("nobody")


def test_authorities_are_read_once_for_all_connections():
    one, other = (Wire(name, {}, None, 1.0) for name in ("binance", "okx"))
    assert one._ccxt.ssl_context is other._ccxt.ssl_context is tls_context(one._ccxt.cafile)
    assert one._ccxt.ssl_context.check_hostname
