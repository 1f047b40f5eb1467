"""A bar's levels survive being packed, on any grid, and stay readable when the grid gets finer."""

import struct
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinmon.model.levels import Levels
from coinmon.store.packing import added_up, pack, pack_sum, pack_sums, unpack

GRIDS = st.sampled_from(["0.01", "0.5", "1", "10", "1E+1", "1E-10", "0.00000001", "0.10"]).map(Decimal)


def packed(ticks, buy, sell, tick, lot):
    """One bar's; two bars without levels around it."""
    start = np.array([0, 0, len(ticks), len(ticks)])
    made = Levels(start, np.array(ticks, np.int64), np.array(buy, float), np.array(sell, float))
    before, blob, after = pack(made, tick, lot)
    assert before is after is None
    return blob


def alone(blob, tick):
    """Ticks, buy and sell of one bar between two without levels."""
    found = unpack([None, blob, None], tick)
    assert found.start.tolist() == [0, 0, len(found.ticks), len(found.ticks)]
    return found.ticks, found.buy, found.sell


@st.composite
def levels(draw, amounts):
    ticks = sorted(draw(st.sets(st.integers(1, 2**40), min_size=1, max_size=30)))
    return ticks, *([draw(amounts) for _ in ticks] for _ in range(2))


@given(levels(st.integers(0, 2**50)), GRIDS, GRIDS)
def test_whole_lots_come_back_as_the_floats_nearest_to_them(made, tick, lot):
    ticks, buy, sell = made
    buys, sells = ([float(count * lot) for count in side] for side in (buy, sell))
    found = alone(packed(ticks, buys, sells, tick, lot), tick)
    assert [each.tolist() for each in found] == [ticks, buys, sells]


MANY = [36_203_704_252_545_992, 52_002_150_855_488_568]
"""Lots of 0.003: floats have these, but not three times as many."""


@pytest.mark.parametrize(("lot", "counts"), [("0.003", MANY), ("1E-23", range(1, 99)), ("6.4E-22", range(1, 99))])
def test_where_floats_are_not_exact_on_the_way_amounts_are_the_nearest_ones_all_the_same(lot, counts):
    amounts = [float(count * Decimal(lot)) for count in counts]
    blob = packed(range(len(amounts)), amounts, amounts, Decimal(1), Decimal(lot))
    assert alone(blob, Decimal(1))[1].tolist() == amounts


@given(levels(st.floats(0, 1e15)), GRIDS, GRIDS)
def test_amounts_off_the_lot_grid_come_back_to_a_millionth_of_a_millionth(made, tick, lot):
    ticks, buys, sells = made
    found = alone(packed(ticks, buys, sells, tick, lot), tick)
    assert found[0].tolist() == ticks
    np.testing.assert_allclose(found[1], buys, rtol=1e-11, atol=0)
    np.testing.assert_allclose(found[2], sells, rtol=1e-11, atol=0)


@given(
    st.lists(
        st.tuples(levels(st.integers(0, 2**33)), st.sampled_from([1, 3, 70]), st.sampled_from(["0.001", "0.05"])),
        max_size=8,
    )
)
def test_bars_packed_differently_add_up_to_the_floats_nearest_to_the_exact_sums(bars):
    tick, blobs, sums = Decimal("0.01"), [None], {}
    for (ticks, *sides), finer, lot in bars:
        amounts = [[float(count * Decimal(lot)) for count in side] for side in sides]
        blobs += [packed(ticks, *amounts, tick * finer, Decimal(lot)), None]
        for place, price in enumerate(ticks):
            held = sums.setdefault(price * finer, {}).setdefault(lot, [Decimal(0), Decimal(0)])
            for side in (0, 1):
                held[side] += sides[side][place] * Decimal(lot)
    found = added_up(blobs, tick)
    assert found.start.tolist() == [0, len(sums)]
    assert found.ticks.tolist() == sorted(sums)
    for side, column in enumerate((found.buy, found.sell)):
        # lots of one size add up exactly, and sizes as floats do
        assert column.tolist() == [sum(float(held[side]) for held in sums[price].values()) for price in sorted(sums)]


