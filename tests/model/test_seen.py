"""Coverage looks at every minute, and a view at nothing later than its moment."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coinmon import MINUTE, Bars, Coverage, DecodeError, Seen, View, to_ticks
from coinmon.model.fold import fold


def covered(plain, kinds):
    """One traded minute of each kind, those that are missing left out."""
    instrument = plain.instrument("1", "1")
    parts = [
        fold(plain.trades(instrument, [(plain.start + i * MINUTE, 10, 1, 1)]), instrument).with_coverage(kind)
        for i, kind in enumerate(kinds)
        if kind
    ]
    return Bars.concat(parts) if parts else Bars.empty(instrument.tick_size)


@given(kinds=st.lists(st.sampled_from(Coverage), min_size=1, max_size=12))
@example(kinds=[Coverage.TRADES, Coverage.MISSING, Coverage.TRADES])
def test_coverage_looks_at_every_minute_not_at_the_ends(plain, kinds):
    end = plain.start + len(kinds) * MINUTE
    seen = Seen.of(covered(plain, kinds), plain.start, end)
    complete = [kind >= Coverage.KLINES for kind in kinds]
    assert (seen.minutes, seen.complete) == (len(kinds), sum(complete))
    assert seen.share == sum(complete) / len(kinds)
    assert (seen.worst, seen.best) == (min(kinds), max(kinds))
    inside = [any(start <= plain.start + i * MINUTE < stop for start, stop in seen.missing) for i in range(len(kinds))]
    assert inside == [not each for each in complete]
    for (_, stop), (start, _) in zip(seen.missing[:-1], seen.missing[1:], strict=True):
        assert stop < start, "ranges that touch are one range"


def test_an_empty_window_is_not_covered(plain):
    seen = Seen.of(covered(plain, [Coverage.TRADES]), plain.start, plain.start)
    assert (seen.minutes, seen.share, seen.worst) == (0, 0.0, Coverage.MISSING)


def test_a_window_between_minutes_is_widened_to_whole_ones(plain):
    seen = Seen.of(covered(plain, [Coverage.TRADES] * 3), plain.start + 1, plain.start + MINUTE + 1)
    assert (seen.start, seen.end, seen.minutes) == (plain.start, plain.start + 2 * MINUTE, 2)


class Tape:
    def __init__(self, bars):
        self._bars = bars

    def bars(self, instrument, start, end, *, levels=False):
        return self._bars[(self._bars.time >= start) & (self._bars.time < end)]


@given(st.integers(0, 6 * MINUTE), st.integers(0, 8))
def test_a_view_shows_closed_minutes_only(plain, elapsed, minutes):
    now = plain.start + elapsed
    view = View(plain.instrument("1", "1"), now, Tape(covered(plain, [Coverage.TRADES] * 6)))
    bars = view.bars(minutes)
    assert len(bars) == minutes
    assert all(time + MINUTE <= now for time in bars.time.tolist())
    assert (bars.coverage == np.where(bars.time >= plain.start, Coverage.TRADES, Coverage.MISSING)).all()
    later = view.between(plain.start, plain.start + 6 * MINUTE)
    assert all(time + MINUTE <= now for time in later.time.tolist())
    assert view.seen(bars).minutes == minutes


@given(ticks=st.integers(1, 10**9), grid=st.sampled_from(["0.1", "0.01", "0.05", "0.00000001", "0.25", "10"]))
@example(ticks=3, grid="0.1")
@settings(max_examples=300)
def test_a_price_on_the_grid_is_its_tick(plain, ticks, grid):
    instrument = plain.instrument(grid)
    assert to_ticks(np.array([float(instrument.tick_size * ticks)]), instrument).tolist() == [ticks]


@pytest.mark.parametrize("price", [0.0, -1.0, float("nan"), float("inf"), 10.005, 10.0002])
def test_a_price_that_is_none_or_off_the_grid_is_refused(plain, price):
    with pytest.raises(DecodeError, match="binance:BTC/USDT"):
        to_ticks(np.array([10.0, price]), plain.instrument("0.01"))


def test_no_prices_are_no_ticks(plain):
    assert len(to_ticks(np.empty(0), plain.instrument())) == 0
