"""Net flow against a plain loop over Decimals."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinmon import MINUTE
from coinmon_indicators.flow.net_flow import net_flow


def money(scene, minutes):
    """Taker buys and sells in quote, volume in base: exact."""
    buy = sell = base = Decimal(0)
    for minute in minutes:
        for ticks, lots, side in minute.trades:
            value = ticks * scene.tick * lots * scene.lot
            base += lots * scene.lot
            buy, sell = (buy + value, sell) if side > 0 else (buy, sell + value)
    return buy, sell, base


def covered(minutes):
    return [minute for minute in minutes if minute.kind in ("trades", "klines")]


@given(seed=st.integers(0, 10**6), count=st.integers(1, 30), mixed=st.booleans())
@settings(max_examples=120, deadline=None)
def test_flow_is_what_a_plain_loop_says(scene, seed, count, mixed):
    minutes = scene.minutes(seed, count, scene.kinds if mixed else ("trades", "klines"))
    result = net_flow(scene.view(minutes), window=count, zscore_hours=0)
    good = covered(minutes)
    buy, sell, base = money(scene, good)
    assert result.coverage.complete == len(good)
    assert result.coverage.minutes == count
    if not good:
        assert result.net_flow is None
        assert result.reason.startswith(f"none of the {count} minutes")
        return
    close = pytest.approx(float(buy - sell), abs=1e-12 * float(buy + sell) + 1e-12)
    assert result.net_flow == close
    assert result.buy_volume == pytest.approx(float(buy))
    assert result.sell_volume == pytest.approx(float(sell))
    assert result.volume == pytest.approx(float(base))
    assert result.quote_volume == pytest.approx(float(buy + sell))
    if buy + sell:
        assert result.net_flow_pct == pytest.approx(float(100 * (buy - sell) / (buy + sell)), abs=1e-9)
    else:
        assert result.net_flow_pct is None
    if len(good) / count < 0.95 or not sell:
        assert result.buy_sell_ratio is None
        assert result.reason
    else:
        assert result.buy_sell_ratio == pytest.approx(float(buy / sell))


@given(seed=st.integers(0, 10**6), count=st.integers(1, 25), before=st.integers(0, 2))
@settings(max_examples=120, deadline=None)
def test_prices_are_what_a_plain_loop_says(scene, seed, count, before):
    minutes = scene.minutes(seed, count + before, scene.kinds)
    result = net_flow(scene.view(minutes), window=count, zscore_hours=0)
    last, ranges, bars = None, [], []
    carried = 0
    for i, minute in enumerate(minutes):
        prices = [ticks for ticks, _, _ in minute.trades] or [carried]
        if minute.kind == "missing" or not prices[0]:
            last = None
            continue
        carried = prices[-1]
        high, low = max(prices), min(prices)
        if i >= before:
            joined = last is not None
            ranges.append(max(high, last) - min(low, last) if joined else high - low)
            bars.append((bool(minute.trades), prices[0], high, low, prices[-1]))
        last = prices[-1]
    traded = [bar for bar in bars if bar[0]] or bars
    if not traded:
        figures = (result.support, result.resistance, result.last_price, result.atr, result.price_change_pct)
        assert figures == (None,) * 5
        assert "no price" in result.reason
        return
    assert result.support == float(scene.tick * min(bar[3] for bar in traded))
    assert result.resistance == float(scene.tick * max(bar[2] for bar in traded))
    assert result.last_price == float(scene.tick * traded[-1][4])
    assert result.atr == pytest.approx(float(scene.tick * sum(ranges) / len(ranges)))
    change = Decimal(traded[-1][4] - traded[0][1]) / traded[0][1] * 100
    assert result.price_change_pct == pytest.approx(float(change), abs=1e-9)


@given(seed=st.integers(0, 10**6), holes=st.booleans())
@settings(max_examples=40, deadline=None)
def test_the_zscore_compares_with_the_windows_before(scene, seed, holes):
    window, blocks = 5, 12
    minutes = scene.minutes(seed, window * (blocks + 1) + 3)
    if holes:
        minutes[3 + seed % (window * blocks)].kind = "gap"
    result = net_flow(scene.view(minutes), window=window, zscore_hours=1)
    flows = []
    for i in range(blocks):
        block = minutes[3 + i * window : 3 + (i + 1) * window]
        if len(covered(block)) == window:
            buy, sell, _ = money(scene, block)
            flows.append(buy - sell)
    assert len(flows) == blocks - holes
    mean = sum(flows) / len(flows)
    spread = (sum((flow - mean) ** 2 for flow in flows) / (len(flows) - 1)).sqrt()
    buy, sell, _ = money(scene, minutes[-window:])
    if not spread:
        assert result.zscore is None
    else:
        assert result.zscore == pytest.approx(float((buy - sell - mean) / spread), rel=1e-9, abs=1e-9)


def test_too_few_complete_windows_before_give_no_zscore(scene):
    minutes = scene.minutes(1, 65)
    for block in range(3):
        minutes[block * 5].kind = "missing"
    result = net_flow(scene.view(minutes), window=5, zscore_hours=1)
    assert result.zscore is None
    assert "there are 9" in result.reason
    assert result.net_flow is not None


def test_a_short_window_has_no_zscore(scene):
    minutes = scene.minutes(1, 65)
    minutes[-1].kind = "gap"
    result = net_flow(scene.view(minutes), window=5, zscore_hours=1)
    assert (result.zscore, result.buy_sell_ratio) == (None, None)
    assert result.reason == "4 of 5 minutes covered, the buy/sell ratio needs 95%"
    assert result.net_flow is not None


def test_a_flow_that_never_changes_has_no_zscore(scene):
    steady = [scene.Minute("trades", [(10_001, 333, 1), (10_001, 111, -1)]) for _ in range(65)]
    result = net_flow(scene.view(steady), window=5, zscore_hours=1)
    assert result.zscore is None
    assert "same net flow" in result.reason


@pytest.mark.parametrize(("complete", "known"), [(19, True), (18, False)])
def test_the_ratio_needs_95_percent_and_that_is_enough(scene, complete, known):
    both = [(10_000, 5, 1), (10_000, 4, -1)]
    minutes = [scene.Minute("trades" if i < complete else "missing", both) for i in range(20)]
    result = net_flow(scene.view(minutes, now=scene.start + 20 * MINUTE), window=20)
    assert (result.buy_sell_ratio is not None) is known


def test_no_sells_are_no_ratio_and_neither_infinity(scene):
    result = net_flow(scene.view([scene.Minute("trades", [(10_000, 7, 1)])] * 3), window=3, zscore_hours=0)
    assert result.buy_sell_ratio is None
    assert result.reason == "no taker sells, so no buy/sell ratio"
    assert result.net_flow_pct == 100.0


def test_no_buys_are_a_ratio_of_zero(scene):
    result = net_flow(scene.view([scene.Minute("trades", [(10_000, 7, -1)])] * 3), window=3, zscore_hours=0)
    assert result.buy_sell_ratio == 0.0


def test_klines_without_a_split_give_prices_but_never_flow(scene):
    result = net_flow(scene.view([scene.Minute("no split", [(10_000, 7, 1), (10_050, 7, -1)])] * 3), window=3)
    assert (result.net_flow, result.volume, result.buy_sell_ratio) == (None, None, None)
    assert (result.support, result.resistance, result.last_price) == (100.0, 100.5, 100.5)
    assert result.coverage.kind == "partial"


def test_nothing_stored_is_nothing_known(scene):
    result = net_flow(scene.view([], now=scene.start), window=50)
    figures = result.model_dump(exclude={"as_of", "coverage", "convention", "reason", "window"})
    known = {name: value for name, value in figures.items() if value is not None}
    assert known == {"instrument": "binance:BTC/USDT", "base": "BTC", "currency": "USDT"}
    assert result.coverage.share == 0
    assert result.line("zh").startswith("净流量 - USDT")


@given(seed=st.integers(0, 10**6), cut=st.integers(1, 29), within=st.integers(0, MINUTE - 1))
@settings(max_examples=40, deadline=None)
def test_nothing_later_than_the_moment_is_looked_at(scene, seed, cut, within):
    minutes = scene.minutes(seed, 30, scene.kinds)
    now = scene.start + cut * MINUTE + within
    assert net_flow(scene.view(minutes, now), window=9) == net_flow(scene.view(minutes[:cut], now), window=9)


@given(seed=st.integers(0, 10**6), window=st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_json_has_numbers_and_null_only(scene, seed, window):
    result = net_flow(scene.view(scene.minutes(seed, 20, scene.kinds)), window=window, zscore_hours=1)
    assert "NaN" not in result.model_dump_json()
    assert "Infinity" not in result.model_dump_json()
    loaded = json.loads(result.model_dump_json())
    assert loaded["as_of"].endswith("Z")
    for lang in ("zh", "en"):
        assert "nan" not in result.line(lang)
        assert "None" not in result.line(lang)
