"""Panels of anybody's indicators: drawn without another line, and harmless when they are wrong."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from coinmon import Box, Cells, Columns, Level, Line, Points, Rows, Table
from coinmon.commands import report as command
from coinmon.config.load import load_config
from coinmon.report.document import PAIR
from coinmon.report.panels import drawn, panels
from coinmon.report.plot import strong_cells, traces

pytest.importorskip("plotly", reason="the html extra is not installed")

TIME = [datetime(2026, 1, 15, hour, tzinfo=UTC) for hour in (10, 11, 12)]
WINDOW = (TIME[0], TIME[-1])

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
    for place in ("time", "own"):
        assert f'data-panel="mine_{place}"' in text
    assert "My &lt;b&gt;picture" in text
    assert "My <b>picture" not in text.split("<script", 1)[0]
    figures = json.loads(text.split('id="figures">', 1)[1].split("</script>", 1)[0])
    assert "mine_price" in {trace.get("legendgroup") for trace in figures[0]["traces"]}
    assert "<td>&lt;/script&gt;</td>" in text


def test_one_that_raises_is_named_and_harms_nothing(with_mine):
    found = {each.indicator for each in panels(with_mine)}
    assert {"mine_time", "vwap"} <= found
    assert "mine_wrong" not in found
    assert with_mine.failed == {"mine_wrong": "indicator mine_wrong: its panel raised ValueError: no such colour"}
    assert PAIR in with_mine.results["mine_wrong"]


def test_what_has_nothing_to_show_is_left_out(demo_report):
    assert drawn(demo_report, "absorption", PAIR) is None
    assert drawn(demo_report, "nobodys", PAIR) is None


def test_every_mark_has_its_trace():
    marks = [
        Line("l", TIME, [1.0, None, 2.0], dashed=True), Columns("c", ["a", "b"], [1.0, -1.0]),
        Rows("r", [1.0, 2.0], 1.0, [3.0, 4.0]), Level("v", 5.0, "up"), Level("w", 6.0, "up", TIME[1]),
        Box("b", TIME[0], TIME[1], 1.0, 2.0), Points("p", TIME, [1.0, 2.0, 3.0], ["x", "y", "z"], shape="up"),
        Cells("z", ["a", "b"], [1.0, 2.0], [[1.0, None], [-1.0, 2.0]], signed=True), Table(["h"], [["x"]]),
    ]  # fmt: skip
    made = {trace["name"]: trace for trace in traces(marks, "en", WINDOW)}
    assert set(made) == {"l", "c", "r", "v", "b", "p", "z"}
    assert made["l"]["y"] == [1.0, None, 2.0]
    assert made["c"]["marker"]["color"] == ["@up", "@down"]
    # a row's bar is in its middle
    assert made["r"]["y"] == [1.5, 2.5]
    # levels of one tone are one trace, each from where it begins
    assert made["v"]["x"][::3] == ["2026-01-15T10:00:00", "2026-01-15T11:00:00"]
    assert made["z"]["zmid"] == 0
    assert made["z"]["y"] == [1.5, 2.5]
    json.dumps(made)


def test_cells_that_stand_out_are_framed():
    cells = Cells(
        "z", ["a", "b"], [10.0, 12.0], [[1.0, 2.0], [3.0, 4.0]], strong=[("b", 12.0, "up"), ("c", 10.0, "up")]
    )
    (frame,) = strong_cells(cells)
    assert (frame["x0"], frame["x1"], frame["y0"], frame["y1"]) == (0.52, 1.48, 12.0, 14.0)


def test_on_a_terminal_the_page_has_a_name(demo_report, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    command._write(demo_report, "en", command.ReportFormat.html, None, False)
    assert (tmp_path / "BTCUSDT.html").stat().st_size > 1_000_000
    assert capsys.readouterr().err == "BTCUSDT.html\n"
