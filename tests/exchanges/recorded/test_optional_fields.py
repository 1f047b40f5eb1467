"""Fields that a venue may leave out or leave empty: what is said without them, and with them."""

from decimal import Decimal

import pytest

from coinmon import DecodeError
from coinmon_exchanges.binance import decode as binance
from coinmon_exchanges.bybit import decode as bybit
from coinmon_exchanges.ccxt_generic import decode as ccxt
from coinmon_exchanges.hyperliquid import decode as hyperliquid
from coinmon_exchanges.okx import decode as okx

SWAP = {
    "instId": "BTC-USDT-SWAP", "instType": "SWAP", "ctVal": "0.01", "ctValCcy": "BTC", "settleCcy": "USDT",
    "tickSz": "0.1", "lotSz": "1",
}  # fmt: skip


@pytest.mark.parametrize(("more", "size"), [({}, "0.01"), ({"ctMult": ""}, "0.01"), ({"ctMult": "10"}, "0.1")])
def test_an_okx_contract_is_its_value_times_its_multiplier_where_there_is_one(more, size):
    assert Decimal(okx.draft(SWAP | more, str).contract_size) == Decimal(size)


@pytest.mark.parametrize("value", ["USDT", "AAVE", "USD"])
def test_an_okx_contract_that_is_worth_so_much_of_another_currency_is_no_linear_one(value):
    with pytest.raises((DecodeError, ValueError), match="BTC-USDT-SWAP is not a linear perp"):
        okx.draft(SWAP | {"ctValCcy": value}, str)


@pytest.mark.parametrize(("decimals", "tick"), [(0, "1e-6"), (2, "1e-4"), (6, "1e-0"), (-1, None), (7, None)])
def test_hyperliquids_prices_and_sizes_share_six_decimals(decimals, tick):
    if tick is None:
        with pytest.raises(ValueError, match=f"sizes of {decimals} decimals"):
            hyperliquid.draft({"name": "BTC", "szDecimals": decimals}, str)
    else:
        made = hyperliquid.draft({"name": "BTC", "szDecimals": decimals}, str)
        assert (Decimal(made.tick), Decimal(made.lot)) == (Decimal(tick), Decimal(f"1e-{decimals}"))


def test_open_interest_is_one_side_whatever_the_venue_publishes():
    row = {"timestamp": "7", "openInterest": "12"}
    told = bybit.past_open_interest({"result": {"list": [row, {**row, "singleOpenInterest": "5"}]}})
    assert [each.base for each in told] == [6.0, 5.0]
    told = bybit.open_interest({"openInterest": "12", "openInterestValue": "24"}, 7)
    assert (told.base, told.value) == (6.0, 12.0)
    assert bybit.open_interest({"openInterest": "12"}, 7).value is None
    assert bybit.open_interest({}, 7) is None
    row = {"timestamp": 7, "sumOpenInterest": "12"}
    told = binance.past_open_interest([row, {**row, "sumOpenInterestValue": "24"}])
    assert [(each.base, each.value) for each in told] == [(12.0, None), (12.0, 24.0)]


@pytest.mark.parametrize(
    ("unit", "contract", "base"),
    [("base", "1", 12.0), ("base", "0.5", None), ("base of both sides", "1", 6.0), ("base of both sides", "0.5", None),
     ("contracts", "0.5", 6.0), ("quote", "0.5", 16.0), ("base as value", "0.5", 64.0)],
)  # fmt: skip
def test_open_interest_through_ccxt_is_base_units_or_not_told(instrument, unit, contract, base):
    perp = instrument("v", "BTC/USDT:USDT", "BTC", "0.1", "0.001", contract)
    told = ccxt.open_interest({"openInterestAmount": 12.0, "openInterestValue": 64.0}, perp, 7, unit, 4.0)
    assert (told and told.base) == base
    value = {"base as value": None, "base of both sides": 32.0}.get(unit, 64.0)
    assert told is None or (told.time, told.value) == (7, value)


