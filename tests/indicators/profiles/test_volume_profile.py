"""The volume profile against plain loops over Decimals, and the rules that decide between equals."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinmon import DAY, MINUTE, Bars
from coinmon_indicators._value_area import control, nodes, value_area
from coinmon_indicators.profile.volume_profile import volume_profile


@given(
    seed=st.integers(0, 10**6),
    count=st.integers(1, 40),
    size=st.sampled_from([None, "0.01", "0.05", "0.3", "7"]),
    weight=st.sampled_from(["base", "quote"]),
    method=st.sampled_from(["two_row", "one_row"]),
    percent=st.sampled_from([70.0, 68.2, 100.0, 1.0]),
)
@settings(max_examples=150, deadline=None)
def test_a_profile_is_what_a_plain_loop_says(scene, book, seed, count, size, weight, method, percent):
    minutes = scene.minutes(seed, count)
    result = volume_profile(
        scene.view(minutes), bin_size=None if size is None else float(size), weight=weight, method=method,
        value_area_percent=percent, include_levels=True, max_levels=10**6,
    )  # fmt: skip
    trades = book.trades_of(scene, minutes)
    if not trades:
        assert (result.poc, result.vah, result.levels, result.reason) == (None, None, [], "no volume at known prices")
        return
    step = Decimal(size) if size else book.usual_bin(trades, scene.tick)
    rows = book.rows_of(trades, step, weight)
    poc, top, bottom, _ = book.area_of(rows, percent, method)
    assert result.bin_size == float(step)
    assert result.rows == len(rows)
    assert (result.poc, result.poc_high) == (float(poc), float(poc + step))
    assert (result.vah, result.val) == (float(top + step), float(bottom))
    assert result.poc_volume == pytest.approx(float(rows[poc]), rel=1e-12)
    assert [each.low for each in result.levels] == [float(edge) for edge, volume in rows.items() if volume]
    for each in result.levels:
        assert each.volume == pytest.approx(float(rows[Decimal(str(each.low))]), rel=1e-12)
    # profile volume = bars' volume; the value area contains the POC
    unit = {"base": lambda p, a: a, "quote": lambda p, a: p * a}[weight]
    assert result.profile_volume == pytest.approx(float(sum(unit(p, a) for p, a, _ in trades)), rel=1e-12)
    assert result.val <= result.poc < result.vah
    deltas = sum(side * unit(p, a) for p, a, side in trades)
    assert sum(each.delta for each in result.levels) == pytest.approx(float(deltas), abs=1e-9 * result.profile_volume)


@given(seed=st.integers(0, 10**6), count=st.integers(1, 20), size=st.sampled_from(["0.01", "0.3"]))
@settings(max_examples=60, deadline=None)
def test_a_synthetic_profile_spreads_each_minute_over_its_range(scene, seed, count, size):
    minutes = scene.minutes(seed, count, ("trades", "klines", "missing", "gap"))
    step = Decimal(size)
    rows = {}
    for minute in minutes:
        if minute.kind in ("trades", "klines") and minute.trades:
            prices = [ticks * scene.tick for ticks, _, _ in minute.trades]
            first, last = min(prices) // step, max(prices) // step
            for row in range(int(first), int(last) + 1):
                share = sum(lots for _, lots, _ in minute.trades) * scene.lot / (last - first + 1)
                rows[row * step] = rows.get(row * step, Decimal(0)) + share
    result = volume_profile(
        scene.view(minutes), bin_size=float(size), mode="synthetic", normalize_seconds=60, include_levels=True,
        max_levels=10**6,
    )  # fmt: skip
    assert [each.low for each in result.levels] == [float(each) for each in sorted(rows)]
    assert [each.volume for each in result.levels] == pytest.approx([float(rows[each]) for each in sorted(rows)])
    assert result.convention.startswith("synthetic")


def test_synthetic_bars_are_never_shorter_than_a_minute_and_say_so(scene):
    result = volume_profile(scene.view([scene.Minute("trades", [(10_000, 1, 1)])]), mode="synthetic")
    assert "60 s bar" in result.convention
    assert "no bars of 3 s are kept" in result.convention


def test_exact_and_spread_volumes_are_never_mixed(scene):
    minutes = [scene.Minute("trades", [(10_000, 1, 1)]), scene.Minute("klines", [(10_100, 9, 1)])]
    raw = volume_profile(scene.view(minutes))
    assert (raw.poc, raw.profile_minutes, raw.profile_volume) == (100.0, 1, 0.001)
    assert raw.reason == "1 of 2 minutes of the day are not in its profile"
    assert volume_profile(scene.view(minutes), mode="synthetic").profile_minutes == 2


def test_tie_rules():
    # nearest to the middle of the range
    assert control([5, 1, 5, 1, 1]) == 2
    # equally near: towards the side with more volume, then the lower
    assert control([1, 5, 0, 5, 2]) == 3
    assert control([2, 5, 0, 5, 1]) == 1
    assert control([1, 5, 0, 5, 1]) == 1
    assert control([5, 5]) == 0
    assert control([7]) == 0


def test_equal_pairs_go_up_and_one_row_left_competes_with_two():
    assert value_area([1, 1, 10, 1, 1], 2, 80) == (2, 4)
    assert value_area([3, 10, 1, 1], 1, 80) == (0, 1)
    assert value_area([1, 10, 1, 1], 1, 80) == (1, 3)
    assert value_area([4, 1, 10, 2, 1], 2, 70, "one_row") == (2, 4)
    assert value_area([4, 1, 10, 2, 1], 2, 70) == (0, 2)


def test_value_area_does_not_jump_gaps(scene):
    """Rows without volume are rows: a far cluster is reached through them, never over them."""
    rows = [(10_000, 60, 1), (10_010, 40, 1)]
    result = volume_profile(scene.view([scene.Minute("trades", rows)]), bin_size=0.01)
    assert result.rows == 11
    assert (result.poc, result.val, result.vah) == (100.0, 100.0, 100.11)
    assert value_area([10, 0, 0, 0, 9], 0, 70) == (0, 4)


def test_the_whole_range_is_the_area_of_100_percent_and_one_row_is_its_own():
    assert value_area([3, 0, 0, 10, 0, 1], 3, 100) == (0, 5)
    assert value_area([3], 0, 70) == (0, 0)


def test_nodes_are_the_hills_and_valleys_that_stand_out():
    high, low = nodes([1, 5, 20, 5, 1, 1, 1, 6, 15, 6, 1], 2)
    assert (high, low) == ([2, 8], [5])
    # a valley shallower than a tenth of the POC is none
    assert nodes([10, 10, 10, 9, 10, 10, 10], 0)[1] == []
    assert nodes([4], 0) == ([0], [])


def prominent(heights, least):
    """Middles of the flat tops lower at both sides, whose rise above the higher of the two ways out is enough."""
    found = []
    for first in range(1, len(heights) - 1):
        last = max(i for i in range(first, len(heights)) if set(heights[first : i + 1]) == {heights[first]})
        if heights[first - 1] >= heights[first] or last + 1 == len(heights) or heights[last + 1] > heights[first]:
            continue
        ways = (heights[:first][::-1], heights[last + 1 :])
        feet = [min(way[: next((i for i, h in enumerate(way) if h > heights[first]), len(way))]) for way in ways]
        if heights[first] - max(feet) >= least:
            found.append((first + last) // 2)
    return found


@given(volume=st.lists(st.integers(0, 12), min_size=1, max_size=30).filter(any))
@settings(max_examples=150, deadline=None)
def test_nodes_are_what_a_plain_loop_says(volume):
    smooth = [Fraction(sum(volume[max(0, i - 1) : i + 2]), 3) for i in range(len(volume))]
    least = Fraction(max(volume), 10)
    high = [i - 1 for i in prominent([0, *smooth, 0], least)]
    assert nodes(volume, volume.index(max(volume))) == (high, prominent([-each for each in smooth], least))


def test_tick_size_from_the_instrument_never_from_the_name(scene):
    """The same name on another grid: rows are multiples of that grid's tick."""
    view = scene.view([scene.Minute("trades", [(10_000, 1, 1), (10_005, 1, 1)])])
    assert volume_profile(view).bin_size == 0.01
    coarse = Decimal("0.25")
    rows = view.source.rows[view.instrument.id]
    other = replace(scene.view([]), instrument=replace(view.instrument, tick_size=coarse), now=view.now)
    other.source.rows[view.instrument.id] = Bars(
        coarse, *(getattr(rows, name) for name in scene.columns), levels=rows.levels
    )
    assert (volume_profile(other).bin_size, volume_profile(other).poc) == (0.25, 2500.0)
    wrong = volume_profile(other, bin_size=0.1)
    assert (wrong.poc, wrong.reason.split(";")[0]) == (None, "bin_size 0.1 is not a multiple of the tick 0.25")


