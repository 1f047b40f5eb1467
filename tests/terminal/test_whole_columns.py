"""The interactive table shows whole columns, and says how many there are to either side."""

import asyncio
import re

import pytest

from coinmon.clock import Clock
from coinmon.model.events import from_json
from coinmon.report.table.app import TableApp
from coinmon.report.table.figures import PairFigures
from coinmon.report.table.rows import columns
from coinmon_emulator.scenario.scenario import STARTS_AT
from tests.terminal.conftest import EVENTS, VENUES, WIDEST, row_of, screen_lines
from tests.terminal.test_live_table import REST, flow


@pytest.mark.parametrize(("lang", "word"), [("en", "columns"), ("zh", "列")])
def test_columns_are_whole_and_it_says_how_many_are_to_the_right_and_to_the_left(driven, lang, word):
    names = [column.head.plain for column in columns(VENUES, lang, 50)]

    def look(app):
        shown = screen_lines(app)
        at = next(number for number, line in enumerate(shown) if line.lstrip().startswith(f"{names[0]} "))
        status, head = " ".join(shown[:at]), shown[at]
        # two spaces apart at least, and a name may have one in it
        seen = [name for name in names if f" {name} " in f"{head} "]
        return seen, re.findall(rf"← \d+|\+\d+ {word} →", status), row_of(app)[: len(seen)]

    keys = ("down", "right", " ".join(["right"] * 15), "left")
    first, moved, last, back, _ = driven(*keys, look=look, size=(80, 24), lang=lang)
    seen, marks, cells = first
    assert seen == names[: len(seen)]
    assert names[6] in seen, "what decides is there"
    assert marks == [f"+{len(names) - len(seen)} {word} →"]
    assert cells[:2] == ["BTC/USDT", "96,409.34"]
    seen, marks, _ = moved
    assert seen[0] == names[0]
    assert seen[1:] == names[2 : 1 + len(seen)]
    assert marks == ["← 1", f"+{len(names) - 1 - len(seen)} {word} →"]
    seen, marks, _ = last
    assert seen == [names[0], *names[1 - len(seen) :]]
    assert marks == [f"← {len(names) - len(seen)}"]
    assert back[1] == [f"← {len(names) - len(seen) - 1}", f"+{len(seen) - len(back[0]) + 1} {word} →"]
    assert driven("down", look=look, size=WIDEST, lang=lang)[0][:2] == (names, [])


def test_a_title_without_room_stands_above_for_the_chosen_pair_and_the_row_has_the_grade(driven):
    def look(app):
        return [line.strip() for line in screen_lines(app) if "/USDT " in line]

    told, row, *_ = driven("down up", look=look, size=(80, 24))[0]
    assert told == "BTC/USDT 12:00 [A+] Global Sync Bullish"
    assert row.endswith("12:00 [A+]")
    assert driven("down", look=look, size=(80, 24))[0][0] == "DOGE/USDT 11:41 🐳 BIN buys 650k"
    assert driven("down down", look=look, size=(80, 24))[0][0] == "ETH/USDT no signal yet"
    first, *_ = driven("down", look=look, size=(120, 24))[0]
    assert "96,409.34" in first
    assert "12:00 [A+] Global Sync Bullish" in first


@pytest.mark.parametrize(
    ("lang", "waits", "signal"), [("en", "waits 7/50", "last signal"), ("zh", "等待 7/50", "最近信号")]
)
def test_many_venues_that_are_waited_for_push_no_signal_out_of_sight(store, lang, waits, signal):
    waiting = flow("LONG/USDT", -123_456.0, consensus=None)
    for number, each in enumerate(waiting["venues"].values()):
        each |= {"coverage": 0.5, "complete": 7 + 10 * number}

    async def run():
        app = TableApp(VENUES, lang, 50, Clock(STARTS_AT, 0, 0), store, 60_000, lambda: None)
        seen = []
        async with app.run_test(size=(80, 24)) as pilot:
            app.events.extend(from_json(REST.get(each["event"], {}) | each) for each in (*EVENTS, waiting))
            while app.events or not app._table.drawn:
                await pilot.pause(0.02)
            for width in (80, 140):
                await pilot.resize_terminal(width, 24)
                await pilot.pause(0.1)
                heads = [column.label.plain for column in app._table.ordered_columns]
                seen.append((heads, row_of(app, "LONG/USDT")))
        return seen

    (narrow, cells), (wide, whole) = asyncio.run(run())
    assert signal in narrow
    assert waits in cells
    assert signal in wide
    assert any("BIN 7/50 OKX 17/50" in each for each in whole)


def test_the_column_that_is_sorted_by_comes_into_sight_and_a_resized_table_has_the_columns_it_has_room_for(store):
    async def run():
        app = TableApp(VENUES, "en", 50, Clock(STARTS_AT, 0, 0), store, 60_000, lambda: None)
        async with app.run_test(size=(80, 24)) as pilot:
            app.events.extend(from_json(REST.get(event["event"], {}) | event) for event in EVENTS)
            while app.events or not app._table.drawn:
                await pilot.pause(0.02)
            await pilot.press("S")
            await pilot.pause()
            heads = [[column.label.plain for column in app._table.ordered_columns]]
            for width in (240, 60, 80):
                await pilot.resize_terminal(width, 24)
                await pilot.pause(0.1)
                heads.append([column.label.plain for column in app._table.ordered_columns])
            return heads, app._table.virtual_size.width

    (sorted_, widest, narrow, again), width = asyncio.run(run())
    assert sorted_[-1] == "seen"
    assert len(widest) == 17
    assert narrow == widest[: len(narrow)]
    assert len(narrow) < len(again) < 17
    assert width <= 80


def test_figures_that_come_later_and_need_more_room_cut_no_column(driven):
    widths = []

    def look(app):
        if not widths:
            app.state.stale = lambda pairs: None
            app.state.rows["BTC/USDT"].figures = PairFigures(move=-12_345.67, perp_flow=-123_456_789.0)
            app._table.redraw("BTC/USDT")
        widths.append(app._table.virtual_size.width)
        return row_of(app), widths[-1]

    cells, width = driven("down", look=look, size=(80, 24), until=lambda _: len(widths) > 5)[0]
    assert {"-12345.67%", "-123M"} <= set(cells)
    assert width <= 80
