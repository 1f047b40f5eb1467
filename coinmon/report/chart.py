"""The candles with everything that is drawn over and beside them, as a figure of plotly.js."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from coinmon.market.panel import Level
from coinmon.market.result import moment
from coinmon.market.view import View
from coinmon.model.bars import Bars
from coinmon.model.moment import MINUTE
from coinmon.report.panels import Drawn
from coinmon.report.plot import TimeWindow, Trace, at, said, traces

_CANDLES, _LENGTHS, _LONGEST = 200, (1, 3, 5), 15
"""Candles shown at most, and their lengths in minutes: the shortest that shows all there is of two days."""
_BESIDE = 0.15
"""Width of each panel beside the candles, of the whole."""
_ROOM = 0.09
"""Left free at the right for the levels' names, of the window."""


def candles(view: View) -> Bars:
    """Candles as long as it takes to show two days, or all there is of them."""
    minutes = view.bars(2880)
    known = minutes.close > 0
    minutes = minutes[int(known.argmax()) if known.any() else len(minutes) :]
    length = next((each for each in _LENGTHS if len(minutes) <= each * _CANDLES), _LONGEST)
    return minutes if length == 1 or not len(minutes) else minutes.resample(length * MINUTE)


def window_of(bars: Bars, view: View) -> TimeWindow:
    """What the time axes show."""
    return moment(int(bars.time[0]) if len(bars) else view.end - 60 * MINUTE), moment(view.end)


def time_axis(window: TimeWindow) -> dict[str, Any]:
    start, end = window
    return {"type": "date", "range": [at(start), at(end + (end - start) * _ROOM)]}


def price_figure(view: View, bars: Bars, window: TimeWindow, found: Sequence[Drawn], lang: str) -> dict[str, Any]:
    over = [each for each in found if each.panel.place == "price"]
    beside = [each for each in found if each.panel.place == "beside"]
    shown = bars[bars.close > 0]
    prices = {name: shown.price(getattr(shown, name)).tolist() for name in ("open", "high", "low", "close")}
    bottom, top = min(prices["low"], default=0.0), max(prices["high"], default=1.0)
    pad = (top - bottom) * 0.06 or top * 0.001
    span = (bottom - pad, top + pad)
    layout: dict[str, Any] = {
        "xaxis": {
            "domain": [0, 1 - _BESIDE * len(beside)], "rangeslider": {"visible": False}, **time_axis(window)
        },
        "yaxis": {"range": list(span), "title": {"text": view.instrument.quote}},
        "barmode": "stack", "bargap": 0, "showlegend": True, "shapes": [],
        "annotations": _names(over, span, window[1], lang),
    }  # fmt: skip
    made = [*_over(over, lang, window), _candlesticks(view, shown, prices)]
    for number, each in enumerate(beside):
        made += _beside(each, number, 1 - _BESIDE * (len(beside) - number), layout, lang, window)
    return {"id": "price", "place": "price", "title": "", "traces": made, "layout": layout, "height": 600}


def _candlesticks(view: View, shown: Bars, prices: dict[str, list[float]]) -> Trace:
    return {
        "type": "candlestick", "x": [at(moment(ms)) for ms in shown.time.tolist()], **prices,
        "name": view.instrument.id,
        "increasing": {"line": {"color": "@up", "width": 1}, "fillcolor": "@up"},
        "decreasing": {"line": {"color": "@down", "width": 1}, "fillcolor": "@down"},
    }  # fmt: skip


def _over(over: Sequence[Drawn], lang: str, window: TimeWindow) -> list[Trace]:
    """Each indicator is one entry of the legend, which shows and hides all it draws."""
    made = []
    named = set()
    for each in over:
        for trace in traces(each.panel.marks, lang, window):
            if not trace["x"]:
                # one without points has no entry in the legend
                continue
            trace |= {"legendgroup": each.indicator, "showlegend": each.indicator not in named}
            if each.indicator not in named:
                named.add(each.indicator)
                trace["name"] = said(each.panel.title, lang)
            if each.panel.quiet:
                trace["visible"] = "legendonly"
            made.append(trace)
    return made


def _names(over: Sequence[Drawn], span: tuple[float, float], end: datetime, lang: str) -> list[dict[str, Any]]:
    """The levels' names at the right, where they do not cover one another; the more important ones first."""
    bottom, top = span
    order = {"accent": 0, "second": 1, "third": 2}
    levels = [
        mark
        for each in over
        if not each.panel.quiet
        for mark in each.panel.marks
        if isinstance(mark, Level) and bottom < mark.price < top and said(mark.name, lang)
    ]
    placed: list[float] = []
    made = []
    for mark in sorted(levels, key=lambda each: order.get(each.tone, 3)):
        if all(abs(mark.price - other) > (top - bottom) * 0.028 for other in placed):
            placed.append(mark.price)
            made.append(
                {
                    "x": at(end), "y": mark.price, "text": said(mark.name, lang), "showarrow": False,
                    "xanchor": "left", "font": {"size": 10, "color": f"@{mark.tone}"}, "xshift": 2,
                }
            )  # fmt: skip
    return made


def _beside(
    each: Drawn, number: int, left: float, layout: dict[str, Any], lang: str, window: TimeWindow
) -> list[Trace]:  # fmt: skip
    """Adds the panel's axis and levels to the layout; its traces."""
    axis = f"x{number + 2}"
    title = "<br>".join([said(each.panel.title, lang), *([each.panel.unit] if each.panel.unit else [])])
    layout[f"xaxis{number + 2}"] = {
        "domain": [left + 0.008, left + _BESIDE], "anchor": "y", "showgrid": False, "nticks": 3,
        "title": {"text": title, "font": {"size": 10}},
    }  # fmt: skip
    for mark in each.panel.marks:
        if isinstance(mark, Level):
            xref = f"{axis} domain"
            layout["shapes"].append(
                {
                    "type": "line", "xref": xref, "x0": 0, "x1": 1, "y0": mark.price, "y1": mark.price,
                    "line": {"color": f"@{mark.tone}", "width": 1, "dash": "dot"},
                }
            )  # fmt: skip
            layout["annotations"].append(
                {
                    "xref": xref, "x": 1, "xanchor": "right", "y": mark.price, "yanchor": "bottom", "showarrow": False,
                    "text": said(mark.name, lang), "font": {"size": 9, "color": f"@{mark.tone}"}, "borderpad": 1,
                    "bgcolor": "@paper80",
                }
            )  # fmt: skip
    rows = [mark for mark in each.panel.marks if not isinstance(mark, Level)]
    return [{**trace, "xaxis": axis, "showlegend": False} for trace in traces(rows, lang, window)]
