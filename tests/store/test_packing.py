"""A bar's levels survive being packed, on any grid, and stay readable when the grid gets finer."""

from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from coinmon.store.packing import pack, unpack

GRIDS = st.sampled_from(["0.01", "0.5", "1", "10", "1E+1", "1E-10", "0.00000001", "0.10"]).map(Decimal)


@st.composite
def levels(draw, amounts):
    ticks = sorted(draw(st.sets(st.integers(1, 2**40), max_size=30)))
    return ticks, *([draw(amounts) for _ in ticks] for _ in range(2))


@given(levels(st.integers(0, 2**50)), GRIDS, GRIDS)
def test_whole_lots_come_back_as_the_floats_nearest_to_them(made, tick, lot):
    ticks, buy, sell = made
    buys, sells = ([float(count * lot) for count in side] for side in (buy, sell))
    found = unpack(pack(np.array(ticks, np.int64), np.array(buys), np.array(sells), tick, lot), tick)
    assert [each.tolist() for each in found] == [ticks, buys, sells]


@given(levels(st.floats(0, 1e15)), GRIDS, GRIDS)
def test_amounts_off_the_lot_grid_come_back_to_a_millionth_of_a_millionth(made, tick, lot):
    ticks, buys, sells = made
    found = unpack(pack(np.array(ticks, np.int64), np.array(buys), np.array(sells), tick, lot), tick)
    assert found[0].tolist() == ticks
    np.testing.assert_allclose(found[1], buys, rtol=1e-11, atol=0)
    np.testing.assert_allclose(found[2], sells, rtol=1e-11, atol=0)


@given(levels(st.integers(0, 1000)), GRIDS, st.integers(1, 1000))
def test_on_a_finer_grid_the_prices_stay_what_they_were(made, tick, factor):
    ticks, buy, sell = made
    blob = pack(np.array(ticks, np.int64), np.array(buy, float), np.array(sell, float), tick * factor, Decimal(1))
    found, _, _ = unpack(blob, tick)
    assert [each * tick for each in found.tolist()] == [each * tick * factor for each in ticks]
