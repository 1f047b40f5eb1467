"""Bars add up: any way of merging the same minutes gives the same bar."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinmon import MINUTE, Bars, Coverage, Levels
from coinmon.model.bars import COLUMNS
from coinmon.model.fold import fold, with_quiet_minutes

FLOATS = ("volume", "quote_volume", "buy", "buy_quote", "delta_min", "delta_max")


def assert_equal(left, right):
    """Equal columns; float sums may differ in the last digits, as they were added in another order."""
    assert len(left) == len(right)
    for name in COLUMNS:
        a, b = getattr(left, name), getattr(right, name)
        if name in FLOATS:
            scale = float(np.nanmax(np.abs(right.volume), initial=1e-30))
            if "quote" in name:
                scale = float(np.nanmax(np.abs(right.quote_volume), initial=1e-30))
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13 * scale, err_msg=name)
        else:
            assert a.tolist() == b.tolist(), name
    assert (left.levels is None) == (right.levels is None)
    if left.levels is not None:
        assert left.levels.start.tolist() == right.levels.start.tolist()
        assert left.levels.ticks.tolist() == right.levels.ticks.tolist()
        np.testing.assert_allclose(left.levels.buy, right.levels.buy, rtol=1e-12)
        np.testing.assert_allclose(left.levels.sell, right.levels.sell, rtol=1e-12)


def one_bar(plain, instrument, rows):
    """All the trades as if they were of one minute."""
    return plain.oracle(instrument, [(plain.start, *rest) for _, *rest in rows])[plain.start]


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_merged_minutes_are_the_bar_of_all_their_trades(plain, data):
    instrument, rows = data.draw(plain.markets())
    bar = fold(plain.trades(instrument, rows), instrument).merged()
    if not rows:
        assert len(bar) == 0
        return
    want = one_bar(plain, instrument, rows)
    assert [bar.open[0], bar.high[0], bar.low[0], bar.close[0]] == [want.open, want.high, want.low, want.close]
    assert bar.trades[0] == want.trades
    exact = {"volume": want.volume, "quote_volume": want.quote, "buy": want.buy, "buy_quote": want.buy_quote}
    for name, value in exact.items():
        assert getattr(bar, name)[0] == pytest.approx(float(value), rel=1e-12)
    for name in ("delta_min", "delta_max"):
        close = pytest.approx(float(getattr(want, name)), abs=1e-12 * float(want.volume))
        assert getattr(bar, name)[0] == close, name
    assert bar.levels.ticks.tolist() == sorted(want.levels)
    for ticks, buy, sell in zip(bar.levels.ticks, bar.levels.buy, bar.levels.sell, strict=True):
        assert (buy, sell) == tuple(pytest.approx(float(each), rel=1e-12) for each in want.levels[ticks])


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_merging_in_steps_is_merging_at_once(plain, data):
    instrument, rows = data.draw(plain.markets(minutes=12))
    bars = fold(plain.trades(instrument, rows), instrument).dense(plain.start, plain.start + 12 * MINUTE)
    holes = data.draw(st.booleans())
    if not holes:
        bars = with_quiet_minutes(bars, plain.start, plain.start + 12 * MINUTE, Coverage.TRADES, 7)
    at_once = bars.resample(12 * MINUTE, plain.start)
    assert_equal(bars.resample(2 * MINUTE, plain.start).resample(12 * MINUTE, plain.start), at_once)
    assert_equal(bars.resample(4 * MINUTE, plain.start).merged(), bars.merged())
    cut = data.draw(st.integers(1, 11))
    if not holes or (bars.coverage[:cut].any() and bars.coverage[cut:].any()):
        halves = Bars.concat([bars[:cut].merged(), bars[cut:].merged()])
        assert_equal(halves.merged(), bars.merged())
    merged = bars.merged()
    assert bars.candle() == (merged.open[0], merged.high[0], merged.low[0], merged.close[0])


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_minute_cut_in_two_parts_is_whole_again_when_merged(plain, data):
    instrument, rows = data.draw(plain.markets())
    cut = data.draw(st.integers(0, len(rows)))
    parts = [fold(plain.trades(instrument, part), instrument) for part in (rows[:cut], rows[cut:])]
    both = Bars.concat(parts)
    starts = np.flatnonzero(np.diff(both.time, prepend=-1))
    assert_equal(both.grouped(starts, both.time[starts]), fold(plain.trades(instrument, rows), instrument))


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_levels_hold_the_whole_volume_of_their_bar(plain, data):
    instrument, rows = data.draw(plain.markets())
    bars = fold(plain.trades(instrument, rows), instrument).dense(plain.start, plain.start + 4 * MINUTE)
    for each in (bars, bars.resample(2 * MINUTE, plain.start), bars[::2], bars[bars.volume > 0]):
        total = np.bincount(each.levels.bar, each.levels.buy + each.levels.sell, len(each))
        np.testing.assert_allclose(total, np.nan_to_num(each.volume), rtol=1e-12)
        buys = np.bincount(each.levels.bar, each.levels.buy, len(each))
        np.testing.assert_allclose(buys, np.nan_to_num(each.buy), rtol=1e-12)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_rows_taken_by_slice_mask_and_number_are_the_same_rows(plain, data):
    instrument, rows = data.draw(plain.markets())
    bars = fold(plain.trades(instrument, rows), instrument)
    keep = np.array(data.draw(st.lists(st.booleans(), min_size=len(bars), max_size=len(bars))), np.bool_)
    taken = bars[keep]
    assert_equal(taken, bars[np.flatnonzero(keep)])
    expected = plain.oracle(instrument, rows)
    for i, minute in enumerate(taken.time.tolist()):
        own = taken.levels.ticks[taken.levels.start[i] : taken.levels.start[i + 1]]
        assert own.tolist() == sorted(expected[minute].levels)
        assert taken.close[i] == expected[minute].close


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_dense_rows_are_the_bars_and_nothing_where_there_are_none(plain, data):
    instrument, rows = data.draw(plain.markets())
    bars = fold(plain.trades(instrument, rows), instrument)
    first, count = data.draw(st.integers(-2, 3)), data.draw(st.integers(0, 6))
    start = plain.start + first * MINUTE
    dense = bars.dense(start, start + count * MINUTE)
    assert dense.time.tolist() == [start + i * MINUTE for i in range(count)]
    expected = plain.oracle(instrument, rows)
    for i, minute in enumerate(dense.time.tolist()):
        own = dense.levels.ticks[dense.levels.start[i] : dense.levels.start[i + 1]].tolist()
        if minute in expected:
            assert (dense.volume[i], dense.coverage[i]) == (float(expected[minute].volume), Coverage.TRADES)
            assert own == sorted(expected[minute].levels)
        else:
            assert (dense.coverage[i], dense.trades[i], dense.close[i], own) == (Coverage.MISSING, -1, 0, [])
            assert all(np.isnan(getattr(dense, name)[i]) for name in FLOATS)


def test_many_parts_keep_their_levels_and_longer_bars_begin_at_multiples_of_their_length(plain):
    instrument = plain.instrument()
    rows = [(plain.start + minute * MINUTE, 100, 5, 1) for minute in range(300)]
    bars = fold(plain.trades(instrument, rows), instrument)
    whole = Bars.concat([bars[at : at + 1] for at in range(300)])
    assert whole.levels is not None
    assert whole.levels.ticks.tolist() == bars.levels.ticks.tolist()
    hours = bars.resample(60 * MINUTE)
    assert (hours.time % (60 * MINUTE) == 0).all()
    assert hours.time[0] <= plain.start


def test_rows_that_lack_no_minute_are_handed_on_and_not_copied(plain):
    instrument = plain.instrument()
    rows = [(plain.start + minute * MINUTE, 100, 5, 1) for minute in range(5)]
    bars = fold(plain.trades(instrument, rows), instrument)
    assert bars.dense(plain.start, plain.start + 5 * MINUTE) is bars
    part = bars.dense(plain.start + MINUTE, plain.start + 4 * MINUTE)
    assert part.time.tolist() == bars.time[1:4].tolist()
    assert np.shares_memory(part.volume, bars.volume)


@given(kinds=st.lists(st.sampled_from(Coverage), min_size=1, max_size=6))
def test_a_merged_bar_is_as_good_as_its_worst_minute(plain, kinds):
    instrument = plain.instrument("1", "1")
    minutes = range(len(kinds))
    bars = fold(plain.trades(instrument, [(plain.start + i * MINUTE, 10 + i, 2, 1) for i in minutes]), instrument)
    known = [bars[i : i + 1].with_coverage(kind) for i, kind in enumerate(kinds) if kind]
    bars = Bars.concat(known) if known else Bars.empty(instrument.tick_size)
    merged = bars.dense(plain.start, plain.start + len(kinds) * MINUTE).merged()
    if not known:
        assert merged.coverage[0] == Coverage.MISSING
        assert np.isnan(merged.volume[0])
        assert (merged.trades[0], merged.close[0]) == (-1, 0)
        return
    there = [kind for kind in kinds if kind]
    worst = min(there) if len(there) == len(kinds) else Coverage.PARTIAL
    assert merged.coverage[0] == worst
    assert merged.volume[0] == 2 * len(there)
    assert merged.trades[0] == len(there)
    prices = [10 + i for i, kind in enumerate(kinds) if kind]
    assert [merged.open[0], merged.close[0]] == [prices[0], prices[-1]]
    assert [merged.low[0], merged.high[0]] == [prices[0], prices[-1]]


def test_a_quiet_minute_lends_no_price_to_a_bar_in_which_something_traded(plain):
    instrument = plain.instrument("1", "1")
    bars = fold(plain.trades(instrument, [(plain.start + MINUTE, 20, 1, 1)]), instrument)
    bars = with_quiet_minutes(bars, plain.start, plain.start + 3 * MINUTE, Coverage.TRADES, last_price=90)
    bar = bars.merged()
    assert (bar.open[0], bar.high[0], bar.low[0], bar.close[0]) == (20, 20, 20, 20)
    quiet = bars[:1].merged()
    assert (quiet.open[0], quiet.close[0], quiet.volume[0]) == (90, 90, 0)
    assert (bars.candle(), bars[:1].candle(), bars[:0].candle()) == ((20, 20, 20, 20), (90, 90, 90, 90), (0, 0, 0, 0))


def test_an_unknown_taker_split_stays_unknown_in_the_sum(plain):
    instrument = plain.instrument("1", "1")
    bars = fold(plain.trades(instrument, [(plain.start, 10, 2, 1), (plain.start + MINUTE, 11, 3, 1)]), instrument)
    bars.buy[1] = np.nan
    bars.coverage[1] = Coverage.PARTIAL
    bar = bars.merged()
    assert bar.volume[0] == 5
    assert np.isnan(bar.buy[0])
    assert bar.coverage[0] == Coverage.PARTIAL


def test_candles_open_at_the_offset_asked_for(plain):
    instrument = plain.instrument("1", "1")
    rows = [(plain.start + i * MINUTE, 10, 1, 1) for i in range(10)]
    bars = fold(plain.trades(instrument, rows), instrument)
    assert bars.resample(5 * MINUTE, 2 * MINUTE).time.tolist() == [
        plain.start - 3 * MINUTE, plain.start + 2 * MINUTE, plain.start + 7 * MINUTE
    ]  # fmt: skip


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_levels_put_together_keep_every_bar_its_own(plain, data):
    instrument, rows = data.draw(plain.markets())
    bars = fold(plain.trades(instrument, rows), instrument)
    parts = [bars.levels.take(np.array([i])) for i in range(len(bars))]
    whole = Levels.concat(parts) if parts else Levels.empty(0)
    assert whole.start.tolist() == bars.levels.start.tolist()
    assert whole.ticks.tolist() == bars.levels.ticks.tolist()
    assert whole.buy.tolist() == bars.levels.buy.tolist()
    assert len(whole.bar) == len(whole.ticks)
