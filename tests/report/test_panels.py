"""Panels of anybody's indicators: drawn without another line, and harmless when they are wrong."""

import base64
import io
import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from coinmon import Box, Cells, Columns, Level, Line, Points, Rows, Table
from coinmon.commands import report as command
from coinmon.config.load import load_config
from coinmon.printable import is_printable
from coinmon.report.arrangement import opening, paired
from coinmon.report.document import PAIR
from coinmon.report.marks import drawn_marks
from coinmon.report.panels import drawn, panels
from coinmon.report.scene import scene
from coinmon.report.text import details, render

BAD = "\x1b[31m\x07\u202e"
TIME = [datetime(2026, 1, 15, hour, tzinfo=UTC) for hour in (10, 11, 12)]

MINE = '''"""A third party's."""
from coinmon import Cells, Line, Panel, Result, SeenReport, Table, Text, hookimpl, moment

class Mine(Result):
    def panel(self, subject):
        if PLACE == "wrong":
            raise ValueError("no such colour")
        at = [moment(subject.end - 600_000), moment(subject.end)]
        marks = [Line("mine", at, [1.0, 2.0]), Table(("a",), [["</script>"]])]
        return Panel(Text("我的图", "My <b>picture</b>"), marks, PLACE)

PLACE = "PLACE HERE"

def mine(view):
    """Mine."""
    return Mine(as_of=moment(view.now), coverage=SeenReport.of(view.seen(view.bars(5))), convention="mine")

@hookimpl
def register_indicators(register):
    register("mine_PLACE HERE", mine, merges=True)
'''


@pytest.fixture
def with_mine(stored, report_on, tmp_path) -> Any:
    """A report on the stored market with a third party's indicators: one for each place, and one that is wrong."""
    config, database = stored
    folder = tmp_path / "mine"
    folder.mkdir()
    for place in ("time", "own", "price", "wrong"):
        (folder / f"mine_{place}.py").write_text(MINE.replace("PLACE HERE", place), "utf-8")
    text = Path(config.path).read_text("utf-8")
    (tmp_path / "config.yaml").write_text(f"{text}\nplugins: {{dir: mine}}\n", "utf-8")
    yield report_on(load_config(None, environ={}, cwd=tmp_path), database)
    for place in ("time", "own", "price", "wrong"):
        sys.modules.pop(f"coinmon_plugin_dir_mine_{place}", None)


def test_a_third_partys_panels_are_on_the_page(with_mine):
    from coinmon.report.page import page

    text = page(with_mine, "en").decode()
    assert "My <b>picture" not in text.split("<script", 1)[0]
    drawn_scene = json.loads(text.split('id="scene">', 1)[1].split("</script>", 1)[0])
    panes = {each["id"]: each for each in drawn_scene["panes"]}
    assert {"mine_time", "mine_own"} <= set(panes)
    assert panes["mine_time"]["title"] == "My <b>picture</b>"
    assert panes["mine_own"]["tables"][0]["rows"] == [["</script>"]]
    assert "mine_price" in {each["id"] for each in panes["price"]["layers"]}


def test_one_that_raises_is_named_and_harms_nothing(with_mine):
    found = {each.indicator for each in panels(with_mine)}
    assert {"mine_time", "vwap"} <= found
    assert "mine_wrong" not in found
    assert with_mine.failed == {"mine_wrong": "indicator mine_wrong: its panel raised ValueError: no such colour"}
    assert PAIR in with_mine.results["mine_wrong"]


WORDS = f"""from coinmon import Line, Panel, Result, SeenReport, SummaryCell, Table, Text, hookimpl, moment

BAD = {BAD!a}
BOTH = Text("字" + BAD, "word" + BAD)

class Words(Result):
    def line(self, lang):
        return "LINE" + BAD

    def headline(self, lang):
        return "HEAD" + BAD

    def cells(self):
        return [SummaryCell(BOTH, "CELL" + BAD, note=BOTH)]

    def panel(self, subject):
        at = [moment(subject.end - 600_000), moment(subject.end)]
        marks = [Line("MARK" + BAD, at, [1.0, 2.0]), Table(("a" + BAD,), [["TABLE" + BAD]])]
        return Panel(Text("题" + BAD, "TITLE" + BAD), marks, unit="UNIT" + BAD)

def mine_words(view):
    '''Its words.'''
    return Words(as_of=moment(view.now), coverage=SeenReport.of(view.seen(view.bars(5))), convention="mine")

@hookimpl
def register_indicators(register):
    register("mine_words", mine_words, merges=True)
"""


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_third_partys_words_command_nothing_in_any_report(lang, stored, report_on, tmp_path):
    from coinmon.report.page import page

    config, database = stored
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mine_words.py").write_text(WORDS, "utf-8")
    (tmp_path / "config.yaml").write_text(f"{Path(config.path).read_text('utf-8')}\nplugins: {{dir: mine}}\n", "utf-8")
    report = report_on(load_config(None, environ={}, cwd=tmp_path), database)
    console = Console(width=200, file=io.StringIO())
    console.print(render(report, lang, 200, 50), details(report, lang))
    whole = page(report, lang).decode()
    assert all(each in console.file.getvalue() for each in ("LINE", "HEAD", "CELL"))
    assert all(each in whole for each in ("LINE", "HEAD", "CELL", "MARK", "TABLE", "UNIT"))
    assert is_printable(console.file.getvalue())
    assert is_printable(whole)
    assert not re.search(r"\\u(001b|0007|202e)", whole)
    sys.modules.pop("coinmon_plugin_dir_mine_words", None)


