"""Fields that a venue may leave out or leave empty: what is said without them, and with them."""

from decimal import Decimal

import pytest

from coinmon_exchanges.binance import decode as binance
from coinmon_exchanges.bybit import decode as bybit
from coinmon_exchanges.hyperliquid import decode as hyperliquid
from coinmon_exchanges.okx import decode as okx


@pytest.mark.parametrize(("more", "size"), [({}, "0.01"), ({"ctMult": ""}, "0.01"), ({"ctMult": "10"}, "0.1")])
def test_an_okx_contract_is_its_value_times_its_multiplier_where_there_is_one(more, size):
    entry = {
        "instId": "BTC-USDT-SWAP", "instType": "SWAP", "ctVal": "0.01", "ctValCcy": "BTC", "settleCcy": "USDT",
        "tickSz": "0.1", "lotSz": "1", **more,
    }  # fmt: skip
    assert Decimal(okx.draft(entry, str).contract_size) == Decimal(size)


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
