"""A pair on venues whose windows hold a given flow, with the bundled indicators at hand."""

from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest

from coinmon import MINUTE, Bars, Instrument, Market, Pair, Trades, View, WhaleTrade
from coinmon.model.fold import fold
from coinmon_indicators.flow.consensus import consensus
from coinmon_indicators.flow.net_flow import net_flow
from coinmon_indicators.flow.whale_trades import whale_trades

START = 1_723_161_600_000
WINDOW = 50
NOW = START + WINDOW * MINUTE + 2_000
INDICATORS = {"net_flow": net_flow, "consensus": consensus, "whale_trades": whale_trades}


def instrument(venue, kind="spot"):
    quote = "USD" if venue == "coinbase" else "USDT"
    symbol = f"BTC/{quote}" + (f":{quote}" if kind == "perp" else "")
    return Instrument(venue, kind, "BTC", quote, "BTC", symbol, Decimal("0.01"), Decimal("0.01"))


def minutes(traded, buy, sell, complete):
    """The last `complete` minutes of the window, in which `buy` and `sell` dollars are spread at a price of 1."""
    rows = []
    for i in range(WINDOW - complete, WINDOW):
        # all of it in the last minute, one dollar each way before, so that nothing is rounded
        for amount, side in ((buy, 1), (sell, -1)):
            if amount:
                rows.append((START + i * MINUTE, amount - (complete - 1) if i == WINDOW - 1 else 1, side))
    if not rows:
        return Bars.empty(traded.tick_size)
    times, money, sides = zip(*rows, strict=True)
    count = len(rows)
    return fold(
        Trades(
            np.arange(count), np.array(times), np.full(count, 100), np.array(money, float), np.array(sides, np.int8)
        ),
        traded,
    )


class Tape:
    def __init__(self, rows, whales):
        self._rows, self._whales = rows, whales

    def bars(self, instrument, start, end, *, levels=False):
        rows = self._rows
        return rows[(rows.time >= start) & (rows.time < end)]

    def whale_trades(self, instrument, start, end):
        return [each for each in self._whales if start <= each.time < end]


def venue(name, flow=0.0, ratio=None, complete=WINDOW, kind="spot", whales=()):
    """A view whose window has that net flow; `ratio` sets taker buy / taker sell (else 1M goes each way besides)."""
    sell = 1e6 + max(0.0, -flow) if ratio is None else flow / (ratio - 1)
    traded = instrument(name, kind)
    rows = minutes(traded, round(sell + flow, 2), round(sell, 2), complete)
    return View(traded, NOW, Tape(rows, list(whales)), compute)


def compute(name, target):
    return INDICATORS[name](target)


def market(*views, venues=("binance", "okx", "bybit", "coinbase"), down=()):
    return Market(Pair("BTC", "USDT"), NOW, venues, views, compute, dict(down))


def whale(traded, quote, number=1, age=60_000, side=1, price=42_150.0):
    return WhaleTrade(traded.id, number, NOW - age, side, price, quote / price, quote, 2)


@pytest.fixture(scope="session")
def scene():
    return SimpleNamespace(venue=venue, market=market, whale=whale, instrument=instrument, now=NOW)


@pytest.fixture(scope="session")
def four():
    """A market of the four venues with these flows (None: not listed)."""

    def build(*flows, **ratios):
        names = ("binance", "okx", "bybit", "coinbase")
        listed = [(name, flow) for name, flow in zip(names, flows, strict=True) if flow is not None]
        return market(*(venue(name, flow, ratios.get(name)) for name, flow in listed))

    return build
