"""All venues as one market: adding up their bars is adding up their trades."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinmon import MINUTE, Bars, Coverage, Market, Pair, View
from coinmon_indicators.profile.vwap import vwap

PAIR = Pair("BTC", "USDT")


def market(scene, made, now=None, down=()):
    """Spot venues v0, v1, ... with their minutes; venue i's prices lie on a grid 10 ** i times as coarse."""
    longest = max(len(each) for each in made)
    now = scene.start + longest * MINUTE if now is None else now
    views = []
    for number, minutes in enumerate(made):
        traded = scene.instrument(f"v{number}")
        coarse = Decimal(10) ** number
        rows = scene.bars_of(minutes)
        columns = {name: getattr(rows, name) * (10**number if "quote" in name else 1) for name in scene.columns}
        bars = Bars(traded.tick_size * coarse, **columns, levels=rows.levels)
        views.append(View(replace(traded, tick_size=traded.tick_size * coarse), now, scene.Tape({traded.id: bars})))
    return Market(
        PAIR, now, [view.instrument.venue for view in views] + list(down), views, down=dict.fromkeys(down, "no")
    )


@given(seed=st.integers(0, 10**6), venues=st.integers(1, 4), count=st.integers(1, 12))
@settings(max_examples=80, deadline=None)
def test_merging_venues_is_merging_their_trades(scene, seed, venues, count):
    made = [scene.minutes(seed + number, count) for number in range(venues)]
    view = market(scene, made).merged["spot"]
    bars = view.bars(count, levels=True)
    assert view.instrument.id == "all:BTC/USDT"
    assert bars.tick_size == scene.tick
    for i in range(count):
        rows = [(t * 10**n, lots, side) for n, each in enumerate(made) for t, lots, side in each[i].trades]
        levels = {}
        for ticks, lots, side in rows:
            levels.setdefault(ticks, [0, 0])[0 if side > 0 else 1] += lots
        part = bars.levels.run(i, i + 1)
        assert part.ticks.tolist() == sorted(levels)
        assert part.buy.tolist() == pytest.approx([float(levels[t][0] * scene.lot) for t in sorted(levels)])
        assert bars.volume[i] == pytest.approx(float(sum(lots for _, lots, _ in rows) * scene.lot))
        assert bars.trades[i] == len(rows)
        if rows:
            assert (bars.low[i], bars.high[i]) == (min(r[0] for r in rows), max(r[0] for r in rows))
            first = next(n for n, each in enumerate(made) if each[i].trades)
            assert bars.close[i] == made[first][i].trades[-1][0] * 10**first
    assert set(bars.coverage.tolist()) == {Coverage.TRADES}


def test_missing_venue_is_null_not_0(scene):
    full = [scene.Minute("trades", [(10_000, 5, 1)])] * 3
    holed = [full[0], scene.Minute("missing", []), full[2]]
    bars = market(scene, [full, holed]).merged["spot"].bars(3)
    assert bars.coverage.tolist() == [Coverage.TRADES, Coverage.PARTIAL, Coverage.TRADES]
    assert np.isnan(market(scene, [holed, holed]).merged["spot"].bars(3).volume).tolist() == [False, True, False]


def test_a_venue_that_never_said_what_it_lists_leaves_no_minute_complete(scene):
    full = [scene.Minute("trades", [(10_000, 5, 1)])] * 3
    result = vwap(market(scene, [full, full], down=["v9"]).merged["spot"])
    assert (result.coverage.share, result.vwap) == (0.0, None)
    assert result.reason


def test_the_pairs_vwap_is_that_of_all_trades(scene):
    one = [scene.Minute("trades", [(10_000, 5, 1)])] * 3
    other = [scene.Minute("trades", [(1_010, 15, -1)])] * 3
    result = vwap(market(scene, [one, other]).merged["spot"])
    assert result.vwap == pytest.approx((100.0 * 5 + 101.0 * 15) / 20)
    assert result.instrument == "all:BTC/USDT"


def test_running_delta_across_venues_is_unknown(scene):
    one = [scene.Minute("trades", [(10_000, 5, 1)])]
    assert np.isnan(market(scene, [one, one]).merged["spot"].bars(1).delta_max).all()
    assert market(scene, [one]).merged["spot"].bars(1).delta_max.tolist() == [0.005]


@given(seed=st.integers(0, 10**6), asked=st.lists(st.tuples(st.integers(-5, 40), st.integers(-5, 40), st.booleans())))
@settings(max_examples=60, deadline=None)
def test_rows_asked_for_again_are_the_same_rows(scene, seed, asked):
    """A view holds what it read; whatever was asked before, it answers as a new one would."""
    minutes = scene.minutes(seed, 30, scene.kinds)
    used = scene.view(minutes)
    for a, b, levels in asked:
        span = (scene.start + a * MINUTE, scene.start + b * MINUTE)
        got, want = used.between(*span, levels=levels), replace(used).between(*span, levels=levels)
        for name in scene.columns:
            np.testing.assert_array_equal(getattr(got, name), getattr(want, name))
        assert (got.levels is None) == (want.levels is None)
        if got.levels is not None:
            for name in ("start", "ticks", "buy", "sell"):
                np.testing.assert_array_equal(getattr(got.levels, name), getattr(want.levels, name))


@given(seed=st.integers(0, 10**6), venues=st.integers(1, 3), span=st.tuples(st.integers(-3, 42), st.integers(0, 45)))
@settings(max_examples=60, deadline=None)
def test_the_pairs_profile_is_of_the_minutes_that_every_venue_saw(scene, seed, venues, span):
    kinds = ("trades",) * 8 + scene.kinds
    made = [scene.minutes(seed + number, 40, kinds) for number in range(venues)]
    start, end = (scene.start + each * MINUTE for each in (span[0], sum(span)))
    whole = market(scene, made)
    found = whole.merged["spot"].profile(start, end)
    # the same minute by minute, of views that have read nothing yet
    fresh = replace(whole, views=[replace(view) for view in whole.views])
    plain = fresh.merged["spot"].between(start, end, levels=True).profile()
    assert found.ticks.tolist() == plain.ticks.tolist()
    for name in ("buy", "sell"):
        assert getattr(found, name).tolist() == pytest.approx(getattr(plain, name).tolist())


def test_a_profile_of_many_holes_is_that_of_its_minutes_too(scene):
    made = [[scene.Minute(("trades", "missing")[i % 2 * n], [(10_000 + i, 5, 1)]) for i in range(80)] for n in (0, 1)]
    view = market(scene, made).merged["spot"]
    assert view.profile(scene.start, view.end).ticks.tolist() == sorted(
        ticks for i in range(0, 80, 2) for ticks in (10_000 + i, 10 * (10_000 + i))
    )
