"""An alert's price and its change are of one market: the first one that has the window."""

from decimal import Decimal

import numpy as np
import pytest

from coinmon.config.load import load_config
from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.situation import situation
from coinmon.model.bars import Bars, Coverage
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.moment import MINUTE
from tests.evaluate.test_columns import Stored

START, STORED, WINDOW = 29_000_000 * MINUTE, 200, 50
OPENED = {"binance:spot": 100, "okx:spot": 200, "okx:perp": 300}
"""Where each market's window opened, in ticks; it closed a tenth above."""


def market(name):
    venue, kind = name.split(":")
    symbol = "BTC/USDT" if kind == "spot" else "BTC/USDT:USDT"
    return Instrument(venue, kind, "BTC", "USDT", "BTC", symbol, Decimal(1), Decimal("0.001"))


def minutes(opened, seen):
    """The rows of those minutes that were seen, counted from the end."""
    at = np.arange(STORED)
    price = np.full(STORED, opened)
    price[-1] = opened * 11 // 10
    one = np.ones(STORED)
    rows = Bars(
        Decimal(1), START + at * MINUTE, price, price, price, price, one, one, at, one, one, one, one,
        np.full(STORED, Coverage.TRADES, np.uint8),
    )  # fmt: skip
    return rows[[STORED - each for each in sorted(seen, reverse=True)]]


@pytest.mark.parametrize(
    ("seen", "of", "price", "change"),
    [
        ({}, "binance:BTC/USDT", 110, 10.0),
        # it began to be read twenty minutes ago; its newest minute is no price of a change that another knows
        ({"binance:spot": range(1, 21)}, "okx:BTC/USDT", 220, 10.0),
        ({"binance:spot": range(1, 21), "okx:spot": range(60, 70)}, "okx:BTC/USDT:USDT", 330, 10.0),
        # nobody has the window: the first one's last price, and no change
        (dict.fromkeys(OPENED, range(1, 21)), "binance:BTC/USDT", 110, None),
        (dict.fromkeys(OPENED, range(60, 70)), "binance:BTC/USDT", 100, None),
        (dict.fromkeys(OPENED, ()), None, None, None),
    ],
)
def test_the_price_is_of_the_market_that_has_the_window(tmp_path, monkeypatch, seen, of, price, change):
    monkeypatch.chdir(tmp_path)
    instruments = {name: market(name) for name in OPENED}
    stored = Stored(
        {
            each.id: minutes(OPENED[name], seen.get(name, range(1, STORED + 1)))
            for name, each in instruments.items()
        }
    )  # fmt: skip
    for name in ("open_interest", "funding", "liquidations", "whale_trades", "signals"):
        monkeypatch.setattr(stored, name, lambda *_: [], raising=False)
    evaluator = Evaluator(load_config(None, environ={}), ["binance", "okx"])
    pair = Pair("BTC", "USDT")
    found = situation(
        evaluator.market(pair, list(instruments.values()), stored, START + STORED * MINUTE), WINDOW, evaluator.answering
    )
    assert (found["instrument"], found["price"], found["change_pct"]) == (of, price, change)
