"""Marks as plain data for the drawing modules: times in seconds, colours by their names, words in one language."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np

from coinmon.market.panel import Box, Cells, Columns, Level, Line, Mark, Name, Points, Rows
from coinmon.model.signal import Text

Drawing = dict[str, Any]
"""One mark: `m` says which of the eight draws it."""
Holes = Sequence[tuple[int, int]]
"""Stretches of time of which nothing is known, seconds."""

_SHADES_A_SIDE = 127
"""Shades to either side of nothing: a heatmap travels as bytes."""


def said(name: Name, lang: str) -> str:
    return name.say(lang) if isinstance(name, Text) else name


def seconds(at: datetime) -> int:
    return round(at.timestamp())


def drawn_marks(marks: Sequence[Mark], lang: str, holes: Holes = ()) -> list[Drawing]:
    """All but tables. A line is broken where a hole lies between two of its points."""
    made = []
    for mark in marks:
        draw = _DRAWN.get(type(mark))
        if draw is not None:
            made.append(draw(mark, lang))
    for each in made:
        if each["m"] == "line" and not each.pop("through"):
            _break(each, holes)
    return [each for each in made if each["m"] != "line" or each["t"]]


def _break(line: Drawing, holes: Holes) -> None:
    """Holes are never bridged: None stands between the points before and after one."""
    if not holes or len(line["t"]) < 2:
        return
    starts = np.array([start for start, _ in holes])
    time = np.array(line["t"])
    # the first hole that begins at or after a point lies before the next point
    following = np.searchsorted(starts, time[:-1])
    within = following < len(starts)
    first = np.where(within, starts[np.minimum(following, len(starts) - 1)], 0)
    cuts = np.flatnonzero(within & (first < time[1:]))
    for cut in cuts[::-1].tolist():
        line["t"].insert(cut + 1, line["t"][cut] + 1)
        line["v"].insert(cut + 1, None)


def _line(mark: Line, lang: str) -> Drawing:
    name = said(mark.name, lang)
    known = {value for value in mark.value if value is not None}
    if len(known) == 1 and sum(value is not None for value in mark.value) == 1:
        # a single dot says little: its level, with the figure
        (value,) = known
        return {"m": "level", "name": f"{name} {figure(value)}".strip(), "v": value, "tone": mark.tone, "since": None}
    return {
        "m": "line", "name": name, "tone": mark.tone, "t": [seconds(each) for each in mark.time],
        "v": list(mark.value), "dashed": mark.dashed, "steps": mark.steps, "through": mark.through,
    }  # fmt: skip


def _columns(mark: Columns, lang: str) -> Drawing:
    made: Drawing = {"m": "columns", "name": said(mark.name, lang), "v": list(mark.value), "tone": mark.tone}
    if any(isinstance(each, datetime) for each in mark.at):
        time = [seconds(each) for each in mark.at if isinstance(each, datetime)]
        return made | {"t": time, "step": _step(time)}
    return made | {"names": list(mark.at)}


def _rows(mark: Rows, lang: str) -> Drawing:
    return {
        "m": "rows", "name": said(mark.name, lang), "y": list(mark.low), "height": mark.height,
        "v": list(mark.value), "tone": mark.tone, "text": list(mark.text),
    }  # fmt: skip


def _level(mark: Level, lang: str) -> Drawing:
    return {
        "m": "level", "name": said(mark.name, lang), "v": mark.price, "tone": mark.tone,
        "since": mark.since and seconds(mark.since),
    }  # fmt: skip


def _box(mark: Box, lang: str) -> Drawing:
    return {
        "m": "box", "name": said(mark.name, lang), "start": seconds(mark.start), "end": seconds(mark.end),
        "low": mark.low, "high": mark.high, "tone": mark.tone,
    }  # fmt: skip


def _points(mark: Points, lang: str) -> Drawing:
    return {
        "m": "points", "name": said(mark.name, lang), "t": [seconds(each) for each in mark.time],
        "v": list(mark.value), "text": [said(each, lang) for each in mark.text], "tone": mark.tone,
        "shape": mark.shape,
    }  # fmt: skip


def _cells(mark: Cells, lang: str) -> Drawing:
    """A matrix of bytes, or where cells have a text only those that hold something."""
    numbers = [float(each) for each in mark.y if not isinstance(each, str)]
    made: Drawing = {
        "m": "cells", "name": said(mark.name, lang), "signed": mark.signed,
        "y": numbers or list(mark.y), "height": min((b - a for a, b in pairwise(numbers)), default=1.0),
    }  # fmt: skip
    times = [each for each in mark.x if isinstance(each, datetime)]
    if times:
        made |= {"t": [seconds(each) for each in times], "step": _step([seconds(each) for each in times])}
    else:
        made["names"] = list(mark.x)
    values = np.array([[np.nan if each is None else each for each in row] for row in mark.value], np.float64)
    peak = float(np.nanquantile(np.abs(values), 0.995)) if np.isfinite(values).any() else 0.0
    peak = peak or float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    made["peak"] = peak
    if mark.text:
        place = {each: number for number, each in enumerate(mark.x)}
        row_of = {each: number for number, each in enumerate(mark.y)}
        made["cells"] = [
            [column, row, None if np.isnan(values[row, column]) else float(values[row, column]), text]
            for row, line in enumerate(mark.text)
            for column, text in enumerate(line)
            if text
        ]
        made["strong"] = [
            [place[x], row_of[y], tone] for x, y, tone in mark.strong if x in place and y in row_of
        ]  # fmt: skip
        return made
    # 0: nothing is known there; 1 to 255: from -peak by nothing (128) to +peak
    shades = (
        np.clip(np.round(np.nan_to_num(values) / peak * _SHADES_A_SIDE), -_SHADES_A_SIDE, _SHADES_A_SIDE)
        + _SHADES_A_SIDE
        + 1
    )
    made["bytes"] = base64.b64encode(np.where(np.isnan(values), 0, shades).astype(np.uint8).tobytes()).decode()
    return made


_DRAWN: dict[type, Callable[[Any, str], Drawing]] = {
    Line: _line, Columns: _columns, Rows: _rows, Points: _points, Cells: _cells, Level: _level, Box: _box,
}  # fmt: skip


def _step(time: Sequence[int]) -> int:
    """Seconds from one to the next: how wide a column is."""
    return min((b - a for a, b in pairwise(sorted(set(time))) if b > a), default=60)


def figure(value: float) -> str:
    """A figure beside a line: six significant digits."""
    return f"{value:,.6g}"


def one_tone(mark: Mark, tone: Any) -> Mark:
    """The mark in another colour: instruments in one chart are told apart by it."""
    return replace(mark, tone=tone) if hasattr(mark, "tone") else mark
