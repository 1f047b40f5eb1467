"""Answers that fit."""

from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from coinmon_mcp._tools.size import cursor_of, fit, folded, moment_and_offset

MOMENT = 1_767_225_600_000
ROWS = st.lists(st.dictionaries(st.sampled_from("abc"), st.text(max_size=40), max_size=3), max_size=60)


@settings(deadline=None)
@given(rows=ROWS, others=ROWS, limit=st.integers(300, 2000))
def test_reading_on_gives_every_row_once_and_in_order(rows: list[Any], others: list[Any], limit: int) -> None:
    whole = {"asOf": "x", "rows": rows, "others": {"deep": others}}
    found: list[Any] = []
    offset = 0
    path = None
    while True:
        part = fit(whole, MOMENT, offset, limit)
        assert len(orjson.dumps(part)) <= limit * 4
        if not part["truncated"]:
            assert {**part, "truncated": [], "cursor": None} == {**whole, "truncated": [], "cursor": None}
            return
        path = part["truncated"][0]["path"]
        shown = part["rows"] if path == "rows" else part["others"]["deep"]
        assert part["truncated"][0]["shown"] == len(shown)
        found += shown
        if part["cursor"] is None:
            break
        moment, offset, forward = moment_and_offset(part["cursor"])
        assert (moment, forward) == (MOMENT, True)
        assert offset == len(found)
    assert found == (rows if path == "rows" else others)


def test_a_cursor_is_exact_in_a_javascript_number() -> None:
    assert cursor_of(4_102_444_800_000, 999_999) < 2**53


def candles(count: int) -> list[Any]:
    return [{"time": f"2026-01-15T{minute // 60:02}:{minute % 60:02}:00Z", "delta": minute} for minute in range(count)]


@settings(deadline=None)
@given(count=st.integers(1, 300), limit=st.integers(300, 900), rows=st.none() | st.integers(1, 20))
def test_the_newest_come_first_and_reading_on_goes_back_in_time(count: int, limit: int, rows: int | None) -> None:
    whole = {"asOf": "x", "bars": candles(count)}
    found: list[Any] = []
    offset, forward = 0, False
    while True:
        part = fit(whole, MOMENT, offset, limit, rows, forward=forward)
        assert len(orjson.dumps(part)) <= limit * 4
        assert part["bars"][-1]["delta"] == count - 1 - len(found), "its newest is just before what was shown"
        found = part["bars"] + found
        if part["cursor"] is None:
            break
        _, offset, forward = moment_and_offset(part["cursor"])
    assert found == whole["bars"]


@given(count=st.integers(2, 100), rows=st.integers(1, 20))
def test_from_a_start_it_is_read_forward(count: int, rows: int) -> None:
    whole = {"asOf": "x", "bars": candles(count)}
    found: list[Any] = []
    offset, forward = 0, True
    while True:
        part = fit(whole, MOMENT, offset, 3000, rows, forward=forward)
        found += part["bars"]
        if part["cursor"] is None:
            break
        _, offset, forward = moment_and_offset(part["cursor"])
    assert found == whole["bars"]


def test_a_run_of_unknown_candles_is_one_row() -> None:
    known = candles(5)
    unknown = [{**each, "delta": None, "buy": None, "coverage": "missing"} for each in candles(5)]
    rows = [known[0], *unknown[1:4], known[4]]
    found = folded({"bars": rows})["bars"]
    assert [each["time"] for each in found] == [rows[0]["time"], rows[1]["time"], rows[4]["time"]]
    assert (found[1]["candles"], found[1]["until"]) == (3, rows[3]["time"])
    assert folded({"bars": known}) == {"bars": known}


def test_lists_are_cut_to_one_size_and_none_to_a_single_row_for_the_others() -> None:
    whole = {"delta": candles(400), "imbalance": candles(300), "short": candles(5)}
    part = fit(whole, MOMENT, 0, 2000)
    shown = {name: len(part[name]) for name in whole}
    assert shown["short"] == 5
    assert abs(shown["delta"] - shown["imbalance"]) <= 1
    assert shown["delta"] > 60
    assert [each["path"] for each in part["truncated"]] == ["delta", "imbalance"]


def test_a_row_that_is_longer_than_its_lists_share_leaves_the_others_less() -> None:
    part = fit({"rows": candles(100), "long": [{"text": "x" * 3000}, {"text": "y" * 3000}]}, MOMENT, 0, 1200)
    assert len(orjson.dumps(part)) <= 4800
    assert (len(part["long"]), len(part["rows"]) > 10) == (1, True)
    assert [(each["path"], each["shown"]) for each in part["truncated"]] == [("long", 1), ("rows", len(part["rows"]))]
