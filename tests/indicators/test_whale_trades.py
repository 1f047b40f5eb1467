"""Whale trades: who is listed, and what is known when not all trades were seen."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinmon import MINUTE, WhaleTrade
from coinmon_indicators.flow.whale_trades import whale_trades


def whale(time, quote, side=1, number=1):
    return WhaleTrade("binance:BTC/USDT", number, time, side, 42_150.0, quote / 42_150, quote, 2)


@given(
    st.lists(st.tuples(st.integers(0, 59), st.integers(1, 10**6), st.sampled_from((1, -1))), max_size=12).map(sorted),
    st.integers(1, 10**6),
)
def test_orders_of_the_threshold_and_above_are_listed_and_summed(scene, orders, threshold):
    whales = [whale(scene.start + at * MINUTE, float(quote), side, i) for i, (at, quote, side) in enumerate(orders)]
    minutes = [scene.Minute("trades", [(10, 1, 1)])] * 60
    result = whale_trades(scene.view(minutes, whales=whales), window=50, threshold=threshold)
    listed = [(i, quote, side) for i, (at, quote, side) in enumerate(orders) if quote >= threshold and at >= 10]
    assert [trade.trade_id for trade in result.trades] == [i for i, _, _ in listed]
    assert [trade.side for trade in result.trades] == ["buy" if side > 0 else "sell" for _, _, side in listed]
    assert result.buy_volume == float(sum(Decimal(quote) for _, quote, side in listed if side > 0))
    assert result.sell_volume == float(sum(Decimal(quote) for _, quote, side in listed if side < 0))
    assert (result.buys, result.sells) == (
        sum(side > 0 for *_, side in listed), sum(side < 0 for *_, side in listed)
    )  # fmt: skip
    assert result.reason is None


def test_the_forming_minute_is_looked_at_and_nothing_later(scene):
    now = scene.start + 2 * MINUTE + 30_000
    whales = [whale(now - 1, 3e5, number=1), whale(now, 3e5, number=2), whale(now + 1, 3e5, number=3)]
    result = whale_trades(scene.view(scene.minutes(1, 2), now, whales=whales), window=2)
    assert [trade.trade_id for trade in result.trades] == [1, 2]


@pytest.mark.parametrize("kind", ["klines", "no split", "missing"])
def test_no_trades_seen_is_not_no_whales(scene, kind):
    view = scene.view([scene.Minute(kind, [(10, 1, 1)])] * 3, now=scene.start + 3 * MINUTE)
    result = whale_trades(view, window=3)
    assert (result.buys, result.sells, result.buy_volume, result.sell_volume) == (None,) * 4
    assert result.reason.endswith("whale trades are unknown")


def test_totals_over_a_hole_are_a_floor_and_say_so(scene):
    minutes = [scene.Minute("gap", [(10, 1, 1)]), scene.Minute("trades", [(10, 1, 1)])]
    result = whale_trades(scene.view(minutes, whales=[whale(scene.start, 523_450.0)]), window=2)
    assert result.buy_volume == 523_450.0
    assert result.reason == "the single trades of 1 of 2 minutes were not all seen, totals are a floor"
    assert result.line("zh").startswith("买入 1 ($523k)  卖出 0 ($0)  最近 买入 $523k @ 42,150 00:00:00")
    assert '"time":"2024-08-09T00:00:00Z","side":"buy","price":42150.0' in result.model_dump_json()
