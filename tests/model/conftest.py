"""Trades made by hypothesis, and what bars they are by a plain loop over Decimals."""

from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import strategies as st

from coinmon import Instrument, Trades

MINUTE = 60_000
START = 1_723_161_600_000
GRIDS = [("0.01", "0.00001"), ("0.1", "0.001"), ("0.00000001", "1"), ("0.5", "0.00000001"), ("1E-10", "1E-10")]


def instrument(tick="0.01", lot="0.00001"):
    return Instrument("binance", "spot", "BTC", "USDT", "BTCUSDT", "BTC/USDT", Decimal(tick), Decimal(lot))


@st.composite
def markets(draw, minutes=4, max_size=40):
    """An instrument and its trades in order: (time, ticks, lots, side)."""
    made = instrument(*draw(st.sampled_from(GRIDS)))
    near = draw(st.integers(1, 10**6))
    row = st.tuples(
        st.integers(START, START + minutes * MINUTE - 1),
        st.integers(near, near + 12),
        st.integers(1, 10**5),
        st.sampled_from((1, -1)),
    )
    rows = draw(st.lists(row, max_size=max_size))
    return made, sorted(rows, key=lambda each: each[0])


def trades(made, rows):
    times, ticks, lots, sides = zip(*rows, strict=True) if rows else ((),) * 4
    qty = [float(count * made.lot_size) for count in lots]
    return Trades(
        np.arange(len(rows), dtype=np.int64),
        np.array(times, np.int64),
        np.array(ticks, np.int64),
        np.array(qty, np.float64),
        np.array(sides, np.int8),
    )


def oracle(made, rows):
    """Bars by minute: every figure an exact Decimal, straight from the definitions."""
    bars = {}
    for time, ticks, lots, side in rows:
        minute = time - time % MINUTE
        price, base = ticks * made.tick_size, lots * made.lot_size
        bar = bars.setdefault(
            minute,
            SimpleNamespace(
                open=ticks, high=ticks, low=ticks, close=ticks, volume=Decimal(0), quote=Decimal(0), trades=0,
                buy=Decimal(0), buy_quote=Decimal(0), running=Decimal(0), delta_min=Decimal(0), delta_max=Decimal(0),
                levels={},
            ),
        )  # fmt: skip
        bar.high, bar.low, bar.close = max(bar.high, ticks), min(bar.low, ticks), ticks
        bar.volume += base
        bar.quote += base * price
        bar.trades += 1
        if side > 0:
            bar.buy += base
            bar.buy_quote += base * price
        bar.running += base * side
        bar.delta_min, bar.delta_max = min(bar.delta_min, bar.running), max(bar.delta_max, bar.running)
        level = bar.levels.setdefault(ticks, [Decimal(0), Decimal(0)])
        level[side < 0] += base
    return bars


@pytest.fixture(scope="session")
def plain():
    """The trade strategies and the oracle."""
    return SimpleNamespace(instrument=instrument, markets=markets, trades=trades, oracle=oracle, start=START)
