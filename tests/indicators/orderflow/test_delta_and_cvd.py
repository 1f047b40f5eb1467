"""Delta, CVD and divergences against plain loops."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinmon import DAY, MINUTE
from coinmon_indicators.flow.cvd import cvd
from coinmon_indicators.flow.delta import delta

COVERED = ("trades", "klines")


def signed(minute):
    return sum(lots * side for _, lots, side in minute.trades) if minute.kind in COVERED else 0


@given(seed=st.integers(0, 10**6), count=st.integers(10, 60), kinds=st.sampled_from(["trades", "all"]))
@settings(max_examples=40, deadline=None)
def test_delta_is_what_a_plain_loop_says(scene, plain, seed, count, kinds):
    minutes = scene.minutes(seed, count, scene.kinds if kinds == "all" else ("trades",))
    expected = plain.candles(scene, minutes, 5)
    result = delta(scene.view(minutes), timeframe="5m", bars=len(expected))
    for bar, one in zip(result.bars, expected, strict=True):
        assert bar.delta == (plain.amount(one.delta) if one.flow else None)
        assert bar.max_delta == (plain.amount(one.high_delta) if one.flow else None)
        share = None if not one.flow or not one.volume else float(100 * Decimal(one.delta) / Decimal(one.volume))
        assert bar.delta_pct == (None if share is None else pytest.approx(share, rel=1e-12))
    inside = minutes[: len(expected) * 5]
    covered = [minute for minute in inside if minute.kind in COVERED]
    assert result.delta == (plain.amount(sum(map(signed, covered))) if covered else None)


@given(seed=st.integers(0, 10**6), count=st.integers(10, 60))
@settings(max_examples=20, deadline=None)
def test_delta_in_quote_currency_is_never_mixed_with_base(scene, seed, count):
    minutes = scene.minutes(seed, count)
    result = delta(scene.view(minutes), timeframe="5m", bars=count // 5, unit="quote")
    for i, bar in enumerate(result.bars):
        trades = [trade for minute in minutes[5 * i : 5 * i + 5] for trade in minute.trades]
        exact = sum((ticks * scene.tick * lots * scene.lot * side for ticks, lots, side in trades), Decimal(0))
        assert bar.delta == pytest.approx(float(exact), rel=1e-9, abs=1e-6)


@given(
    seed=st.integers(0, 10**6),
    reset=st.sampled_from(["day", "week", "none"]),
    early=st.integers(0, 40),
    kinds=st.sampled_from(["trades", "all"]),
)
@settings(max_examples=40, deadline=None)
def test_cvd_is_the_sum_since_its_reset(scene, plain, seed, reset, early, kinds):
    """The minutes begin before a midnight (to a Friday) and go on after it; the window is shorter than the day."""
    minutes = scene.minutes(seed, early + 60, scene.kinds if kinds == "all" else ("trades",))
    start = scene.start - early * MINUTE
    view = scene.view(minutes, start=start)
    result = cvd(view, timeframe="5m", bars=8, reset=reset)
    assert len(result.points) == 8
    for point in result.points:
        at = plain.ms(point.time)
        day = at - at % DAY
        began = {"none": plain.ms(result.start), "day": day, "week": scene.start - 4 * DAY}[reset]
        inside = [
            minute
            for i, minute in enumerate(minutes)
            if began <= start + i * MINUTE < at + 5 * MINUTE and minute.kind in COVERED
        ]
        assert point.cvd == (plain.amount(sum(map(signed, inside))) if inside else None)
    assert result.cvd == result.points[-1].cvd


@given(seed=st.integers(0, 10**6), kinds=st.sampled_from(["trades", "all"]))
@settings(max_examples=15, deadline=None)
def test_divergences_are_at_confirmed_swings_only(scene, plain, seed, kinds):
    mixed = ("trades",) * 9 + scene.kinds
    minutes = scene.minutes(seed, 120, mixed if kinds == "all" else ("trades",))
    made = plain.candles(scene, minutes, 1)
    result = cvd(scene.view(minutes), timeframe="1m", bars=120, pivot_left=2, pivot_right=3)
    expected = []
    for high in (True, False):
        at = plain.pivots(made, 2, 3, high)
        for a, b in pairwise(at):
            between = minutes[a + 1 : b + 1]
            if any(minute.kind not in COVERED for minute in between):
                continue
            change = sum(map(signed, between))
            first, second = ((made[i].high if high else made[i].low) for i in (a, b))
            regular = (second > first and change < 0) if high else (second < first and change > 0)
            hidden = (second < first and change > 0) if high else (second > first and change < 0)
            if regular or hidden:
                bias = "bearish" if high else "bullish"
                expected.append((made[b].time, bias, hidden, plain.amount(change), made[b].time + 4 * MINUTE))
    found = [
        (plain.ms(each.second), each.bias, each.hidden, each.cvd_change, plain.ms(each.confirmed))
        for each in result.divergences
    ]
    assert sorted(found) == sorted(expected)
    assert all(confirmed <= result.as_of.timestamp() * 1000 for *_, confirmed in found)


def test_a_hole_is_named_and_never_a_zero(scene):
    minutes = [scene.Minute("trades", [(100, 5, 1)])] * 5 + [scene.Minute("missing", [])] * 5
    result = delta(scene.view(minutes), timeframe="5m", bars=2)
    assert [bar.delta for bar in result.bars] == [0.025, None]
    assert result.reason == "5 of 10 minutes have no complete taker split"
    assert cvd(scene.view(minutes[5:]), timeframe="5m", bars=1).cvd is None