def test_ids_through_ccxt_fit_in_63_bits(instrument):
    btc = instrument("v", "BTC/USDT", "BTC", "0.1", "0.1")
    row = {"timestamp": 5, "side": "buy", "price": 1.0, "amount": 1.0}
    said = [str(2**63 - 1), str(2**63), str(2**64), "9f6a", "7"]
    page, _ = ccxt.trades([row | {"id": each} for each in said], btc, False)
    assert (page.ids[0], page.ids[4]) == (2**63 - 1, 7)
    assert len(set(page.ids.tolist())) == 5
    assert (page.ids > 0).all()


def test_hyperliquid_says_coins_and_pays_at_each_full_hour():
    told = hyperliquid.open_interest({"openInterest": "2.5", "markPx": "4"}, 7)
    assert (told.time, told.base, told.value) == (7, 2.5, 10.0)
    for at, due in ((0, 3_600_000), (3_599_999, 3_600_000), (3_600_000, 7_200_000)):
        told = hyperliquid.funding({"funding": "0.0000125", "markPx": "4", "oraclePx": "5"}, at)
        assert (told.time, told.rate, told.next_time, told.interval_ms) == (at, 0.0000125, due, 3_600_000)


@pytest.mark.parametrize(
    ("said", "hours"), [({}, None), ({"interval": "8h"}, 8), ({"interval": "xh"}, None), ({"interval": None}, None)]
)
def test_a_funding_interval_is_of_whole_hours_or_not_known(said, hours):
    told = ccxt.funding({"fundingRate": 0.0001, "timestamp": 7, **said}, 9)
    assert (told.interval_ms, told.next_time) == (hours and hours * 3_600_000, None)
    told = bybit.funding({"fundingRate": "0.0001"}, 7, hours and hours * 60)
    assert (told.interval_ms, told.next_time) == (hours and hours * 3_600_000, None)


@pytest.mark.parametrize("missing", [{}, {"indexPrice": None}, {"markPrice": None}, {"indexPrice": ""}])
def test_a_rate_is_known_without_an_index(missing):
    row = {"time": 7, "lastFundingRate": "0.0001", "nextFundingTime": 9, "markPrice": "4", "indexPrice": "5"}
    told = binance.funding(row | missing, 8)
    assert (told.rate, told.mark, told.index) == (
        0.0001, None if "markPrice" in missing else 4.0, None if "indexPrice" in missing else 5.0,
    )  # fmt: skip


def test_a_settlement_has_a_mark_price_where_the_venue_kept_one():
    row = {"fundingTime": 1_700_000_000_000, "fundingRate": "0.0001"}
    told = binance.past_funding([{**row, "markPrice": "35000.5"}, row, {**row, "markPrice": ""}])
    assert told == [(1_700_000_000_000, 0.0001, mark) for mark in (35000.5, None, None)]


@pytest.mark.parametrize("bid", ["1.25", "", None])
@pytest.mark.parametrize("ask", ["1.5", "", None])
def test_a_ticker_says_the_sides_that_there_are(bid, ask):
    figures = {"lastPrice": "1.3", "volume24h": "10", "turnover24h": "13", "bid1Price": bid, "ask1Price": ask}
    told = bybit.ticker(figures, 7)
    assert (told.time, told.last, told.volume, told.quote_volume) == (7, 1.3, 10.0, 13.0)
    assert (told.bid, told.ask) == (1.25 if bid else None, 1.5 if ask else None)


@pytest.mark.parametrize("bids", [3, 20])
@pytest.mark.parametrize("asks", [19, 20])
def test_what_lies_beyond_the_last_of_twenty_levels_is_not_known(bids, asks):
    levels = [
        [{"px": str(price), "sz": "1", "n": 1} for price in range(first, first + way * count, way)]
        for first, way, count in ((99, -1, bids), (101, 1, asks))
    ]
    told = hyperliquid.book({"time": 7, "levels": levels})
    assert told.known_from == (80.0 if bids == 20 else None)
    assert told.known_to == (120.0 if asks == 20 else None)
