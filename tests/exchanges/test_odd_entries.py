"""One odd entry of an answer costs that entry, on every venue and in every bulk answer."""

import copy

import pytest

from coinmon import DecodeError
from coinmon_exchanges._entries import each_readable
from coinmon_exchanges._listing import instruments
from coinmon_exchanges.binance import decode as binance
from coinmon_exchanges.bybit import decode as bybit
from coinmon_exchanges.coinbase import decode as coinbase
from coinmon_exchanges.hyperliquid import decode as hyperliquid
from coinmon_exchanges.okx import decode as okx


def binance_perp(name):
    filters = [
        {"filterType": "PRICE_FILTER", "tickSize": "0.10"},
        {"filterType": "LOT_SIZE", "stepSize": "0.001"},
    ]
    return {
        "symbol": f"{name}USDT", "status": "TRADING", "contractType": "PERPETUAL", "baseAsset": name,
        "quoteAsset": "USDT", "marginAsset": "USDT", "underlyingType": "COIN", "filters": filters,
    }  # fmt: skip


def okx_swap(name):
    return {
        "instId": f"{name}-USDT-SWAP", "instType": "SWAP", "state": "live", "ctType": "linear", "ctVal": "0.01",
        "ctMult": "1", "ctValCcy": name, "settleCcy": "USDT", "tickSz": "0.1", "lotSz": "1", "instCategory": "1",
    }  # fmt: skip


def bybit_perp(name):
    return {
        "symbol": f"{name}USDT", "status": "Trading", "contractType": "LinearPerpetual", "baseCoin": name,
        "quoteCoin": "USDT", "settleCoin": "USDT", "priceFilter": {"tickSize": "0.1"},
        "lotSizeFilter": {"qtyStep": "0.001"}, "fundingInterval": 480,
    }  # fmt: skip


def coinbase_product(name):
    return {
        "id": f"{name}-USD", "base_currency": name, "quote_currency": "USD", "quote_increment": "0.01",
        "base_increment": "0.001", "status": "online",
    }  # fmt: skip


def hyperliquid_coin(name):
    return {"name": name, "szDecimals": 2, "maxLeverage": 20, "isDelisted": False}


def of_hyperliquid(rows):
    return hyperliquid.trading(hyperliquid.figures([{"universe": rows}, [{"markPx": "1.5"}] * len(rows)]))


LISTINGS = {
    "binance": (binance_perp, lambda rows: binance.listed({"symbols": rows}, "perp"), binance.draft),
    "okx": (okx_swap, lambda rows: okx.listed({"data": rows}), okx.draft),
    "bybit": (bybit_perp, lambda rows: bybit.listed({"result": {"list": rows}}, "perp"), bybit.draft),
    "coinbase": (coinbase_product, coinbase.listed, coinbase.draft),
    "hyperliquid": (hyperliquid_coin, of_hyperliquid, hyperliquid.draft),
}
ODD = [None, "", "x", "NaN", "Infinity", "-1", "0", [], {}, 7, True, "\x00", "1e-05x"]


def ids(venue, rows):
    _, listed, draft = LISTINGS[venue]
    return {each.base for each in instruments(venue, listed(rows), draft, lambda code: code)}


@pytest.mark.parametrize("venue", LISTINGS)
def test_any_broken_row_of_a_listing_gives_all_the_others(venue):
    make = LISTINGS[venue][0]
    names = ["BTC", "ETH", "币安人生"]
    assert ids(venue, [make(name) for name in names]) == set(names)
    for place in range(3):
        others = {name for at, name in enumerate(names) if at != place}
        for whole in (None, "x", 7, [], {}):
            rows = [make(name) for name in names]
            rows[place] = whole
            assert ids(venue, rows) == others
        for field in make("BTC"):
            for odd in ODD:
                rows = [make(name) for name in names]
                rows[place][field] = odd
                assert others <= ids(venue, rows), (field, odd)
            rows = [copy.deepcopy(make(name)) for name in names]
            del rows[place][field]
            assert others <= ids(venue, rows), field


BULK = {
    "binance all symbols": (binance.by_symbol, lambda rows: rows, lambda n: {"symbol": n}),
    "binance intervals": (
        binance.funding_hours,
        lambda rows: rows,
        lambda n: {"symbol": n, "fundingIntervalHours": 4},
    ),
    "okx": (okx.by_id, lambda rows: {"data": rows}, lambda n: {"instId": n}),
    "bybit": (bybit.by_symbol, lambda rows: {"result": {"list": rows}}, lambda n: {"symbol": n}),
    "bybit intervals": (bybit.funding_minutes, lambda rows: rows, lambda n: {"symbol": n, "fundingInterval": 60}),
}


@pytest.mark.parametrize("kind", BULK)
def test_any_broken_entry_of_a_bulk_answer_gives_all_the_others(kind):
    read, wrap, make = BULK[kind]
    for odd in ({}, {"symbol": ["x"]}, {"instId": {}}, {"symbol": "c", "fundingIntervalHours": None}):
        found = read(wrap([make("a"), odd, make("b")]))
        assert {"a", "b"} <= set(found)


