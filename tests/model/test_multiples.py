"""A market of thousands of a coin, read in coins: prices divided, quantities multiplied, money as it is."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from coinmon import Bars, Coverage, Instrument, Levels
from coinmon.model.book import Depth, Near, Picture
from coinmon.model.derivatives import Funding, OpenInterest
from coinmon.model.multiples import (
    bars_in_coins,
    coin_of,
    in_coins,
    levels_in_coins,
    multiple_of,
    samples_in_coins,
    units_between,
)

PEPE = Instrument(
    "binance", "perp", "1000PEPE", "USDT", "1000PEPEUSDT", "1000PEPE/USDT:USDT", Decimal("0.01"), Decimal("1")
)


@pytest.mark.parametrize(
    ("base", "units", "coin"),
    [
        ("1000PEPE", 1000, "PEPE"), ("10000SATS", 10_000, "SATS"), ("1000000MOG", 1_000_000, "MOG"),
        ("1MBABYDOGE", 1_000_000, "BABYDOGE"), ("1KABC", 1000, "ABC"), ("kPEPE", 1000, "PEPE"), ("BTC", 1, "BTC"),
        ("1INCH", 1, "1INCH"), ("1000X", 1, "1000X"), ("KAS", 1, "KAS"), ("kas", 1, "kas"), ("100PEPE", 1, "100PEPE"),
        ("10000000PEPE", 1, "10000000PEPE"),
    ],
)  # fmt: skip
def test_which_names_count_thousands(base, units, coin):
    assert multiple_of(base) == (units, coin)
    assert coin_of(base) == coin


def test_an_instrument_in_coins_is_the_same_market():
    coins = in_coins(PEPE)
    assert coins == replace(
        PEPE, base="PEPE", tick_size=Decimal("0.00001"), lot_size=Decimal(1000), contract_size=Decimal(1000)
    )
    assert in_coins(coins) is coins
    assert units_between(PEPE, coins) == 1000
    assert units_between(PEPE, PEPE) == units_between(coins, coins) == 1


def bars():
    one = np.array([7, 9], np.int64)
    levels = Levels(np.array([0, 1, 2]), one, np.array([2.0, 3.0]), np.array([5.0, 7.0]))
    return Bars(
        PEPE.tick_size, np.array([0, 60_000]), one, one + 2, one - 2, one + 1, np.array([3.0, 5.0]),
        np.array([30.0, 50.0]), one, np.array([2.0, 4.0]), np.array([20.0, 40.0]), np.array([-1.0, -3.0]),
        np.array([1.5, 2.5]), np.full(2, Coverage.TRADES, np.uint8), levels=levels,
    )  # fmt: skip


def test_bars_in_coins_are_of_the_same_money_at_the_same_ticks():
    before, after = bars(), bars_in_coins(bars(), 1000)
    assert after.tick_size == Decimal("0.00001")
    for name in ("volume", "buy", "delta_min", "delta_max"):
        assert getattr(after, name).tolist() == [1000 * each for each in getattr(before, name)], name
    for name in ("time", "open", "high", "low", "close", "quote_volume", "buy_quote", "trades", "coverage"):
        assert getattr(after, name).tolist() == getattr(before, name).tolist(), name
    assert after.levels.ticks.tolist() == before.levels.ticks.tolist()
    assert after.levels.buy.tolist() == [2000.0, 3000.0]
    assert after.levels.sell.tolist() == [5000.0, 7000.0]
    assert after.sell_quote.tolist() == [10.0, 10.0]
    assert after.price(after.close).tolist() == pytest.approx([8e-5, 10e-5])


def test_what_counts_coins_already_is_left_as_it_is():
    made = bars()
    assert bars_in_coins(made, 1) is made
    assert levels_in_coins(made.levels, 1) is made.levels
    assert bars_in_coins(replace(made, levels=None), 1000).levels is None
    samples = [OpenInterest(0, 5.0, 50.0)]
    assert samples_in_coins(samples, 1) is samples


def test_samples_in_coins():
    (interest,) = samples_in_coins([OpenInterest(0, 5.0, 50.0)], 1000)
    assert (interest.base, interest.value) == (5000.0, 50.0)
    (funding,) = samples_in_coins([Funding(0, 0.0001, None, None, 8.0)], 1000)
    assert (funding.rate, funding.mark) == (0.0001, 0.008)
    (depth,) = samples_in_coins([Depth(0, 8.0, 9.0, 1.0, 2.0, (Near(0.5, 1.0, 8.0, 2.0, 18.0),))], 1000)
    assert (depth.bid, depth.ask, depth.reach_bid, depth.reach_ask) == (0.008, 0.009, 1.0, 2.0)
    assert depth.near == (Near(0.5, 1000.0, 8.0, 2000.0, 18.0),)
    (drawn,) = samples_in_coins([Picture(0, Decimal("0.5"), 3, np.array([1.0]), np.array([2.0]))], 1000)
    assert drawn.row == Decimal("0.0005")
    assert (drawn.bids.tolist(), drawn.asks.tolist(), drawn.first) == ([1000.0], [2000.0], 3)
