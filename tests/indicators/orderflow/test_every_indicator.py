"""What holds of every order-flow indicator on minutes seen in every way; test_all_indicators has what holds of all."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinmon import DAY, MINUTE
from coinmon.plugin.catalog import load_catalog

SETTINGS = {
    "footprint": {"timeframe": "5m", "bars": 6, "detail": "levels", "bin_size": 0.1},
    "delta": {"timeframe": "5m", "bars": 6},
    "cvd": {"timeframe": "5m", "bars": 6, "pivot_left": 1, "pivot_right": 1},
    "imbalance": {"timeframe": "5m", "bars": 6, "ratio": 1.5, "consecutive": 2},
    "absorption": {"timeframe": "1m", "bars": 15, "lookback": 10, "quantile": 0.5, "max_range": 1.5},
    "exhaustion": {"timeframe": "5m", "bars": 6, "max_share": 0.9, "rows": 2},
    "unfinished_auction": {"timeframe": "5m", "bars": 6},
    "structure": {"timeframe": "1m", "bars": 30, "pivot_left": 2, "pivot_right": 2},
    "swing_liquidity": {"timeframe": "1m", "bars": 30, "pivot_left": 2, "pivot_right": 2},
    "market_snapshot": {"min_coverage": 0.01},
}
NAMES = sorted(SETTINGS)
CATALOG = load_catalog()


def compute(name, view):
    return CATALOG.get("indicator", name).target(view, **SETTINGS[name])


@given(seed=st.integers(0, 10**6), cut=st.integers(1, 39), within=st.integers(0, MINUTE - 1))
@settings(max_examples=6, deadline=None)
def test_nothing_later_than_the_moment_is_looked_at(scene, seed, cut, within):
    minutes = scene.minutes(seed, 40, scene.kinds, most=6)
    now = scene.start + cut * MINUTE + within
    for name in NAMES:
        assert compute(name, scene.view(minutes, now)) == compute(name, scene.view(minutes[:cut], now)), name


@pytest.mark.parametrize("name", NAMES)
def test_a_shifted_clock_shifts_results(scene, name):
    minutes = scene.minutes(11, 40, ("trades",) * 5 + scene.kinds, most=6)
    one, other = (
        compute(name, scene.view(minutes, start=start)).model_dump_json()
        for start in (scene.start, scene.start + 7 * DAY)
    )
    # the day before is in the windows of some
    assert one.replace("2024-08-09T", "2024-08-16T").replace("2024-08-08T", "2024-08-15T") == other
    assert "2024-08-16T" in other


@given(seed=st.integers(0, 10**6))
@settings(max_examples=5, deadline=None)
def test_inf_and_nan_never_reach_json_or_people(scene, seed):
    minutes = scene.minutes(seed, 40, scene.kinds, most=6)
    for name in NAMES:
        result = compute(name, scene.view(minutes))
        json.loads(result.model_dump_json(), parse_constant=pytest.fail)
        for lang in ("zh", "en"):
            assert not {"nan", "inf", "None"} & set(result.line(lang).replace("(", " ").replace(")", " ").split()), name


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"market_snapshot"}))
def test_venues_together_give_what_their_trades_together_give(scene, name):
    """A candle's volumes, rows and marks over merged bars are those of all trades; its running extremes are unknown."""
    trades = [[(10_000 + 5 * i + k, 1000, 1) for k in range(3)] for i in range(30)]
    whole = scene.view([scene.Minute("trades", each + each) for each in trades])
    parts = {venue: [scene.Minute("trades", each) for each in trades] for venue in ("binance", "okx")}
    one = compute(name, whole).model_dump()
    other = compute(name, scene.market(parts).merged["spot"]).model_dump()
    assert other.pop("instrument") == "all:BTC/USDT"
    one.pop("instrument")
    assert without_running(other) == without_running(one)


def without_running(value):
    if isinstance(value, dict):
        gone = ("min_delta", "max_delta", "trades")
        return {key: without_running(each) for key, each in value.items() if key not in gone}
    return [without_running(each) for each in value] if isinstance(value, list) else value
