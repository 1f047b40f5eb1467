"""Swings, breaks, sweeps and the ZigZag against a walk from candle to candle."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinmon import MINUTE
from coinmon_indicators.structure.structure import structure
from coinmon_indicators.structure.swing_liquidity import swing_liquidity


def walked(made, at, right, wick):
    """Events and trend, candle by candle: (candle, up, swing, event)."""
    trend, events = None, []
    current = {True: None, False: None}
    gone, swept = set(), set()
    for i, one in enumerate(made):
        if one.close is not None:
            hits, sweeps = [], []
            for up in (True, False):
                swing = current[up]
                if swing is None or (up, swing) in gone:
                    continue
                level = made[swing].high if up else made[swing].low
                sign = 1 if up else -1
                extreme = sign * ((one.high if up else one.low) - level)
                close = sign * (one.close - level)
                if (extreme if wick else close) > 0:
                    hits.append(up)
                elif extreme > 0 and (up, swing) not in swept:
                    sweeps.append(up)
            # against its close first
            for up in sorted(hits, key=lambda up: up == (one.close >= one.open)):
                gone.add((up, current[up]))
                events.append((i, up, current[up], "bos" if trend in (None, up) else "choch"))
                trend = up
            for up in sweeps:
                swept.add((up, current[up]))
                events.append((i, up, current[up], "sweep"))
        for up in (True, False):
            if i - right in at[up]:
                current[up] = i - right
    return events, trend, {up: None if (up, swing) in gone else swing for up, swing in current.items()}


def turned(made, far):
    """ZigZag points (candle, high), the last provisional."""
    turns, up, top, bottom = [], None, 0, 0
    for i in range(1, len(made)):
        high, low = made[i].high, made[i].low
        rose, fell = far(i, made[bottom].low, high), far(i, made[top].high, low)
        if up is None and rose != fell:
            turns.append((bottom, False) if rose else (top, True))
            up = rose
            top, bottom = (i, bottom) if rose else (top, i)
        elif up is None:
            top = i if high > made[top].high else top
            bottom = i if low < made[bottom].low else bottom
        elif up and high > made[top].high:
            top = i
        elif up and fell:
            turns.append((top, True))
            up, bottom = False, i
        elif not up and low < made[bottom].low:
            bottom = i
        elif not up and rose:
            turns.append((bottom, False))
            up, top = True, i
    return turns if up is None else [*turns, (top, True) if up else (bottom, False)]


@given(
    seed=st.integers(0, 10**6),
    left=st.integers(1, 4),
    right=st.integers(1, 4),
    broken_by=st.sampled_from(["close", "wick"]),
    kinds=st.sampled_from(["trades", "all"]),
    step=st.sampled_from([3, 30]),
)
@settings(max_examples=20, deadline=None)
def test_swings_and_breaks_are_what_a_walk_says(scene, plain, seed, left, right, broken_by, kinds, step):
    mixed = ("trades",) * 20 + scene.kinds
    minutes = scene.minutes(seed, 150, mixed if kinds == "all" else ("trades",))
    for minute in minutes:
        # a coarse walk has equal highs
        minute.trades = [(ticks // step * step or 1, lots, side) for ticks, lots, side in minute.trades]
    made = plain.candles(scene, minutes, 1)
    result = structure(
        scene.view(minutes), timeframe="1m", bars=150, pivot_left=left, pivot_right=right, broken_by=broken_by,
        max_points=None,
    )  # fmt: skip
    at = {high: plain.pivots(made, left, right, high) for high in (True, False)}
    swings = sorted(
        [(made[i].time, "high" if high else "low", plain.price(made[i].high if high else made[i].low))
         for high in (True, False) for i in at[high]],
        key=lambda each: each[0],
    )  # fmt: skip
    assert [(plain.ms(each.time), each.kind, each.price) for each in result.swings] == swings
    assert all(plain.ms(each.confirmed) == plain.ms(each.time) + (right + 1) * MINUTE for each in result.swings)
    events, trend, unbroken = walked(made, at, right, broken_by == "wick")
    found = [(plain.ms(each.time), each.direction, plain.ms(each.swing), each.event) for each in result.events]
    expected = [(made[i].time, "up" if up else "down", made[swing].time, event) for i, up, swing, event in events]
    assert sorted(found) == sorted(expected)
    assert result.trend == {True: "up", False: "down", None: None}[trend]
    assert result.last_high == (None if unbroken[True] is None else plain.price(made[unbroken[True]].high))
    assert result.last_low == (None if unbroken[False] is None else plain.price(made[unbroken[False]].low))


@given(seed=st.integers(0, 10**6), percent=st.sampled_from([None, 0.3, 1.0]))
@settings(max_examples=15, deadline=None)
def test_the_zigzag_is_what_a_walk_says(scene, plain, seed, percent):
    minutes = scene.minutes(seed, 120)
    made = [one for one in plain.candles(scene, minutes, 1) if one.close is not None]
    result = structure(
        scene.view(minutes), timeframe="1m", bars=120, zigzag_percent=percent, zigzag_atr=2.0, max_points=None
    )

    def ranges(i):
        one, before = made[i], made[i - 1].close if i else None
        return max(one.high, before or one.high) - min(one.low, before or one.low)

    def far(i, extreme, other):
        if percent is not None:
            return abs(other - extreme) >= Fraction(str(percent)) / 100 * extreme
        atr = Fraction(sum(ranges(k) for k in range(i - 13, i + 1)), 14) if i >= 13 else 0
        return atr > 0 and abs(other - extreme) >= 2 * atr

    expected = turned(made, far)
    found = [(plain.ms(each.time), each.kind == "high") for each in result.zigzag]
    assert found == [(made[i].time, high) for i, high in expected]
    assert [each.provisional for each in result.zigzag] == [False] * (len(expected) - 1) + [True] * bool(expected)


@given(seed=st.integers(0, 10**6), cut=st.integers(30, 110))
@settings(max_examples=10, deadline=None)
def test_what_was_told_is_never_taken_back(scene, seed, cut):
    """Swings, events and finished ZigZag legs as of a moment are the first ones of those told later."""
    view = scene.view(scene.minutes(seed, 120))
    early = scene.view(scene.minutes(seed, 120), scene.start + cut * MINUTE)
    settings = {"timeframe": "1m", "start": scene.start, "pivot_left": 2, "pivot_right": 3, "max_points": None}
    before, after = structure(early, **settings), structure(view, **settings)
    assert before.swings == [each for each in after.swings if each.confirmed <= before.as_of]
    assert before.events == after.events[: len(before.events)]
    assert all(each.time >= before.end for each in after.events[len(before.events) :])
    assert before.zigzag[:-1] == after.zigzag[: max(0, len(before.zigzag) - 1)]


def path(scene, *closes):
    """A candle for each close, from one to the next."""
    return scene.view([scene.Minute("trades", [(ticks, 1, 1)]) for ticks in closes])


QUICK = {"timeframe": "1m", "bars": 20, "pivot_left": 1, "pivot_right": 1}


def test_a_swing_is_known_only_when_its_right_hand_bars_have_closed(scene):
    assert not structure(path(scene, 10, 12), **QUICK).swings
    assert [each.price for each in structure(path(scene, 10, 12, 11), **QUICK).swings] == [0.12]


def test_with_the_trend_bos_against_it_choch_each_once(scene):
    result = structure(path(scene, 10, 12, 11, 13, 14, 12, 13, 11, 10), **QUICK)
    assert [(each.event, each.direction, each.price) for each in result.events] == [
        ("bos", "up", 0.12),
        ("choch", "down", 0.12),
    ]
    assert result.trend == "down"


def test_a_wick_beyond_and_a_close_back_is_a_sweep(scene):
    minutes = [scene.Minute("trades", [(ticks, 1, 1)]) for ticks in (10, 12, 11)]
    view = scene.view([*minutes, scene.Minute("trades", [(11, 1, 1), (13, 1, 1), (12, 1, -1)])])
    assert [each.event for each in structure(view, **QUICK).events] == ["sweep"]
    assert [each.event for each in structure(view, **QUICK, broken_by="wick").events] == ["bos"]
    level = swing_liquidity(view, **QUICK).levels[0]
    assert (level.state, level.broken) == ("swept", None)


def test_of_equal_highs_the_first_wins(scene, plain):
    result = structure(path(scene, 10, 12, 12, 11), **QUICK)
    assert [plain.ms(each.time) for each in result.swings] == [scene.start + MINUTE]


def test_no_swing_is_confirmed_across_a_hole(scene):
    minutes = [scene.Minute("trades", [(ticks, 1, 1)]) for ticks in (10, 12, 11)]
    minutes.insert(2, scene.Minute("missing", []))
    result = structure(scene.view(minutes), **QUICK | {"bars": 4})
    assert not result.swings
    assert result.reason == "1 of 4 candles have no price; no swing is confirmed across them"


def test_points_are_capped_to_the_latest(scene):
    view = scene.view(scene.minutes(4, 200))
    quick = QUICK | {"bars": 200}
    whole, few = structure(view, **quick, max_points=None), structure(view, **quick, max_points=3)
    assert few.swings == whole.swings[-3:]
    assert few.events == whole.events[-3:]
    assert few.trend == whole.trend
    assert few.dropped == sum(len(each) - 3 for each in (whole.swings, whole.events, whole.zigzag) if len(each) > 3)


@given(
    seed=st.integers(0, 10**6),
    left=st.integers(1, 4),
    right=st.integers(1, 4),
    kinds=st.sampled_from(["trades", "all"]),
    tolerance=st.sampled_from([0.0, 0.5]),
)
@settings(max_examples=20, deadline=None)
def test_levels_and_pools_are_what_a_walk_says(scene, plain, seed, left, right, kinds, tolerance):
    mixed = ("trades",) * 20 + scene.kinds
    minutes = scene.minutes(seed, 100, mixed if kinds == "all" else ("trades",))
    for minute in minutes:
        minute.trades = [(ticks // 10 * 10 or 1, lots, side) for ticks, lots, side in minute.trades]
    made = plain.candles(scene, minutes, 1)
    result = swing_liquidity(
        scene.view(minutes), timeframe="1m", bars=100, pivot_left=left, pivot_right=right, tolerance_pct=tolerance,
        max_levels=None,
    )  # fmt: skip
    expected, pools = [], []
    for high in (True, False):
        sign, resting = 1 if high else -1, []
        for i in plain.pivots(made, left, right, high):
            level = made[i].high if high else made[i].low
            state, touches, swept, broken = "active", 0, None, None
            through = False
            for one in made[i + 1 :]:
                if one.close is None or broken:
                    continue
                beyond = sign * ((one.high if high else one.low) - level)
                if sign * (one.close - level) > 0:
                    state, broken = "broken", one.time
                elif beyond > 0:
                    state, swept = "swept", swept or one.time
                elif beyond == 0 and not through:
                    touches += 1
                    state = "touched" if state == "active" else state
                through = through or beyond > 0
            expected.append((made[i].time, high, plain.price(level), state, touches, swept, broken))
            resting += [level] if state in ("active", "touched") else []
        groups = []
        for level in sorted(resting):
            if groups and level - groups[-1][0] <= Fraction(str(tolerance)) / 100 * groups[-1][0]:
                groups[-1].append(level)
            else:
                groups.append([level])
        pools += [(high, plain.price(g[0]), plain.price(g[-1]), len(g)) for g in groups if len(g) > 1]
    time = lambda at: None if at is None else plain.ms(at)  # noqa: E731
    found = [
        (time(x.time), x.side == "buy_side", x.price, x.state, x.touches, time(x.swept), time(x.broken))
        for x in result.levels
    ]
    assert sorted(found, key=str) == sorted(expected, key=str)
    assert sorted((x.side == "buy_side", x.low, x.high, x.levels) for x in result.pools) == sorted(pools)
    held = swing_liquidity(
        scene.view(minutes), timeframe="1m", bars=100, pivot_left=left, pivot_right=right, active_only=True
    ).levels
    assert [each.state in ("active", "touched") for each in held] == [True] * len(held)


@pytest.mark.parametrize("indicator", [structure, swing_liquidity])
def test_short_data_say_so(scene, indicator):
    result = indicator(path(scene, 10, 11), timeframe="1m", bars=2)
    assert result.reason.startswith("a swing needs ")
