"""Trades to bars, against a plain loop over Decimals."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinmon import MINUTE, Coverage
from coinmon.model.bars import scaled
from coinmon.model.fold import fold, fold_many, with_quiet_minutes


def assert_same(bars, expected):
    """Every column equals the float64 nearest to the exact figure."""
    assert bars.time.tolist() == sorted(expected)
    want = [expected[minute] for minute in sorted(expected)]
    columns = {"open": "open", "high": "high", "low": "low", "close": "close", "trades": "trades"}
    for name, key in columns.items():
        assert getattr(bars, name).tolist() == [getattr(each, key) for each in want], name
    columns = {name: name for name in ("volume", "buy", "buy_quote", "delta_min", "delta_max")}
    for name, key in (columns | {"quote_volume": "quote"}).items():
        assert getattr(bars, name).tolist() == [float(getattr(each, key)) for each in want], name
    levels = bars.levels
    for i, each in enumerate(want):
        rows = slice(levels.start[i], levels.start[i + 1])
        got = zip(levels.ticks[rows], levels.buy[rows], levels.sell[rows], strict=True)
        assert [tuple(row) for row in got] == [
            (ticks, float(buy), float(sell)) for ticks, (buy, sell) in sorted(each.levels.items())
        ]


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_bars_are_exactly_what_a_plain_loop_says(plain, data):
    instrument, rows = data.draw(plain.markets())
    bars = fold(plain.trades(instrument, rows), instrument)
    assert_same(bars, plain.oracle(instrument, rows))
    assert (bars.coverage == Coverage.TRADES).all()


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_trades_of_several_minutes_may_come_unsorted_by_minute(plain, data):
    instrument, rows = data.draw(plain.markets())
    minutes = sorted({time // MINUTE for time, *_ in rows})
    order = data.draw(st.permutations(minutes))
    shuffled = [row for minute in order for row in rows if row[0] // MINUTE == minute]
    assert_same(fold(plain.trades(instrument, shuffled), instrument), plain.oracle(instrument, rows))


def test_a_minute_that_comes_late_is_put_in_its_place_though_none_is_before_the_first(plain):
    instrument = plain.instrument()
    rows = [(plain.start + minute * MINUTE, 100 + minute, 5, 1) for minute in (0, 2, 1, 2)]
    bars = fold(plain.trades(instrument, rows), instrument)
    assert_same(bars, plain.oracle(instrument, sorted(rows)))
    assert bars.time.tolist() == [plain.start + minute * MINUTE for minute in (0, 1, 2)]


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_many_instruments_at_once_are_each_what_a_plain_loop_says(plain, data):
    markets = [data.draw(plain.markets()) for _ in range(3)]
    parts = [(plain.trades(instrument, rows), instrument) for instrument, rows in markets]
    # one without trades, and one whose quantities are off its grid
    parts[1:1] = [(plain.trades(markets[0][0], []), markets[0][0]), (parts[0][0], plain.instrument("0.01", "0.003"))]
    first, empty, off_grid, *others = fold_many(parts)
    assert len(empty) == 0
    assert off_grid.time.tolist() == first.time.tolist()
    np.testing.assert_allclose(off_grid.volume, first.volume, rtol=1e-9)
    np.testing.assert_allclose(off_grid.buy, first.buy, rtol=1e-9)
    for (instrument, rows), bars in zip(markets, [first, *others], strict=True):
        assert bars.tick_size == instrument.tick_size
        assert_same(bars, plain.oracle(instrument, rows))


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_quantities_off_the_lot_grid_are_summed_all_the_same(plain, data):
    _, rows = data.draw(plain.markets())
    fine, coarse = plain.instrument("0.01", "0.00001"), plain.instrument("0.01", "0.003")
    bars = fold(plain.trades(fine, rows), coarse)
    expected = plain.oracle(fine, rows)
    for i, minute in enumerate(sorted(expected)):
        want = expected[minute]
        assert bars.volume[i] == pytest.approx(float(want.volume))
        assert bars.quote_volume[i] == pytest.approx(float(want.quote))
        assert bars.buy_quote[i] == pytest.approx(float(want.buy_quote))
        assert bars.delta_min[i] == pytest.approx(float(want.delta_min), abs=1e-9)
        assert bars.delta_max[i] == pytest.approx(float(want.delta_max), abs=1e-9)


def test_the_running_delta_starts_at_zero(plain):
    instrument = plain.instrument("0.01", "1")
    only_buys = fold(plain.trades(instrument, [(plain.start, 100, 3, 1), (plain.start, 101, 4, 1)]), instrument)
    assert (only_buys.delta_min[0], only_buys.delta_max[0]) == (0, 7)
    there_and_back = [(plain.start, 100, 5, -1), (plain.start + 1, 100, 9, 1), (plain.start + 2, 100, 4, -1)]
    bar = fold(plain.trades(instrument, there_and_back), instrument)
    assert (bar.delta_min[0], bar.delta_max[0], bar.delta[0]) == (-5, 4, 0)


def test_quantities_that_floats_only_come_near_to_are_whole_lots(plain):
    """0.3 / 0.1 is 2.9999999999999996, and the sum of such floats is not the nearest one to 0.7."""
    instrument = plain.instrument("0.5", "0.1")
    rows = [(plain.start, 100, lots, 1) for lots in (3, 3, 1)]
    assert sum(lots * 0.1 for _, _, lots, _ in rows) != 0.7
    assert fold(plain.trades(instrument, rows), instrument).volume.tolist() == [0.7]


def test_volumes_too_large_for_integers_do_not_wrap(plain):
    instrument = plain.instrument("0.00000001", "1E-18")
    rows = [(plain.start, 10**15, 10**21, 1), (plain.start, 10**15, 10**21, -1)]
    bar = fold(plain.trades(instrument, rows), instrument)
    assert bar.volume[0] == pytest.approx(2000)
    assert bar.quote_volume[0] == pytest.approx(2e10)


def test_minutes_too_large_together_are_exact_each(plain):
    instrument = plain.instrument("0.0001", "1E-8")
    sizes = [94_787_974_979_163 + 7 * number for number in range(12)]
    rows = [(plain.start + at % 3 * MINUTE, 4_500 + at, size, 1 - at % 2 * 2) for at, size in enumerate(sizes)]
    rows.sort(key=lambda row: row[0])
    assert sum(sizes) * 4_500 > 2**62
    assert_same(fold(plain.trades(instrument, rows), instrument), plain.oracle(instrument, rows))


def test_no_trades_are_no_bars(plain):
    instrument = plain.instrument()
    assert len(fold(plain.trades(instrument, []), instrument)) == 0


@given(count=st.integers(0, 2**53), unit=st.decimals("1E-20", "1E3", allow_nan=False).filter(lambda d: d > 0))
def test_counts_times_a_unit_are_rounded_once(count, unit):
    if unit.as_tuple().exponent < -12 or count * unit > 10**15:
        unit = Decimal("1E-8")
    got = scaled(np.array([count]), unit)[0]
    assert got == pytest.approx(float(count * unit), rel=3e-16)


@given(count=st.integers(0, 2**53), places=st.integers(0, 30))
def test_counts_times_a_decimal_grid_are_the_nearest_float(count, places):
    assert scaled(np.array([count]), Decimal(1).scaleb(-places))[0] == float(count * Decimal(1).scaleb(-places))


@pytest.mark.parametrize("unit", ["2.5", "0.75", "3", "500", "0.15", "6.4E-22", "1E-23"])
def test_counts_times_a_unit_that_is_no_power_of_ten_are_the_nearest_float(unit):
    counts = [0, *range(1, 99), 12_345]
    assert scaled(np.array(counts), Decimal(unit)).tolist() == [float(count * Decimal(unit)) for count in counts]


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_quiet_minute_has_no_volume_and_the_last_price(plain, data):
    instrument, rows = data.draw(plain.markets())
    expected = plain.oracle(instrument, rows)
    last = data.draw(st.integers(0, 50))
    coverage = data.draw(st.sampled_from((Coverage.TRADES, Coverage.KLINES)))
    end = plain.start + 5 * MINUTE
    bars = with_quiet_minutes(fold(plain.trades(instrument, rows), instrument), plain.start, end, coverage, last)
    assert bars.time.tolist() == list(range(plain.start, end, MINUTE))
    for i, minute in enumerate(bars.time.tolist()):
        if minute in expected:
            last = expected[minute].close
            assert bars.volume[i] == float(expected[minute].volume)
            assert bars.coverage[i] == Coverage.TRADES
        else:
            prices = {int(getattr(bars, name)[i]) for name in ("open", "high", "low", "close")}
            assert prices == {last}
            flows = (bars.volume, bars.quote_volume, bars.buy, bars.buy_quote, bars.delta_min, bars.delta_max)
            assert [column[i] for column in flows] == [0] * 6
            assert (bars.trades[i], bars.coverage[i]) == (0, coverage)
            assert bars.levels.start[i] == bars.levels.start[i + 1]
