"""Absorption, exhaustion and unfinished auctions against plain loops."""

from fractions import Fraction
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from coinmon import MINUTE
from coinmon_indicators.auction.absorption import absorption
from coinmon_indicators.auction.exhaustion import exhaustion
from coinmon_indicators.auction.unfinished_auction import unfinished_auction


def quantile(values, share):
    """Linear interpolation between the neighbours."""
    values, place = sorted(values), share * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (place - low) * (values[high] - values[low])


@given(seed=st.integers(0, 10**6), kinds=st.sampled_from(["trades", "all"]), most=st.integers(2, 8))
@settings(max_examples=40, deadline=None)
def test_absorption_is_what_a_plain_loop_says(scene, plain, seed, kinds, most):
    mixed = ("trades",) * 4 + scene.kinds
    minutes = scene.minutes(seed, 60, mixed if kinds == "all" else ("trades",), most=most)
    made = plain.candles(scene, minutes, 1)
    share, allowed = Fraction(7, 10), Fraction(3, 2)
    result = absorption(scene.view(minutes), timeframe="1m", bars=30, lookback=20, quantile=0.7, max_range=1.5)
    expected, judged = [], 0
    for i in range(30, 60):
        past = [one for one in made[i - 20 : i] if one.flow and one.close is not None]
        one = made[i]
        if not (one.flow and one.close is not None) or 2 * len(past) < 20:
            continue
        judged += 1
        small = one.high - one.low <= allowed * quantile([each.high - each.low for each in past], Fraction(1, 2))
        if (
            small
            and abs(one.delta) > quantile([abs(each.delta) for each in past], share)
            and one.volume > quantile([each.volume for each in past], share)
        ):
            expected.append((one.time, "buyers" if one.delta > 0 else "sellers", plain.amount(one.delta)))
    assert [(plain.ms(each.time), each.absorbed, each.delta) for each in result.candles] == expected
    assert result.judged == judged


def test_absorption_needs_enough_candles_before(scene):
    result = absorption(scene.view(scene.minutes(1, 30)), timeframe="1m", bars=10, lookback=90)
    assert (result.candles, result.judged) == ([], 0)
    assert result.reason == "fewer than 45 of the 90 candles before are known"


@given(seed=st.integers(0, 10**6), kinds=st.sampled_from(["trades", "all"]), rows=st.integers(2, 4))
@settings(max_examples=40, deadline=None)
def test_exhaustion_is_what_a_plain_loop_says(scene, plain, seed, kinds, rows):
    mixed = ("trades",) * 12 + scene.kinds
    minutes = scene.minutes(seed, 60, mixed if kinds == "all" else ("trades",), most=40)
    result = exhaustion(scene.view(minutes), timeframe="5m", bars=12, bin_size=0.25, rows=rows, max_share=0.4)
    expected = []
    for one in plain.candles(scene, minutes, 5):
        if not one.complete:
            continue
        totals = [sum(each) for each in plain.rows(one, 25).values()]
        for name, outwards in (("buyers", totals), ("sellers", totals[::-1])):
            last = outwards[-rows:]
            falls = len(last) == rows and all(a > b for a, b in pairwise(last))
            if falls and last[-1] < Fraction(4, 10) * max(totals):
                extreme = plain.price(one.high if name == "buyers" else one.low)
                expected.append((one.time, name, extreme, plain.amount(last[-1])))
    found = [(plain.ms(each.time), each.exhausted, each.price, each.volume) for each in result.extremes]
    assert found == expected


def test_a_hole_before_the_extreme_is_no_steady_fall(scene):
    def at(*trades):
        return exhaustion(scene.view([scene.Minute("trades", list(trades))]), timeframe="1m", bars=1, bin_size=0.01)

    assert [each.exhausted for each in at((1, 99, 1), (2, 50, 1), (3, 2, 1)).extremes] == ["buyers"]
    assert not at((1, 99, 1), (3, 2, 1)).extremes


def test_a_tenth_is_not_below_a_tenth(scene):
    def at(last):
        minute = scene.Minute("trades", [(1, 70, 1), (2, 50, 1), (3, last, 1)])
        return exhaustion(scene.view([minute]), timeframe="1m", bars=1, bin_size=0.01).extremes

    assert at(6)
    assert not at(7)


@given(seed=st.integers(0, 10**6), kinds=st.sampled_from(["trades", "all"]), open_only=st.booleans())
@settings(max_examples=40, deadline=None)
def test_unfinished_auctions_are_what_a_plain_loop_says(scene, plain, seed, kinds, open_only):
    mixed = ("trades",) * 12 + scene.kinds
    minutes = scene.minutes(seed, 60, mixed if kinds == "all" else ("trades",), most=20)
    view = scene.view(minutes)
    result = unfinished_auction(view, timeframe="5m", bars=12, bin_size=0.25, open_only=open_only)
    expected = []
    for one in plain.candles(scene, minutes, 5):
        dense = plain.rows(one, 25)
        if not (one.complete and dense):
            continue
        for side, row in (("high", max(dense)), ("low", min(dense))):
            if not all(dense[row]):
                continue
            repaired = None
            for i, minute in enumerate(minutes):
                time = scene.start + i * MINUTE
                prices = [ticks for ticks, _, _ in minute.trades] if minute.kind != "missing" else []
                beyond = any(ticks // 25 > row if side == "high" else ticks // 25 < row for ticks in prices)
                if time >= one.time + 5 * MINUTE and beyond:
                    repaired = time
                    break
            if not (open_only and repaired):
                expected.append((one.time, side, row * 0.25, repaired))
    found = [
        (plain.ms(each.time), each.side, each.low, None if each.repaired is None else plain.ms(each.repaired))
        for each in result.extremes
    ]
    assert found == expected


def test_an_auction_is_finished_where_one_side_is_zero(scene):
    def at(*trades):
        view = scene.view([scene.Minute("trades", list(trades))])
        return [each.side for each in unfinished_auction(view, timeframe="1m", bars=1, bin_size=0.01).extremes]

    assert at((1, 1, 1), (1, 1, -1), (2, 1, 1)) == ["low"]
    assert at((1, 1, 1), (2, 1, -1)) == []
