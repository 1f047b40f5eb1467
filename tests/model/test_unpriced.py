"""A minute with a known gap in which no trade was seen is taken away as unknown, and not as nothing traded."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from coinmon import MINUTE, Bars, Coverage
from coinmon.lake.tables import bars_table
from coinmon.report.export import records

AMOUNTS = ("volume", "quote_volume", "trades", "taker_buy_volume", "taker_buy_quote_volume", "delta_min", "delta_max")


@pytest.fixture
def bars() -> Bars:
    """Three minutes without a trade seen: whole, with a gap, with a gap and a price."""
    nothing, price = np.zeros(3), np.array([100, 0, 100])
    coverage = np.array([Coverage.TRADES, Coverage.PARTIAL, Coverage.PARTIAL], np.uint8)
    return replace(
        Bars.missing(Decimal("0.1"), np.arange(3) * MINUTE), open=price, high=price, low=price, close=price,
        volume=nothing, quote_volume=nothing, buy=nothing, buy_quote=nothing, delta_min=nothing, delta_max=nothing,
        trades=np.zeros(3, np.int64), coverage=coverage,
    )  # fmt: skip


def test_a_price_that_is_not_known_is_not_zero(bars: Bars) -> None:
    assert bars.price(bars.close).tolist() == pytest.approx([10.0, np.nan, 10.0], nan_ok=True)


def test_an_exported_minute_without_a_price_has_no_volume(bars: Bars) -> None:
    whole, gap, seen = records(bars, levels=False)
    assert [whole[name] for name in AMOUNTS] == [seen[name] for name in AMOUNTS] == [0] * 7
    assert [gap[name] for name in AMOUNTS] == [None] * 7
    assert gap["coverage"] == "partial"


def test_nor_has_it_one_in_a_notebook(bars: Bars) -> None:
    pytest.importorskip("pyarrow", reason="the lake extra is not installed")
    table = bars_table(bars, levels=False)
    for name in AMOUNTS:
        assert table[name].to_pylist() == [0, None, 0]
