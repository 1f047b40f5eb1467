"""A report as a *scene*: plain data from which the drawing modules draw every panel, in the order in which they stand.

The report page and the live desk draw the same scene. Times are seconds UTC, colours are names of `SHADES`.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from coinmon.market.panel import Cells, Columns, Level, Line, Mark, Name, Points, Rows, Table
from coinmon.market.view import View
from coinmon.model.bars import Bars, Coverage
from coinmon.model.moment import MINUTE, iso
from coinmon.report.arrangement import opening, paired
from coinmon.report.cells import figures_line
from coinmon.report.document import PAIR, Report
from coinmon.report.marks import Drawing, Holes, drawn_marks, one_tone, said, seconds
from coinmon.report.panels import Drawn, panels
from coinmon.report.panes import CANDLES, badge, candles, coverage_pane, holes_of, price_pane, volume_pane
from coinmon.report.shades import SAFE, SERIES, SHADES
from coinmon.report.sheet_words import SHEET_WORDS

Scene = dict[str, Any]

_VOLUME, _COVERAGE = 10, 100
"""Where the core's own panes stand among the panels."""
_UNSAMPLED_S, _UNSAMPLED_TIMES = 900, 3
"""Seconds without a sample that are a hole, and how many times as long as between most of them."""


def scene(
    report: Report, lang: str, of: View | None = None, timezone: str = "UTC", length: int | None = None
) -> Scene:  # fmt: skip
    """Everything that is drawn of a report.

    of: whose candles are shown; spot of all venues added up where it is None, or where there is none, their perps.
    timezone: in which times are written. length: of a candle, minutes; None: what shows two days at once.
    """
    view = of or next(iter(report.market.merged.values()))
    found = list(panels(report, view.instrument.id))
    bars = candles(view, length)
    start = int(bars.time[0]) if len(bars) else view.end - 60 * MINUTE
    holes = holes_of(view, start, view.end)
    timed = [each for each in found if each.panel.place in ("time", "own")]
    panes = [price_pane(report, view, bars, holes, [each for each in found if each not in timed], lang)]
    ordered: list[tuple[int, Drawing]] = [
        (_VOLUME, volume_pane(view, bars, holes, lang)),
        (_COVERAGE, coverage_pane(report, start, view.end, lang)),
    ]
    ordered += [(group[0].panel.order, _pane(report, group, start, lang)) for group in _groups(timed)]
    panes += [pane for _, pane in sorted(ordered, key=lambda each: each[0])]
    paired(panes)
    return {
        "title": title(report, view, bars, lang, timezone), "pair": str(report.market.pair), "of": view.instrument.id,
        "as_of": iso(report.market.now), "start": start // 1000, "end": view.end // 1000, "lang": lang,
        "from": opening(panes, start // 1000, view.end // 1000) if length is None else start // 1000,
        "timezone": timezone, "words": SHEET_WORDS[lang], "shades": SHADES, "safe": SAFE, "panes": panes,
    }  # fmt: skip


def title(report: Report, view: View, bars: Bars, lang: str, timezone: str) -> str:
    """Pair, venue, kind, how long a candle is, and in which zone times are written."""
    words = SHEET_WORDS[lang]
    venue = view.instrument.venue
    if venue == "all":
        names = sorted({each.instrument.venue for each in report.market.views if _kind(each) == _kind(view)})
        venue = f"{words['all_venues']} ({', '.join(names)})"
    length = f"{_said_length(_length(bars))} {words['candles']}"
    return " · ".join([str(report.market.pair), venue, words[_kind(view)], length, f"{words['times_in']} {timezone}"])


def _kind(view: View) -> str:
    return view.instrument.kind


def _said_length(minutes: int) -> str:
    return next((name for name, each in CANDLES.items() if each == minutes), f"{minutes}m")


def _length(bars: Bars) -> int:
    """Minutes of a candle."""
    return int(bars.time[1] - bars.time[0]) // MINUTE if len(bars) > 1 else 1


def _groups(found: Iterable[Drawn]) -> list[list[Drawn]]:
    """Instruments share a time axis, and nothing else."""
    groups: dict[tuple[str, str], list[Drawn]] = {}
    for each in found:
        groups.setdefault((each.indicator, each.of if each.panel.place == "own" else ""), []).append(each)
    return list(groups.values())


def _pane(report: Report, group: Sequence[Drawn], start: int, lang: str) -> Drawing:
    """One panel, or every instrument's of one indicator."""
    first = group[0]
    alone = first.panel.place == "time" or first.of == PAIR
    holes = {each.of: _holes(report, each, start) for each in group}
    made: list[Drawing] = []
    for number, each in enumerate(group):
        for mark in _several(each, number, len(group)):
            for drawing in drawn_marks([mark], lang, holes[each.of]):
                if len(group) > 1:
                    drawing["name"] = f"{each.of} {drawing['name']}".strip()
                made.append(drawing)
    everything = [mark for each in group for mark in each.panel.marks]
    results = [(each.of, report.results[each.indicator][each.of]) for each in group]
    name = said(first.panel.title, lang)
    return {
        "id": first.indicator if alone else f"{first.indicator} {first.of}",
        "title": name if alone else f"{name} · {first.of}",
        "unit": first.panel.unit, "axis": _axis(everything), "marks": made,
        "tables": _tables(group, lang), "badge": badge(results, lang, first.panel.sampled), "quiet": first.panel.quiet,
        # one strip of holes for the pane: what nobody saw
        "holes": _common(list(holes.values())),
        "figures": [[of, figures_line(report, first.indicator, of, lang)] for of, _ in results],
        "indicator": first.indicator,
        # its own axis, and no text in cells that needs the width
        "half": first.panel.place == "own" and not any(isinstance(each, Cells) and each.text for each in everything),
    }  # fmt: skip


def _several(each: Drawn, number: int, count: int) -> list[Mark]:
    return [one_tone(mark, f"s{number % SERIES}") if count > 1 else mark for mark in each.panel.marks]


def _axis(marks: Sequence[Mark]) -> str:
    """What lies across: time, names, or for rows at prices their values."""
    if any(isinstance(mark, Rows) for mark in marks):
        return "rows"
    named = (mark.at if isinstance(mark, Columns) else mark.x for mark in marks if isinstance(mark, Columns | Cells))
    if any(across and isinstance(across[0], str) for across in named):
        return "names"
    return "time" if any(isinstance(mark, Line | Columns | Cells | Points | Level) for mark in marks) else "none"


def _holes(report: Report, each: Drawn, start: int) -> Holes:
    subject = report.subject(each.indicator, each.of)
    if each.panel.sampled:
        end = round(report.market.now / 1000)
        return [hole for mark in each.panel.marks if isinstance(mark, Line) for hole in _unsampled(mark, start, end)]
    result = report.results[each.indicator][each.of]
    if result.coverage.kind == "samples":
        return [(round(a.timestamp()), round(b.timestamp())) for a, b in result.coverage.missing]
    if isinstance(subject, View):
        return holes_of(subject, start, subject.end, Coverage.KLINES)
    return [(round(a.timestamp()), round(b.timestamp())) for a, b in result.coverage.missing]


def _unsampled(line: Line, start: int, end: int) -> list[tuple[int, int]]:
    """Where a line's samples lie much farther apart than they do as a rule; steps last until the next one."""
    times = [seconds(at) for at, value in zip(line.time, line.value, strict=True) if value is not None]
    begins = [start // 1000, *times]
    apart = sorted(b - a for a, b in pairwise(times))
    usual = apart[3 * len(apart) // 4] if apart else 0
    most = max(_UNSAMPLED_S, _UNSAMPLED_TIMES * usual)
    first, *others = pairwise([*begins, end])
    before = [first] if first[1] - first[0] > _UNSAMPLED_S else []
    return before + [(a, b) for a, b in others if b - a > most and not line.steps]


def _common(several: Sequence[Holes]) -> list[list[int]]:
    """What lies in a hole of any of them, so that nobody takes a part for the whole."""
    made: list[list[int]] = []
    for start, end in sorted(hole for holes in several for hole in holes):
        if made and start <= made[-1][1]:
            made[-1][1] = max(made[-1][1], end)
        else:
            made.append([start, end])
    return made


def _tables(group: Sequence[Drawn], lang: str) -> list[dict[str, Any]]:
    """Those of one panel, or one of every instrument's rows, where instruments are drawn together."""
    found = [(each.of, mark) for each in group for mark in each.panel.marks if isinstance(mark, Table)]
    if len(group) > 1 and found:
        rows = [[of, *_cells(row, lang)] for of, mark in found for row in mark.rows]
        return [{"head": ["", *(said(name, lang) for name in found[0][1].head)], "rows": rows}]
    return [
        {"head": [said(name, lang) for name in mark.head], "rows": [_cells(row, lang) for row in mark.rows]}
        for _, mark in found
    ]


def _cells(row: Sequence[Name], lang: str) -> list[str]:
    return [said(each, lang) for each in row]
