"""The market profile against letters written row by row, and the rules at its edges."""

import itertools
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinmon import MINUTE
from coinmon_indicators.profile._tpo import letter
from coinmon_indicators.profile.tpo import tpo

SIZE = Decimal("0.05")


def brackets(scene, ranges, minutes=30):
    """One bracket for each (low, high) in ticks: its first minute trades at both, the rest are quiet."""
    made = []
    for low, high in ranges:
        made += [scene.Minute("trades", [(low, 1, 1), (high, 1, -1)])] + [scene.Minute("trades", [])] * (minutes - 1)
    return made


@given(seed=st.integers(0, 10**6), count=st.integers(1, 60), percent=st.sampled_from([70.0, 50.0]))
@settings(max_examples=80, deadline=None)
def test_letters_and_markers_are_what_a_plain_loop_says(scene, book, seed, count, percent):
    minutes, length = scene.minutes(seed, count), 7
    result = tpo(
        scene.view(minutes), period_minutes=length, bin_size=float(SIZE), value_area_percent=percent,
        include_levels=True, max_levels=10**6, single_prints="full",
    )  # fmt: skip
    printed, ranges = {}, []
    for number in range(-(-count // length)):
        prices = [price for price, _, _ in book.trades_of(scene, minutes[number * length : (number + 1) * length])]
        if prices:
            ranges.append((number, min(prices), max(prices)))
            edge = min(prices) // SIZE * SIZE
            while edge <= max(prices):
                printed.setdefault(edge, []).append(number)
                edge += SIZE
    if not ranges:
        assert (result.poc, result.levels, result.periods) == (None, [], [])
        assert result.reason
        return
    assert {each.low: each.letters for each in result.levels} == {
        float(edge): "".join("ABCDEFGHI"[number] for number in numbers) for edge, numbers in printed.items()
    }
    low, high = min(printed), max(printed)
    rows = {low + i * SIZE: Decimal(len(printed.get(low + i * SIZE, []))) for i in range(int((high - low) / SIZE) + 1)}
    poc, top, bottom, _ = book.area_of(rows, percent)
    assert (result.tpo_poc, result.tpo_vah, result.tpo_val) == (float(poc), float(top + SIZE), float(bottom))
    assert result.tpo_above_poc == sum(volume for edge, volume in rows.items() if edge > poc)
    assert result.tpo_below_poc == sum(volume for edge, volume in rows.items() if edge < poc)
    trades = book.trades_of(scene, minutes)
    vpoc, vtop, vbottom, _ = book.area_of(book.rows_of(trades, SIZE, "quote"), percent)
    assert (result.vpoc, result.vvah, result.vval) == (float(vpoc), float(vtop + SIZE), float(vbottom))
    assert (result.poc, result.vah) == (result.vpoc, result.vvah)
    by_letters = tpo(scene.view(minutes), period_minutes=length, bin_size=float(SIZE), use_volume_for_va=False)
    assert by_letters.poc == by_letters.tpo_poc
    initial = [each for each in ranges if each[0] < 2]
    if initial:
        assert result.ib_high == float(max(each[2] for each in initial))
        assert result.ib_low == float(min(each[1] for each in initial))
        assert result.ib_state == ("done" if count >= 2 * length else "developing")
    closed = [each for each in ranges if (each[0] + 1) * length <= count]
    steps = sum(
        (b[i] > a[i]) - (b[i] < a[i]) for a, b in itertools.pairwise(closed) if b[0] == a[0] + 1 for i in (1, 2)
    )
    assert result.rotation_factor == steps
    assert (result.poor_high, result.poor_low) == (len(printed[high]) >= 2, len(printed[low]) >= 2)
    for found, (number, below, above) in zip(result.periods, ranges, strict=True):
        inside = book.trades_of(scene, minutes[number * length : (number + 1) * length])
        assert (found.low, found.high) == (float(below), float(above))
        assert found.vpoc == float(book.area_of(book.rows_of(inside, SIZE, "quote"), percent)[0])
    # single prints: one letter, not joined to an extreme by rows of one letter
    edges = list(rows)
    ends = set()
    for order in (edges, edges[::-1]):
        for edge in order:
            if rows[edge] != 1:
                break
            ends.add(edge)
    expected = [float(edge) for edge in edges if rows[edge] == 1 and edge not in ends]
    assert [each.low for each in result.single_prints] == expected


def test_letters_go_on_after_the_alphabet():
    assert [letter(i) for i in (0, 25, 26, 51, 52, 103, 104)] == ["A", "Z", "a", "z", "A1", "z1", "A2"]


def test_a_forming_bracket_makes_no_tail(scene):
    done = [(10_000, 10_020), (10_000, 10_020)]
    closed = tpo(scene.view(brackets(scene, [*done, (10_015, 10_035)])), bin_size=0.05)
    assert (closed.selling_tail.low, closed.selling_tail.high, closed.selling_tail.letters) == (100.25, 100.40, "C")
    assert closed.buying_tail is None
    forming = tpo(scene.view(brackets(scene, [*done, (10_015, 10_035)])[:-1]), bin_size=0.05)
    assert forming.selling_tail is None
    assert forming.periods[-1].state == "developing"


def test_a_tail_has_a_least_length_and_a_single_bracket_has_none(scene):
    ranges = [(10_000, 10_020), (10_005, 10_025)]
    assert tpo(scene.view(brackets(scene, ranges)), bin_size=0.05).selling_tail is None
    one = tpo(scene.view(brackets(scene, ranges)), bin_size=0.05, tail_min_length=1)
    assert (one.selling_tail.letters, one.buying_tail.letters) == ("B", "A")
    alone = tpo(scene.view(brackets(scene, ranges[:1])), bin_size=0.05)
    assert (alone.selling_tail, alone.buying_tail, alone.single_prints) == (None, None, [])


def test_single_prints_compact_or_full(scene):
    view = scene.view(brackets(scene, [(10_000, 10_010), (10_000, 10_040), (10_030, 10_040)]))
    compact, full = (tpo(view, bin_size=0.05, single_prints=how).single_prints for how in ("compact", "full"))
    assert [(each.low, each.high, each.letters) for each in compact] == [(100.15, 100.30, "B")]
    assert [each.low for each in full] == [100.15, 100.20, 100.25]
    assert tpo(view, bin_size=0.05, include_single_prints=False).single_prints == []


def test_rows_without_letters_are_rows(scene):
    view = scene.view(brackets(scene, [(10_000, 10_004), (10_050, 10_054)]))
    assert tpo(view, bin_size=0.05).rows == 11


def test_the_initial_balance_is_extended_in_multiples_once_it_is_over(scene):
    ranges = [(10_000, 10_020), (10_010, 10_030), (9_985, 10_060)]
    result = tpo(scene.view(brackets(scene, ranges)), bin_size=0.05)
    assert (result.ib_low, result.ib_high) == (100.0, 100.3)
    assert (result.ib_extension_up, result.ib_extension_down) == (pytest.approx(1.0), pytest.approx(0.5))
    early = tpo(scene.view(brackets(scene, ranges[:2])[:-1]), bin_size=0.05)
    assert (early.ib_state, early.ib_extension_up) == ("developing", None)


def test_there_is_no_initial_balance_where_not_all_of_it_was_seen(scene):
    minutes = brackets(scene, [(10_000, 10_020), (10_010, 10_030), (9_985, 10_060)])
    minutes[7] = scene.Minute("missing", [])
    result = tpo(scene.view(minutes), bin_size=0.05)
    assert (result.ib_high, result.ib_low, result.ib_state, result.ib_extension_up) == (None, None, None, None)


def test_the_rotation_is_not_counted_over_a_missing_bracket(scene):
    minutes = brackets(scene, [(10_000 + i, 10_020 + i) for i in range(4)])
    minutes[30:60] = [scene.Minute("missing", [])] * 30
    assert tpo(scene.view(minutes)).rotation_factor == 2


def test_a_session_by_name_and_caps(scene):
    view = scene.view(brackets(scene, [(10_000 + i, 10_020 + i) for i in range(14)]))
    result = tpo(view, session="L", bin_size=0.01, include_levels=True, max_levels=3)
    assert (result.start.hour, [each.letter for each in result.periods]) == (6, ["A", "B"])
    assert len(result.levels) == 3
    assert result.levels_dropped == 19
    assert [each.low for each in result.levels] == sorted(each.low for each in result.levels)
    assert tpo(view, session="Q").reason == "there is no session Q; there are A, L, N, E"
    assert tpo(view, bin_size=0.015).reason == "bin_size 0.015 is not a multiple of the tick 0.01"


@given(seed=st.integers(0, 10**6), cut=st.integers(1, 29), within=st.integers(0, MINUTE - 1))
@settings(max_examples=30, deadline=None)
def test_later_data_changes_nothing_as_of_a_moment(scene, seed, cut, within):
    minutes = scene.minutes(seed, 30, scene.kinds)
    now = scene.start + cut * MINUTE + within
    result = tpo(scene.view(minutes, now), period_minutes=5)
    assert result == tpo(scene.view(minutes[:cut], now), period_minutes=5)
    assert "NaN" not in result.model_dump_json()
    for lang in ("zh", "en"):
        assert not {"nan", "None"} & set(result.line(lang).split())
