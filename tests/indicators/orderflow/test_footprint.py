"""Footprint against a plain loop over trades, in whole ticks and lots."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinmon import MINUTE
from coinmon_indicators.auction.footprint import footprint

STEPS = {"1m": 1, "5m": 5, "15m": 15}


@given(
    seed=st.integers(0, 10**6),
    count=st.integers(15, 75),
    timeframe=st.sampled_from(sorted(STEPS)),
    height=st.sampled_from([None, 1, 7, 20]),
    kinds=st.sampled_from(["trades", "all"]),
)
@settings(max_examples=60, deadline=None)
def test_every_figure_is_what_a_plain_loop_says(scene, plain, seed, count, timeframe, height, kinds):
    minutes = scene.minutes(seed, count, scene.kinds if kinds == "all" else ("trades",), most=6)
    expected = plain.candles(scene, minutes, STEPS[timeframe])
    size = None if height is None else float(height * scene.tick)
    made = footprint(
        scene.view(minutes), timeframe=timeframe, bars=len(expected), bin_size=size, detail="levels", max_levels=None
    )
    height = height or plain.height(expected)
    assert made.bin_size == float(height * scene.tick)
    assert len(made.bars) == len(expected)
    for bar, one in zip(made.bars, expected, strict=True):
        assert plain.ms(bar.time) == one.time
        assert [bar.open, bar.high, bar.low, bar.close] == [
            plain.price(each) for each in (one.open, one.high, one.low, one.close)
        ]
        flow = (bar.buy, bar.sell, bar.delta, bar.min_delta, bar.max_delta)
        if one.flow:
            assert flow == tuple(map(plain.amount, (one.buy, one.sell, one.delta, one.low_delta, one.high_delta)))
        else:
            assert flow == (None,) * 5
        dense = plain.rows(one, height)
        assert bar.levels == [
            (float(row * height * scene.tick), plain.amount(buy), plain.amount(sell))
            for row, (buy, sell) in dense.items()
            if buy or sell
        ]
        assert bar.levels_complete == one.complete
        if not (one.complete and dense):
            assert (bar.poc, bar.max_delta_price, bar.min_delta_price) == (None, None, None)
            continue
        assert bar.poc == float(plain.poc(dense) * height * scene.tick)
        for sign, row, at in (
            (1, bar.max_delta_price, bar.max_delta_at_price),
            (-1, bar.min_delta_price, bar.min_delta_at_price),
        ):
            traded = [each for each in dense if sum(dense[each])]
            best = max(traded, key=lambda each: (sign * (dense[each][0] - dense[each][1]), sum(dense[each]), -each))
            assert row == float(best * height * scene.tick)
            assert at == plain.amount(dense[best][0] - dense[best][1])


@given(seed=st.integers(0, 10**6), height=st.integers(1, 40))
@settings(max_examples=30, deadline=None)
def test_the_rows_add_up_to_the_bars_volume(scene, seed, height):
    minutes = scene.minutes(seed, 60)
    made = footprint(
        scene.view(minutes), timeframe="15m", bars=4, bin_size=height / 100, detail="levels", max_levels=None
    )
    for bar in made.bars:
        assert sum(buy + sell for _, buy, sell in bar.levels) == pytest.approx(bar.volume, rel=1e-12)
        assert sum(buy - sell for _, buy, sell in bar.levels) == pytest.approx(bar.delta, rel=1e-9, abs=1e-9)


def one(scene, trades, **settings):
    settings = {"timeframe": "1m", "bars": 1, "bin_size": 0.01, "detail": "levels"} | settings
    return footprint(scene.view([scene.Minute("trades", trades)]), **settings).bars[0]


def test_tie_rules_of_the_poc(scene):
    # rows 1..5, equal volume at 1, 3 and 5: the middle one
    assert one(scene, [(1, 5, 1), (3, 5, 1), (5, 5, -1)]).poc == 0.03
    # equally far from the middle: the side with more volume
    assert one(scene, [(1, 5, 1), (2, 1, 1), (4, 2, 1), (5, 5, -1)]).poc == 0.05
    # and the lower where the sides are equal too
    assert one(scene, [(1, 5, 1), (5, 5, -1)]).poc == 0.01


def test_min_and_max_delta_are_running_extremes(scene):
    bar = one(scene, [(1, 7, 1), (1, 10, -1), (2, 9, 1)])
    assert (bar.delta, bar.max_delta, bar.min_delta) == (0.006, 0.007, -0.003)
    # those of the rows are something else
    assert (bar.max_delta_at_price, bar.min_delta_at_price) == (0.009, -0.003)
    over = [scene.Minute("trades", [(1, 7, -1)]), scene.Minute("trades", [(1, 9, 1)])] + [
        scene.Minute("trades", [])
    ] * 3
    five = footprint(scene.view(over), timeframe="5m", bars=1).bars[0]
    assert (five.min_delta, five.max_delta) == (-0.007, 0.002)


def test_level_caps_keep_the_largest_in_order(scene):
    trades = [(1, 5, 1), (2, 9, -1), (3, 1, 1), (4, 9, 1), (5, 5, 1)]
    bar = one(scene, trades, max_levels=3)
    assert [price for price, _, _ in bar.levels] == [0.01, 0.02, 0.04]
    assert bar.levels_dropped == 2
    assert bar.poc == 0.02


def test_statistics_come_without_levels(scene):
    bar = one(scene, [(1, 5, 1)], detail="statistics")
    assert (bar.levels, bar.levels_dropped, bar.poc) == (None, 0, 0.01)


def test_paging_is_stable_while_data_arrive(scene, plain):
    minutes = scene.minutes(3, 60)
    whole = footprint(scene.view(minutes), timeframe="5m", start=scene.start).bars
    seen, cursor = [], None
    for now in (30, 45, 60):
        page = footprint(
            scene.view(minutes[:now]), timeframe="5m", start=scene.start, bin_size=0.1, cursor=cursor, limit=4
        )
        seen += page.bars
        cursor = page.next_cursor
    assert [bar.time for bar in seen] == [bar.time for bar in whole]
    assert cursor is None


def test_a_higher_timeframe_bar_is_not_visible_before_it_closes(scene, plain):
    minutes = scene.minutes(1, 59)
    assert footprint(scene.view(minutes), timeframe="1h", bars=3).bars[-1].close is None
    made = footprint(scene.view(minutes), timeframe="15m", bars=10)
    assert plain.ms(made.end) == scene.start + 45 * MINUTE


def test_the_forming_minute_is_never_treated_as_closed(scene, plain):
    minutes = scene.minutes(1, 10)
    now = scene.start + 9 * MINUTE + 59_999
    assert plain.ms(footprint(scene.view(minutes, now), timeframe="1m", bars=3).bars[-1].time) == now - 119_999


def test_tick_size_comes_from_the_instrument_and_a_bin_is_a_multiple_of_it(scene):
    minutes = scene.minutes(1, 10)
    made = footprint(scene.view(minutes), timeframe="1m", bars=5, bin_size=0.015)
    assert made.bin_size is None
    assert "bin_size 0.015 is not a multiple of the tick 0.01" in made.reason
    assert made.bars[-1].volume is not None
    # 0.07 / 0.01 is 7.000000000000001 in floats
    assert footprint(scene.view(minutes), timeframe="1m", bars=5, bin_size=0.07).bin_size == 0.07


def test_too_many_rows_are_refused_in_words(scene):
    far = [scene.Minute("trades", [(1, 1, 1), (9_000_000, 1, 1)])] * 3
    made = footprint(scene.view(far), timeframe="1m", bars=3, bin_size=0.01, detail="levels")
    assert "take a larger bin_size" in made.reason
    assert made.bars[0].levels is None


def test_nothing_stored_is_none_and_a_reason(scene):
    made = footprint(scene.view([], scene.start), bars=2)
    assert made.reason == "no price is known in the window"
    assert [bar.volume for bar in made.bars] == [None, None]


def test_a_row_in_which_nothing_traded_has_no_highest_delta(scene):
    minute = scene.Minute("trades", [(10_000, 5, -1), (10_002, 3, -1)])
    (bar,) = footprint(scene.view([minute]), timeframe="1m", bars=1, bin_size=0.01).bars
    assert (bar.max_delta_price, bar.max_delta_at_price) == (100.02, -0.003)


def test_the_median_candle_has_at_most_fifty_rows(scene):
    # 99 ticks from an odd one touch 51 rows of two ticks
    minute = scene.Minute("trades", [(10_001, 1, 1), (10_100, 1, 1)])
    result = footprint(scene.view([minute]), timeframe="1m", bars=1)
    assert result.bin_size == 0.05