@given(levels(st.integers(0, 1000)), GRIDS, st.integers(1, 1000))
def test_on_a_finer_grid_the_prices_stay_what_they_were(made, tick, factor):
    ticks, buy, sell = made
    blob = packed(ticks, buy, sell, tick * factor, Decimal(1))
    found, _, _ = alone(blob, tick)
    assert [each * tick for each in found.tolist()] == [each * tick * factor for each in ticks]


def test_what_earlier_versions_wrote_is_still_read():
    header = struct.Struct("<BBIqqbqb")
    for version, places in ((1, "<u4"), (2, "<u8")):
        body = np.array([0, 3], places).tobytes() + np.array([7, 0, 1, 2], "<u4").tobytes()
        ticks, buy, sell = alone(header.pack(version, 4, 2, 600, 1, -1, 1, -3) + body, Decimal("0.1"))
        assert (ticks.tolist(), buy.tolist(), sell.tolist()) == ([600, 603], [0.007, 0.0], [0.001, 0.002])


def test_numbers_are_as_narrow_as_they_fit():
    one = Decimal(1)
    wide = len(packed([1, 2], [2**32, 1], [1, 1], one, one))
    assert len(packed([1, 2], [200, 1], [1, 1], one, one)) == wide - 28
    assert len(packed([1, 70_000], [200, 1], [1, 1], one, one)) == wide - 22


@given(st.lists(st.none() | levels(st.sampled_from([0, 7, 300, 70_000, 2**40]) | st.floats(0.1, 9)), max_size=8), GRIDS)
def test_bars_packed_in_different_ways_come_back_in_their_order(made, tick):
    blobs = [
        each and packed(each[0], *([float(a) for a in side] for side in each[1:]), tick, Decimal(1)) for each in made
    ]
    found = unpack(blobs, tick)
    assert len(found) == len(made)
    for number, each in enumerate(made):
        part = found.run(number, number + 1)
        assert part.ticks.tolist() == (each[0] if each else [])
        np.testing.assert_allclose(part.buy, each[1] if each else [], rtol=1e-11)
        np.testing.assert_allclose(part.sell, each[2] if each else [], rtol=1e-11)


@given(st.lists(levels(st.integers(0, 2**37)), min_size=1, max_size=5), st.integers(0, 4))
def test_a_packed_sum_stands_for_its_bars(bars, parted):
    tick, lot = Decimal("0.01"), Decimal("0.001")
    blobs = [packed(ticks, *([float(a * lot) for a in side] for side in sides), tick, lot) for ticks, *sides in bars]
    whole = added_up(blobs, tick)
    found = added_up([pack_sum(blobs[:parted], tick, lot), *blobs[parted:]], tick)
    for name in ("start", "ticks", "buy", "sell"):
        assert getattr(found, name).tobytes() == getattr(whole, name).tobytes()
    # a sum takes no more room than the same levels as one bar
    one, sum_of_all = added_up(blobs, tick), pack_sum(blobs, tick, lot)
    assert sum_of_all == pack(one, tick, lot)[0]
    groups = [blobs[:parted], [], blobs[parted:], [None]]
    assert pack_sums(groups, tick, lot) == [pack_sum(each, tick, lot) for each in groups]
    assert pack_sums([*groups, blobs], tick / 10, lot)[-1] == pack_sum(blobs, tick / 10, lot)


def test_what_could_not_stand_for_its_bars_is_not_packed():
    tick, lot = Decimal("0.01"), Decimal("0.001")

    def bar(amount, lot=lot):
        return packed([5], [float(amount)], [0.0], tick, lot)

    assert pack_sum([None, None], tick, lot) == b""
    assert pack_sum([bar(1), bar("0.0015")], tick, lot) is None
    assert pack_sum([bar(1), bar(1, Decimal("0.01"))], tick, lot) is None
    assert pack_sum([bar(1, Decimal("0.01"))] * 2, tick, lot) is None
    assert pack_sum([bar(2**40 * lot)], tick, lot) is None
    assert pack_sum([bar((2**40 - 1) * lot)], tick, lot)
    one = pack_sum([bar(1)], tick, lot)
    together = [[bar(1)], [bar(1), bar("0.0015")], [bar(2**40 * lot)], [None]]
    assert pack_sums(together, tick, lot) == [one, None, None, b""]
    together = [[bar(1)], [bar(1, Decimal("0.01"))], [bar(2**40 * lot)]]
    assert pack_sums(together, tick, lot) == [one, None, None]