HISTORIES = {
    "binance open interest": (
        binance.past_open_interest,
        lambda rows: rows,
        lambda t: {"timestamp": t, "sumOpenInterest": "1", "sumOpenInterestValue": "2"},
        "sumOpenInterest",
    ),
    "binance funding": (
        binance.past_funding,
        lambda rows: rows,
        lambda t: {"fundingTime": t, "fundingRate": "0.0001", "markPrice": ""},
        "fundingRate",
    ),
    "okx open interest": (okx.past_open_interest, lambda rows: {"data": rows}, lambda t: [str(t), "1", "2", ""], 2),
    "okx funding": (
        okx.past_funding,
        lambda rows: {"data": rows},
        lambda t: {"fundingTime": str(t), "fundingRate": "0.1", "realizedRate": "0.1"},
        "realizedRate",
    ),
    "bybit open interest": (
        bybit.past_open_interest,
        lambda rows: {"result": {"list": rows}},
        lambda t: {"timestamp": str(t), "openInterest": "4"},
        "openInterest",
    ),
    "bybit funding": (
        bybit.past_funding,
        lambda rows: {"result": {"list": rows}},
        lambda t: {"fundingRateTimestamp": str(t), "fundingRate": "0.1"},
        "fundingRate",
    ),
}


@pytest.mark.parametrize("kind", HISTORIES)
def test_an_empty_number_of_a_history_costs_its_row(kind):
    read, wrap, make, field = HISTORIES[kind]
    rows = [make(3), make(2), make(1)]
    whole = read(wrap([make(3), make(1)]))
    rows[1][field] = "?"
    assert read(wrap(rows)) == whole


# the intervals of Bybit are read of entries that were listed, not of an answer
@pytest.mark.parametrize("kind", [each for each in (*BULK, *HISTORIES) if each != "bybit intervals"])
def test_what_is_no_list_does_not_say_that_there_is_nothing(kind):
    read, wrap, *_ = (BULK | HISTORIES)[kind]
    for odd in ({}, "", None):
        with pytest.raises(DecodeError):
            read(wrap(odd))


def test_where_nothing_can_be_read_the_answer_is_of_another_format():
    with pytest.raises(DecodeError, match="Binance"):
        binance.by_symbol([{}, {"s": 1}])
    assert each_readable([], int) == []
    with pytest.raises(ValueError, match="x"):
        each_readable(["x"], int)


def test_what_is_no_coin_or_not_linear_is_not_followed():
    coin = binance_perp("BTC")
    others = [
        binance_perp("ETH") | {"marginAsset": "ETH"},
        binance_perp("TSLA") | {"underlyingType": "EQUITY"},
        binance_perp("XAU") | {"contractType": "TRADIFI_PERPETUAL"},
    ]
    assert binance.listed({"symbols": [*others, coin]}, "perp") == [coin]
    coin = bybit_perp("BTC")
    kinds = ("commodity", "stock", "forex", "xstocks")
    others = [bybit_perp("XAU") | {"symbolType": kind} for kind in kinds]
    assert bybit.listed({"result": {"list": [*others, coin | {"symbolType": ""}]}}, "perp") == [
        coin | {"symbolType": ""}
    ]


MINUTE_ROW = [1_768_478_400_000, "1.5", "1.7", "1.4", "1.6", "10", 1_768_478_459_999, "15.5", 7, "4", "6.2", "0"]
ODD_MINUTES = [{2: "1.3"}, {3: "0"}, {5: "-1"}, {9: "11"}, {9: "-1"}, {0: MINUTE_ROW[0] * 1000}, {5: None}]
ODD_TRADES = [
    {"T": 1_768_478_400},
    {"T": 1_768_478_400_000_000},
    {"T": 0},
    {"q": "-1"},
    {"a": "x"},
    {"m": "false"},
    {"m": None},
]


def test_an_odd_row_of_a_page_costs_that_row(instrument):
    """No high is below its low, takers buy no more than is traded; a number among texts is a number."""
    btc = instrument("binance", "BTC/USDT", "BTCUSDT", "0.1", "0.1")
    for odd in ({5: 10.0}, *ODD_MINUTES):
        page = [[odd.get(at, value) for at, value in enumerate(MINUTE_ROW)], [MINUTE_ROW[0] + 60_000, *MINUTE_ROW[1:]]]
        assert binance.bars(page, btc).volume.tolist() == [10.0] * (1 if odd in ODD_MINUTES else 2), odd
    for odd in ({"p": 1.5}, {"a": "2"}, *ODD_TRADES):
        page = [{"a": at, "p": "1.5", "q": "1", "T": 1_768_478_400_000, "m": True} for at in (1, 2, 3)]
        page[1] |= odd
        assert binance.agg_trades(page, btc).ids.tolist() == ([1, 3] if odd in ODD_TRADES else [1, 2, 3]), odd
