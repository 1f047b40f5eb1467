"""A report as one HTML file that needs no network: charts of what the indicators draw, and their figures as words."""

from importlib.resources import files
from typing import Any

import numpy as np

from coinmon.errors import ConfigError
from coinmon.market.panel import Cells, Table
from coinmon.market.result import moment
from coinmon.model.bars import Coverage
from coinmon.model.moment import MINUTE, iso
from coinmon.report.chart import candles, price_figure, time_axis, window_of
from coinmon.report.document import PAIR, Report
from coinmon.report.panels import Drawn, panels
from coinmon.report.phrases import WORDS, flows, head, market_rows, signal_lines, starred, unseen
from coinmon.report.plot import SERIES, TimeWindow, Trace, at, said, strong_cells, traces

_STRIPES = 240
"""Pieces of the coverage strip at most."""


def page(report: Report, lang: str) -> bytes:
    """The file. Raises ConfigError where plotly is not installed."""
    from jinja2 import Environment
    from orjson import OPT_SERIALIZE_NUMPY, dumps

    plotly = _plotly()
    figures, tables = _figures(report, lang)
    own = files("coinmon.report") / "web"
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        (own / "page.html").read_text("utf-8")
    )
    return template.render(
        lang=lang, words=WORDS[lang], pair=str(report.market.pair), as_of=iso(report.market.now),
        head=head(report, lang), markets=market_rows(report, lang), signals=signal_lines(report, lang),
        notes=[line for line in (flows(report, lang), WORDS[lang]["utc"], starred(report, lang)) if line],
        unseen=unseen(report, lang), tables=tables, figures=figures,
        # inside a script element nothing may look like its end
        data=dumps(figures, option=OPT_SERIALIZE_NUMPY).decode().replace("<", "\\u003c"),
        lines={
            name: [(id, result.line(lang)) for id, result in results.items()]
            for name, results in report.results.items()
            if results
        },
        plotly=plotly, style=(own / "page.css").read_text("utf-8"), script=(own / "page.js").read_text("utf-8"),
    ).encode()  # fmt: skip


def _plotly() -> str:
    """plotly.js; its Python package is not imported, for that takes a second."""
    try:
        return (files("plotly") / "package_data" / "plotly.min.js").read_text("utf-8")
    except (ModuleNotFoundError, FileNotFoundError):
        raise ConfigError("--format html needs plotly: pip install '.[html]' in coinmon's folder") from None


def _figures(report: Report, lang: str) -> tuple[list[dict[str, Any]], list[tuple[str, list[str], Table]]]:
    """The charts, the candles' first; and the tables, with their titles and heads."""
    found = list(panels(report))
    # spot where there is spot
    view = next(iter(report.market.merged.values()))
    bars = candles(view)
    window = window_of(bars, view)
    made = [price_figure(view, bars, window, found, lang)]
    tables = []
    groups: dict[tuple[str, str], list[Drawn]] = {}
    for each in found:
        if each.panel.place in ("time", "own"):
            # instruments share a time axis, and nothing else
            groups.setdefault((each.indicator, each.of if each.panel.place == "own" else ""), []).append(each)
    for group in groups.values():
        figure = _figure(group, window, lang)
        tables += [(figure["title"], [said(name, lang) for name in each.head], each) for each in _tables(group)]
        if figure["traces"]:
            made.append(figure)
    # those of half a page's width follow one another
    made.sort(key=lambda each: (each["place"] == "own") + each.get("wide", False))
    return [*made, _coverage(report, window, lang)], tables


def _tables(group: list[Drawn]) -> list[Table]:
    """Those of one panel, or one of every instrument's rows, where instruments are drawn together."""
    found = [(each.of, mark) for each in group for mark in each.panel.marks if isinstance(mark, Table)]
    if len(group) == 1 or not found:
        return [mark for _, mark in found]
    return [Table(("", *found[0][1].head), [[of, *row] for of, mark in found for row in mark.rows])]


def _figure(group: list[Drawn], window: TimeWindow, lang: str) -> dict[str, Any]:
    """A chart of one panel, or of every instrument's of one indicator."""
    first = group[0]
    timed = first.panel.place == "time"
    made: list[Trace] = []
    for number, each in enumerate(group):
        for trace in traces(each.panel.marks, lang, window):
            if len(group) > 1:
                trace["name"] = f"{each.of} {trace['name']}".strip()
                for part in ("line", "marker"):
                    if part in trace:
                        trace[part]["color"] = f"@s{number % SERIES}"
            made.append(trace)
    cells = [mark for each in group for mark in each.panel.marks if isinstance(mark, Cells)]
    layout: dict[str, Any] = {
        "xaxis": time_axis(window) if timed else {"type": "category"}, "barmode": "relative" if timed else "group",
        "yaxis": {"title": {"text": "" if cells else first.panel.unit}}, "showlegend": len(made) > 1 and not cells,
        "shapes": [shape for mark in cells for shape in strong_cells(mark)],
    }  # fmt: skip
    if not timed and any(mark.x and not isinstance(mark.x[0], str) for mark in cells):
        layout["xaxis"] = {"type": "date"}
    title = said(first.panel.title, lang) + (f" · {first.panel.unit}" if cells and first.panel.unit else "")
    alone = timed or first.of == PAIR
    return {
        "id": first.indicator if alone else f"{first.indicator} {first.of}", "place": first.panel.place,
        "title": title if alone else f"{title} · {first.of}", "traces": made, "layout": layout,
        "height": 220 if timed else max([280, *(90 + (15 if mark.text else 4) * len(mark.y) for mark in cells)]),
        "wide": any(mark.text and len(mark.x) > 6 for mark in cells),
    }  # fmt: skip


def _coverage(report: Report, window: TimeWindow, lang: str) -> dict[str, Any]:
    """A strip for each instrument: the worst kind of minute in each piece of time."""
    start, end = (round(each.timestamp() * 1000) for each in window)
    step = max(1, -(-(end - start) // MINUTE // _STRIPES))
    names, rows, time = [], [], np.empty(0, np.int64)
    for view in report.market.views:
        bars = view.between(start, end)
        cuts = np.arange(0, len(bars), step)
        if len(cuts):
            names.append(view.instrument.id)
            rows.append(np.minimum.reduceat(bars.coverage, cuts).tolist())
            time = bars.time[cuts]
    words = WORDS[lang]
    kinds = [words[each.label] for each in Coverage]
    last = max(Coverage).value
    shades = ("@down80", "@warn80", "@second80", "@up80")
    scale = [[edge / len(shades), shade] for k, shade in enumerate(shades) for edge in (k, k + 1)]
    trace = {
        "type": "heatmap", "x": [at(moment(ms)) for ms in time.tolist()], "y": names, "z": rows, "zmin": -0.5,
        "zmax": last + 0.5, "colorscale": scale, "ygap": 3, "name": "", "hovertemplate": "%{y} %{x}: %{text}",
        "text": [[kinds[kind] for kind in row] for row in rows],
        "colorbar": {"tickvals": [each.value for each in Coverage], "ticktext": kinds, "thickness": 10, "len": 1},
    }  # fmt: skip
    layout = {
        "xaxis": time_axis(window),
        "yaxis": {"autorange": "reversed", "ticklabelposition": "inside"},
        "showlegend": False,
    }
    return {
        "id": "coverage", "place": "time", "title": words["seen"], "traces": [trace] if rows else [],
        "layout": layout, "height": 90 + 22 * len(rows),
    }  # fmt: skip