def test_base_vs_quote_never_mixed(scene):
    """Much base at a low price, much quote at a high one."""
    view = scene.view([scene.Minute("trades", [(10_000, 30, 1), (100_000, 20, 1)])])
    assert volume_profile(view, bin_size=1).poc == 100.0
    assert volume_profile(view, bin_size=1, weight="quote").poc == 1000.0


def test_level_caps_keep_the_largest_in_order(scene):
    rows = [(10_000 + i, lots, 1) for i, lots in enumerate([5, 1, 9, 3, 9, 2])]
    result = volume_profile(
        scene.view([scene.Minute("trades", rows)]), bin_size=0.01, include_levels=True, max_levels=3
    )
    assert [each.low for each in result.levels] == [100.0, 100.02, 100.04]
    assert result.levels_dropped == 3


def test_periods_are_days_and_weeks_of_the_time_zone(scene):
    # two days and ten minutes of Friday to Sunday, one trade an hour at a price that tells the hour
    minutes = [scene.Minute("trades", [(10_000 + i // 60, 1, 1)] if i % 60 == 0 else []) for i in range(2 * 1440 + 10)]
    view = scene.view(minutes)
    low = {
        period: volume_profile(view, period=period, bin_size=0.01, value_area_percent=100).val
        for period in ("day", "previous_day", "week", "previous_week")
    }
    assert low == {"day": 100.48, "previous_day": 100.24, "week": 100.0, "previous_week": None}
    tokyo = volume_profile(view, timezone="Asia/Tokyo", bin_size=0.01, value_area_percent=100)
    assert (tokyo.val, tokyo.start.hour) == (100.39, 15)
    window = volume_profile(view, period="window", window=61, bin_size=0.01, value_area_percent=100)
    assert (window.val, window.vah) == (100.48, 100.49)
    exact = volume_profile(view, period="window", start=scene.start + 60 * MINUTE, end=scene.start + 62 * MINUTE)
    assert (exact.poc, exact.state, exact.coverage.minutes) == (100.01, "done", 2)
    past = volume_profile(view, date="2024-08-09", bin_size=0.01, value_area_percent=100)
    assert (past.val, past.vah, past.state) == (100.0, 100.24, "done")
    future = volume_profile(view, date="2024-09-01")
    assert (future.poc, future.reason) == (None, "no minute of the day has closed")


def test_a_poc_is_naked_until_it_is_traded_again(scene):
    day = [scene.Minute("trades", [(10_000, 9, 1)])] + [scene.Minute("trades", [])] * 1439
    away = [scene.Minute("trades", [(10_100, 1, 1)])] * 5
    # a quiet minute after midnight repeats the last price, which is no trade
    naked = volume_profile(scene.view([*day, scene.Minute("trades", []), *away]), bin_size=0.01).naked_pocs
    assert [(each.date, each.poc, each.seen_since) for each in naked] == [("2024-08-09", 100.0, 1.0)]
    back = [scene.Minute("trades", [(9_990, 1, 1), (10_010, 1, 1)])]
    assert volume_profile(scene.view([*day, *away, *back]), bin_size=0.01).naked_pocs == []
    holed = volume_profile(scene.view([*day, *away, scene.Minute("missing", []), *away]), bin_size=0.01).naked_pocs
    assert holed[0].seen_since == pytest.approx(10 / 11)


@given(seed=st.integers(0, 10**6), cut=st.integers(1, 29), within=st.integers(0, MINUTE - 1))
@settings(max_examples=40, deadline=None)
def test_later_data_changes_nothing_as_of_a_moment(scene, seed, cut, within):
    minutes = scene.minutes(seed, 30, scene.kinds)
    now = scene.start + cut * MINUTE + within
    assert volume_profile(scene.view(minutes, now)) == volume_profile(scene.view(minutes[:cut], now))


@given(seed=st.integers(0, 10**6), days=st.integers(1, 3))
@settings(max_examples=20, deadline=None)
def test_a_shifted_clock_shifts_results(scene, seed, days):
    minutes = scene.minutes(seed, 20, scene.kinds)
    here = volume_profile(scene.view(minutes)).model_dump(exclude={"as_of", "coverage", "start", "end"})
    there = volume_profile(scene.view(minutes, start=scene.start + days * DAY))
    assert there.model_dump(exclude={"as_of", "coverage", "start", "end"}) == here
    assert there.start.timestamp() * 1000 == scene.start + days * DAY


@given(seed=st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_inf_and_nan_never_reach_json(scene, seed):
    for mode in ("raw", "synthetic"):
        result = volume_profile(scene.view(scene.minutes(seed, 8, scene.kinds)), mode=mode, include_levels=True)
        assert "NaN" not in result.model_dump_json()
        assert "Infinity" not in result.model_dump_json()
        for lang in ("zh", "en"):
            assert not {"nan", "None"} & set(result.line(lang).split())


def test_equal_sums_of_shares_are_a_tie(scene):
    # 0.1 + 0.2 and 0.3: equal rows, of which the one nearest to the middle is the POC; in floats the first is larger
    minutes = [
        scene.Minute("trades", [(ticks, lots, 1)]) for ticks, lots in ((10_000, 100), (10_001, 300), (10_000, 200))
    ]
    minutes.append(scene.Minute("trades", [(10_002, 1, 1)]))
    assert volume_profile(scene.view(minutes), bin_size=0.01, mode="synthetic").poc == 100.01
