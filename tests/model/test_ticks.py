"""Prices as whole ticks: on the grid and positive, or refused by name."""

from decimal import Decimal

import numpy as np
import pytest

from coinmon.errors import DecodeError
from coinmon.model.trades import to_ticks


def test_a_price_on_the_grid_is_that_many_ticks(plain):
    for tick in ("0.01", "0.1", "0.00000001", "0.5", "1E-10"):
        counts = [1, 2, 3, 7, 10**6 + 1, 2**40 + 1]
        prices = np.array([float(count * Decimal(tick)) for count in counts])
        assert to_ticks(prices, plain.instrument(tick)).tolist() == counts


@pytest.mark.parametrize(
    "price",
    [0.0, -0.1, 1e-9, 0.15, 0.102, 2.0**53 / 5, float("nan"), float("inf"), float("-inf")],
    ids=["zero", "negative", "far below a tick", "between", "beside", "too large", "nan", "inf", "-inf"],
)  # fmt: skip
def test_any_other_is_refused_and_named(plain, price):
    with pytest.raises(DecodeError, match=rf"BTC/USDT: price {price} is not a positive multiple of tick 0\.1"):
        to_ticks(np.array([0.1, price, 0.2]), plain.instrument("0.1"))
