"""Marks as traces of plotly.js. Colours are names (`@up`, `@up30`: 30% of it); the page fills them in by its theme."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from coinmon.market.panel import Box, Cells, Columns, Level, Line, Mark, Name, Points, Rows, Tone
from coinmon.model.signal import Text

Trace = dict[str, Any]
TimeWindow = tuple[datetime, datetime]
"""What the time axis shows: levels without a beginning cross all of it."""

SERIES = 8
"""Colours `@s0` to `@s7` tell instruments apart."""

_SHAPES = {"circle": "circle", "up": "triangle-up", "down": "triangle-down", "cross": "x"}


def said(name: Name, lang: str) -> str:
    return name.say(lang) if isinstance(name, Text) else name


def at(time: Any) -> Any:
    """A time as plotly's date axes take it; a category as it is."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") if isinstance(time, datetime) else time


def traces(marks: Sequence[Mark], lang: str, window: TimeWindow) -> list[Trace]:
    """Traces of everything but tables, levels and boxes of one tone together."""
    made: list[Trace] = []
    boxes = [each for each in marks if isinstance(each, Box)]
    levels = [each for each in marks if isinstance(each, Level)]
    for tone in dict.fromkeys(each.tone for each in boxes):
        made.append(_boxes([each for each in boxes if each.tone == tone], tone, lang, window))
    for tone in dict.fromkeys(each.tone for each in levels):
        made.append(_levels([each for each in levels if each.tone == tone], tone, lang, window))
    for mark in marks:
        draw: Callable[[Any, str], Trace] | None = _DRAWN.get(type(mark))
        if draw is not None:
            made.append(draw(mark, lang))
    return made


def _line(mark: Line, lang: str) -> Trace:
    shape = {"color": f"@{mark.tone}", "width": 1.6, "dash": "dot" if mark.dashed else "solid"}
    shape["shape"] = "hv" if mark.steps else "linear"
    return {
        "type": "scatter", "mode": "lines" if len(mark.time) > 1 else "lines+markers",
        "name": said(mark.name, lang), "x": [at(each) for each in mark.time],
        "y": list(mark.value), "line": shape,
    }  # fmt: skip


def _columns(mark: Columns, lang: str) -> Trace:
    signs = ["@down" if (each or 0) < 0 else "@up" for each in mark.value]
    trace: Trace = {
        "type": "bar", "name": said(mark.name, lang), "x": [at(each) for each in mark.at], "y": list(mark.value),
        "marker": {"color": signs if mark.tone is None else f"@{mark.tone}", "line": {"width": 0}},
    }  # fmt: skip
    if any(isinstance(each, datetime) for each in mark.at):
        # a candle's time is its start, and there its bar begins
        trace["offset"] = 0
    return trace


def _rows(mark: Rows, lang: str) -> Trace:
    return {
        "type": "bar", "orientation": "h", "name": said(mark.name, lang), "x": list(mark.value),
        "y": [low + mark.height / 2 for low in mark.low], "width": mark.height * 0.92, "hovertext": list(mark.text),
        "marker": {"color": f"@{mark.tone}80", "line": {"width": 0}},
    }  # fmt: skip


def _points(mark: Points, lang: str) -> Trace:
    below = mark.shape != "up"
    return {
        "type": "scatter", "mode": "markers+text" if mark.text else "markers", "name": said(mark.name, lang),
        "x": [at(each) for each in mark.time], "y": list(mark.value), "text": list(mark.text),
        "textposition": "bottom center" if below else "top center", "textfont": {"size": 9, "color": f"@{mark.tone}"},
        "marker": {"color": f"@{mark.tone}", "symbol": _SHAPES[mark.shape], "size": 7},
    }  # fmt: skip


def _cells(mark: Cells, lang: str) -> Trace:
    numbers = [float(each) for each in mark.y if not isinstance(each, str)]
    half = min((b - a for a, b in pairwise(numbers)), default=0.0) / 2
    trace: Trace = {
        "type": "heatmap", "name": said(mark.name, lang), "x": [at(each) for each in mark.x],
        "y": [low + half for low in numbers] or list(mark.y), "z": [list(row) for row in mark.value],
        "colorscale": [[0, "@down"], [0.5, "@paper"], [1, "@up"]] if mark.signed else [[0, "@paper"], [1, "@accent"]],
        "showscale": False, "hoverongaps": False,
    }  # fmt: skip
    if mark.signed:
        trace["zmid"] = 0
    if mark.text:
        # the text is legible on every shade
        shades = [["@down60", "@paper", "@up60"], ["@paper", "@accent60"]][not mark.signed]
        trace |= {
            "text": [list(row) for row in mark.text], "texttemplate": "%{text}", "xgap": 1, "ygap": 1,
            "textfont": {"size": 10, "color": "@text"},
            "colorscale": [[k / (len(shades) - 1), shade] for k, shade in enumerate(shades)],
        }  # fmt: skip
    return trace


_DRAWN: dict[type, Callable[[Any, str], Trace]] = {
    Line: _line, Columns: _columns, Rows: _rows, Points: _points, Cells: _cells,
}  # fmt: skip


def strong_cells(mark: Cells) -> list[dict[str, Any]]:
    """Frames around the cells that stand out, as shapes."""
    numbers = [float(each) for each in mark.y if not isinstance(each, str)]
    height = min((b - a for a, b in pairwise(numbers)), default=1.0)
    place = {each: number for number, each in enumerate(mark.x)}
    return [
        {
            "type": "rect", "x0": place[x] - 0.48, "x1": place[x] + 0.48, "y0": y, "y1": y + height,
            "line": {"color": f"@{tone}", "width": 2}, "fillcolor": f"@{tone}20",
        }
        for x, y, tone in mark.strong
        if x in place and not isinstance(y, str)
    ]  # fmt: skip


def _boxes(boxes: Sequence[Box], tone: Tone, lang: str, window: TimeWindow) -> Trace:
    """What of them is in sight, so that a box has its name where it begins to be seen."""
    x, y, names = [], [], []
    for each in boxes:
        start, end = at(max(each.start, window[0])), at(min(each.end, window[1]))
        if start >= end:
            continue
        x += [start, start, end, end, start, None]
        y += [each.low, each.high, each.high, each.low, each.low, None]
        names += ["", said(each.name, lang), *[""] * 4]
    return {
        "type": "scatter", "mode": "lines+text", "x": x, "y": y, "text": names, "textposition": "top right",
        "textfont": {"size": 10, "color": "@text"}, "fill": "toself", "fillcolor": f"@{tone}12", "hoverinfo": "skip",
        "line": {"color": f"@{tone}40", "width": 1}, "name": said(boxes[0].name, lang),
    }  # fmt: skip


def _levels(levels: Sequence[Level], tone: Tone, lang: str, window: TimeWindow) -> Trace:
    x, y, names = [], [], []
    for each in levels:
        x += [at(each.since or window[0]), at(window[1]), None]
        y += [each.price, each.price, None]
        names += [said(each.name, lang)] * 3
    return {
        "type": "scatter", "mode": "lines", "x": x, "y": y, "hovertext": names, "hoverinfo": "text+y",
        "line": {"color": f"@{tone}80", "width": 1, "dash": "dash"}, "name": said(levels[0].name, lang),
    }  # fmt: skip
