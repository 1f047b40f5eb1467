"""Answers that fit."""

from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from coinmon_mcp._tools.size import cursor_of, fit, moment_and_offset

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
        moment, offset = moment_and_offset(part["cursor"])
        assert moment == MOMENT
        assert offset == len(found)
    assert found == (rows if path == "rows" else others)


def test_a_cursor_is_exact_in_a_javascript_number() -> None:
    assert cursor_of(4_102_444_800_000, 999_999) < 2**53
