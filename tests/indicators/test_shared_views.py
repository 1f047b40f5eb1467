"""Plugins share views: none can change what another sees, and each result is computed once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from coinmon import MINUTE, Market, Pair, View


@pytest.fixture
def view(scene):
    minutes = scene.minutes(1, 30, ("trades",), most=6)
    bars = scene.bars_of(minutes)
    made = []

    def compute(name, subject, **settings):
        made.append((name, settings))
        return object()

    instrument = scene.instrument()
    view = View(instrument, scene.start + 30 * MINUTE, scene.Tape({instrument.id: bars}), compute)
    return view, made


def test_no_plugin_can_change_what_the_others_see(view):
    view, _ = view
    before = view.bars(30, levels=True)
    kept = {name: getattr(before, name).copy() for name in ("volume", "buy", "close", "time")}
    levels = before.levels.buy.copy()
    for rows in (view.bars(30), view.bars(10), view.bars(30, levels=True), view.between(view.end - MINUTE, view.end)):
        for name in kept:
            column = getattr(rows, name)
            with pytest.raises(ValueError, match="read-only"):
                column -= column
    with pytest.raises(ValueError, match="read-only"):
        view.bars(30, levels=True).levels.buy[:] = 0
    shared = view.once("mine", lambda: {"a": np.arange(3), "b": [np.arange(2)]})
    for array in (shared["a"], shared["b"][0]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 9
    after = view.bars(30, levels=True)
    assert all(np.array_equal(getattr(after, name), column, equal_nan=True) for name, column in kept.items())
    assert np.array_equal(after.levels.buy, levels)


def test_no_plugin_can_drop_what_the_others_look_for(view):
    """A venue that one signal took out of the market was not there for the rest, and for all pairs after it."""
    view, _ = view
    venues, down = [view.instrument.venue, "other"], {"other": "no answer"}
    market = Market(view.pair or Pair("BTC", "USDT"), view.now, venues, [view], None, down)
    kept = [{**each} for each in (market.spot, market.perp, market.merged)]
    for mapping in (market.spot, market.perp, market.merged, market.down):
        assert not hasattr(mapping, "pop")
        with pytest.raises(TypeError):
            mapping["mine"] = view
    for several in (market.venues, market.views):
        assert not hasattr(several, "remove")
    assert [{**each} for each in (market.spot, market.perp, market.merged)] == kept
    assert (venues[1], down) == ("other", {"other": "no answer"})


def test_settings_may_be_lists_sets_and_mappings(view):
    view, made = view
    first = view.of("depth", percents=[1, 2], names={"a"}, more={"x": [1]})
    assert view.of("depth", more={"x": [1]}, names={"a"}, percents=[1, 2]) is first
    assert view.of("depth", percents=[2, 1], names={"a"}, more={"x": [1]}) is not first
    assert len(made) == 2


def test_threads_that_ask_together_have_it_computed_once(view):
    view, made = view
    ready = threading.Barrier(8)

    def ask(_):
        ready.wait()
        return view.of("cvd")

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    assert len(made) == 1
    assert all(each is found[0] for each in found)
