"""What nobody saw is hatched in each pane that depends on it, and nothing is drawn across it."""

import shutil
import sqlite3
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from coinmon.config.load import load_config
from coinmon.market.panel import Line
from coinmon.report.scene import _unsampled, scene
from coinmon.store.database import open_database

START, END = 1_768_476_600, 1_768_477_020
"""11:30 to 11:37: seconds."""
OF_MINUTES = {"price", "volume", "delta", "cvd", "basis", "net_flow"}
"""Panes with a time axis whose figures come of the minutes."""


@pytest.fixture(scope="module")
def panes(stored, report_on, tmp_path_factory):
    config, _ = stored
    folder = tmp_path_factory.mktemp("holes")
    db = shutil.copy(config.db.removeprefix("sqlite:///"), folder)
    with sqlite3.connect(db) as connection:
        gone = connection.execute("DELETE FROM bars WHERE time >= ? AND time < ?", (1000 * START, 1000 * END)).rowcount
    connection.close()
    assert gone > 7
    changed = load_config(config.path, overrides={"db": f"sqlite:///{db}"}, environ={}, cwd=folder)
    opened = open_database(changed.db)
    yield {each["id"]: each for each in scene(report_on(changed, opened), "en")["panes"]}
    opened.close()


@pytest.mark.parametrize("pane", sorted(OF_MINUTES))
def test_a_hole_is_hatched_in_each_pane_that_depends_on_it(panes, pane):
    assert [hole for hole in panes[pane]["holes"] if hole[0] <= START and hole[1] >= END], panes[pane]["holes"]


def drawn(pane):
    for mark in (*pane["marks"], *(mark for layer in pane.get("layers", ()) for mark in layer["marks"])):
        if "t" in mark and "cells" not in mark and "bytes" not in mark:
            yield mark


@pytest.mark.parametrize("pane", sorted(OF_MINUTES))
def test_nothing_is_drawn_across_it(panes, pane):
    looked = 0
    for mark in drawn(panes[pane]):
        value = mark.get("v", mark.get("close"))
        if mark["m"] == "line" and len(set(value)) > 1:
            # a level that is drawn as a line says a price, not what happened
            looked += 1
            for (a, v), (b, w) in pairwise(zip(mark["t"], value, strict=True)):
                assert v is None or w is None or b <= START or a >= END, (pane, mark["name"], a, b)
        elif mark["m"] in ("columns", "candles"):
            looked += 1
            inside = [v for t, v in zip(mark["t"], value, strict=True) if START <= t < END and v]
            assert inside == [], (pane, mark["name"])
    assert looked


@pytest.mark.parametrize(
    ("minutes", "steps", "holes"),
    [
        (range(0, 100, 5), False, []),
        # of samples five minutes apart none is missed for a while
        ([*range(0, 40, 5), *range(80, 100, 5)], False, [(35, 80)]),
        # a rate lasts until the next one is told, and nothing is known of before the first
        ([40, 90], True, [(0, 40)]),
        ([10, 11, 12], False, [(12, 100)]),
        ([], False, [(0, 100)]),
    ],
)
def test_of_samples_what_was_seen_is_where_they_are_whatever_trades_were_heard(minutes, steps, holes):
    times = [datetime.fromtimestamp(START + 60 * minute, UTC) for minute in minutes]
    found = _unsampled(Line("x", times, [1.0] * len(times), steps=steps), 1000 * START, START + 6000)
    assert [((a - START) // 60, (b - START) // 60) for a, b in found] == holes


def test_the_strip_of_coverage_says_that_it_is_missing(panes):
    (strips,) = [mark["strips"] for mark in panes["coverage"]["marks"]]
    assert len(strips) == 7
    for each in strips:
        assert [START, END, "missing"] in [[start, end, said] for start, end, _, said in each["runs"]]
