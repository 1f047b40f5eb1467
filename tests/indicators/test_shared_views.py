"""Plugins share views: none can change what another sees, and each result is computed once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from coinmon import MINUTE, Market, Pair, Result, View, iso, moment
from coinmon.market.result import SeenReport


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


class Zone(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    touches: list[float]


class Draft(BaseModel):
    """As a plugin's author writes one who did not think of others."""

    name: str = "a"


class Found(Result):
    zones: list[Zone]
    by_venue: dict[str, list[int]]
    seen: set[str]
    rows: Any
    drafts: list[Draft]


def found(drafts):
    coverage = SeenReport(start=moment(0), end=moment(MINUTE), minutes=1, complete=1, share=1.0, kind="trades")
    return Found(
        as_of=moment(0), coverage=coverage, convention="", zones=[Zone(name="a", touches=[2.0, 1.0])],
        by_venue={"okx": [1]}, seen={"okx"}, rows=[np.arange(2.0), {"x": [1]}], drafts=[Draft() for _ in range(drafts)],
    )  # fmt: skip


CHANGES = {
    "a list": lambda result: result.zones.clear(),
    "sorted in place": lambda result: result.zones[0].touches.sort(),
    "a list longer": lambda result: result.by_venue["okx"].__iadd__([2]),
    "a mapping": lambda result: result.by_venue.pop("okx"),
    "a key": lambda result: result.by_venue.__setitem__("okx", []),
    "a set": lambda result: result.seen.discard("okx"),
    "an array": lambda result: result.rows[0].__isub__(1),
    "an array opened again": lambda result: result.rows[0].setflags(write=True),
    "what is typed loosely": lambda result: result.rows[1]["x"].append(2),
    "holes": lambda result: result.coverage.missing.append((moment(0), moment(1))),
    "a field": lambda result: setattr(result, "zones", []),
    "a record's field": lambda result: setattr(result.drafts[0], "name", "mine"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("drafts", [0, 1], ids=["closed", "with parts that cannot be closed"])
def test_no_plugin_can_change_a_result_that_the_others_get(scene, change, drafts):
    """Refused, or done to a copy of its own: either way the next who asks gets what the first got."""
    view = View(scene.instrument(), scene.start, scene.Tape({}), lambda name, subject: found(drafts))
    with suppress(TypeError, ValueError, IndexError, AttributeError, ValidationError):
        change(view.of("theirs"))
    assert repr(view.of("theirs")) == repr(found(drafts))


def test_no_plugin_can_move_the_moment_of_the_others(view):
    view, _ = view
    market = Market(Pair("BTC", "USDT"), view.now, [view.instrument.venue], [view])
    for subject, name in ((view, "now"), (view, "source"), (market, "now"), (market, "views")):
        with pytest.raises(AttributeError, match=r"dataclasses\.replace"):
            setattr(subject, name, getattr(subject, name))
    assert replace(view, now=view.now - MINUTE).end == view.end - MINUTE


def test_what_signals_were_told_is_the_same_for_all(scene):
    told = [{"event": "signal", "time": iso(scene.start), "evidence": {"venues": ["okx"]}}]
    source = scene.Tape({})
    source.signals = lambda pair, start, end: told
    view = View(scene.instrument(), scene.start, source, None, Pair("BTC", "USDT"))
    with pytest.raises(TypeError, match="shared with other plugins"):
        view.signals(5)[0]["evidence"]["venues"].append("mine")
    with pytest.raises(TypeError, match="change a copy"):
        del view.signals(5)[0]["evidence"]
    assert view.signals(5) == told


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