def test_what_has_nothing_to_show_is_left_out(demo_report):
    assert drawn(demo_report, "absorption", PAIR) is None
    assert drawn(demo_report, "nobodys", PAIR) is None


def test_every_mark_is_plain_data():
    marks = [
        Line("l", TIME, [1.0, None, 2.0], dashed=True), Columns("c", ["a", "b"], [1.0, -1.0]),
        Rows("r", [1.0, 2.0], 1.0, [3.0, 4.0]), Level("v", 5.0, "up"), Level("w", 6.0, "up", TIME[1]),
        Box("b", TIME[0], TIME[1], 1.0, 2.0), Points("p", TIME, [1.0, 2.0, 3.0], ["x", "y", "z"], shape="up"),
        Cells("z", ["a", "b"], [1.0, 2.0], [[1.0, None], [-1.0, 2.0]], signed=True), Table(["h"], [["x"]]),
    ]  # fmt: skip
    made = {each["name"]: each for each in drawn_marks(marks, "en")}
    assert set(made) == {"l", "c", "r", "v", "w", "b", "p", "z"}
    assert made["l"]["v"] == [1.0, None, 2.0]
    assert made["w"]["since"] == TIME[1].timestamp()
    # nothing known is 0, nothing there 128, and as much as there is 1 or 255
    assert list(base64.b64decode(made["z"]["bytes"])) == [192, 0, 64, 255]
    json.dumps(made)


def test_a_line_is_broken_where_nothing_was_seen_but_not_one_that_joins_swings():
    at = int(TIME[0].timestamp())
    hole = [(at + 60, at + 1800)]
    broken, through = drawn_marks(
        [Line("a", TIME, [1.0, 2.0, 3.0]), Line("b", TIME, [1.0, 2.0, 3.0], through=True)], "en", hole
    )
    assert broken["v"] == [1.0, None, 2.0, 3.0]
    assert through["v"] == [1.0, 2.0, 3.0]


def test_a_single_dot_is_a_level_with_its_figure():
    (made,) = drawn_marks([Line("rate", TIME[:1], [1234.5])], "en")
    assert (made["m"], made["v"], made["name"]) == ("level", 1234.5, "rate 1,234.5")


def test_cells_that_stand_out_are_framed():
    cells = Cells(
        "z", ["a", "b"], [10.0, 12.0], [[1.0, 2.0], [3.0, 4.0]], text=[["p", "q"], ["r", ""]],
        strong=[("b", 12.0, "up"), ("c", 10.0, "up")],
    )  # fmt: skip
    (made,) = drawn_marks([cells], "en")
    assert made["strong"] == [[1, 1, "up"]]
    assert made["cells"] == [[0, 0, 1.0, "p"], [1, 0, 2.0, "q"], [0, 1, 3.0, "r"]]
    assert made["height"] == 2.0


def test_the_profile_marks_the_rows_that_are_shown(demo_report):
    (side,) = scene(demo_report, "en")["panes"][0]["side"]
    level = {each["name"]: each["v"] for each in side["marks"] if each["m"] == "level"}
    rows = [each for each in side["marks"] if each["m"] == "rows"]
    total = {low: sum(each["v"][k] for each in rows) for k, low in enumerate(rows[0]["y"])}
    widest = max(total, key=total.get)
    assert widest < level["POC"] < widest + rows[0]["height"]
    assert level["VAL"] < level["POC"] < level["VAH"]
    high = max(view.bars(1440).price(view.bars(1440).high)[-50:].max() for view in demo_report.market.spot.values())
    assert level["VAH"] <= high


def test_nothing_is_drawn_of_what_is_to_come(demo_report):
    made = scene(demo_report, "en")
    for pane in made["panes"]:
        for mark in [*pane["marks"], *(each for layer in pane.get("layers", ()) for each in layer["marks"])]:
            if mark["m"] not in ("cells", "points") and mark.get("t"):
                assert mark["t"][-1] <= demo_report.market.now // 1000


def test_a_half_beside_nothing_has_all_of_the_width():
    def of(halves):
        panes = [{"half": each == "h"} for each in halves]
        paired(panes)
        return "".join("h" if each["half"] else "w" for each in panes)

    assert [of(each) for each in ("whw", "whhw", "hhhw", "hwh", "w")] == ["www", "whhw", "hhww", "www", "w"]


def test_what_is_in_sight_at_first_is_where_most_panels_have_something_to_show():
    def at(id, *times, axis="time"):
        return {"id": id, "axis": axis, "marks": [{"t": list(times), "v": [None, *times[1:]]}, {"m": "level"}]}

    core = [at("price", 0, 10), at("volume", 0, 10), at("tpo", 0, 10, axis="rows")]
    assert opening([*core, at("a", 0, 500), at("b", 9, 500), at("c", 0, 20)], 0, 1000) == 500
    assert opening([*core, at("a", 0, 500), at("b", 9, 20), at("c", 0, 20)], 0, 1000) == 0
    assert opening([*core, at("a", 0, 300), at("b", 9, 300)], 0, 1000) == 0
    assert opening(core, 0, 1000) == 0


def test_on_a_terminal_the_page_has_a_name(demo_report, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    command._write(command._drawn(demo_report, "en", command.ReportFormat.html, True, False), None)
    assert (tmp_path / "BTCUSDT.html").stat().st_size > 50_000
    assert capsys.readouterr().err == "BTCUSDT.html\n"
