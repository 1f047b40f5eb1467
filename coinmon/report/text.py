"""A report as text: one screen first, and on request every indicator's line of every instrument."""

from collections.abc import Iterator

import numpy as np
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from coinmon.market.panel import Level, Rows
from coinmon.model.figures import with_sign
from coinmon.model.moment import iso
from coinmon.model.signal import say
from coinmon.report.cells import (
    figures_line,
    glanced,
    head,
    market_columns,
    market_rows,
    notes,
    star,
    starred,
    venue_lines,
)
from coinmon.report.document import PAIR, Report
from coinmon.report.panels import drawn
from coinmon.report.phrases import WORDS, Styled, left_out, unseen
from coinmon.report.signal_lines import signal_lines
from coinmon.report.sparks import name_in, short, sparks

_STYLES = {"up": "green", "down": "red", "short": "yellow", "": ""}
_SIGNALS, _LEAST, _MOST = 3, 3, 16
"""Signals shown at most; rows of the profile and of levels at least and at most."""


def render(report: Report, lang: str, width: int, height: int) -> RenderableType:
    """The summary, made for a screen of that size."""
    words = WORDS[lang]
    told = notes(report, lang)
    parts: list[RenderableType] = [
        Text.assemble(
            (str(report.market.pair), "bold"),
            f"  {words['as_of']} {iso(report.market.now // 1000 * 1000)}  {'  '.join(told)}",
        ),
        *(Text(line) for line in head(report, lang)),
        _markets(report, lang, width),
    ]
    used = 2 + len(report.seen) + sum(1 + len(line) // width for line in head(report, lang))
    below = list(_below(report, lang, width))
    lines = list(sparks(report, lang, width))
    room = height - used - len(lines) - 3
    if room - len(below) <= _LEAST:
        below = list(_below(report, lang, width, tight=True))
    rows = min(max(room - len(below), _LEAST), _MOST)
    return Group(*parts, *lines, *_sides(report, lang, rows, width), *below)


def _styled(cell: Styled) -> Text:
    return Text(cell[0], _STYLES[cell[1]])


def _markets(report: Report, lang: str, width: int) -> Table:
    heads = [WORDS[lang]["venue"], *market_columns(report, lang), WORDS[lang]["seen"]]
    found = market_rows(report, lang)
    columns = zip(heads, *([text for text, _ in row] for row in found), strict=True)
    widest = [max(map(cell_len, column)) for column in columns]
    # closer together before anything is cut
    gap = 2 if sum(widest) + 2 * (len(widest) - 1) <= width else 1
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, gap, 0, 0))
    for number, name in enumerate(heads[:-1]):
        table.add_column(name, justify="right" if number else "left", no_wrap=True)
    # where there is no room, this one is cut, and no figure: rich narrows what may be wrapped first
    table.add_column(heads[-1], overflow="ellipsis")
    for row in found:
        *cells, seen = (_styled(cell) for cell in row)
        seen.no_wrap = True
        table.add_row(*cells, seen)
    return table


def _sides(report: Report, lang: str, rows: int, width: int) -> Iterator[RenderableType]:
    """The profile at the left, the levels around the price at the right."""
    profile, levels = _profile(report, lang, rows, width), _levels(report, lang, rows)
    if profile or levels:
        table = Table.grid(padding=(0, 3))
        table.add_row(Group(*profile), Group(*levels))
        yield table


def _profile(report: Report, lang: str, rows: int, width: int) -> list[Text]:
    indicator = glanced(report, "rows")
    panel = drawn(report, indicator, PAIR)
    found = [] if panel is None else [mark for mark in panel.marks if isinstance(mark, Rows)]
    if panel is None or not found:
        return []
    edges, height = np.array(found[0].low), found[0].height
    total = np.sum([np.array(mark.value, float) for mark in found], axis=0)
    # as many of the panel's rows in each: else a row is long because it is high
    number = np.round((edges - edges[0]) / height).astype(int)
    step = -(-(int(number[-1]) + 1) // rows)
    sums = np.bincount(number // step, total)
    names: dict[int, list[str]] = {}
    for mark in panel.marks:
        if isinstance(mark, Level):
            row = int((mark.price - edges[0]) / height) // step
            # what stands for the row with most volume is on the row with most volume of those that are shown
            most = mark.tone == "accent" and abs(mark.price - edges[total.argmax()] - height / 2) <= height / 2
            names.setdefault(int(sums.argmax()) if most else row, []).append(name_in(mark.name, lang))
    room = max(8, width // 2 - 22)
    made = [Text(f"{WORDS[lang]['profile']} ({panel.unit}){star(report, indicator, PAIR)}", "bold")]
    for row in reversed(range(len(sums))):
        middle, here = edges[0] + (row + 0.5) * step * height, " ".join(names.get(row, ()))
        bar = "█" * round(room * sums[row] / sums.max())
        line = Text(f"{short(float(middle)):>11} ", "dim", no_wrap=True, overflow="ellipsis")
        made.append(line.append(bar or "▏", "cyan" if here else "blue").append(f" {here}", "bold"))
    return made


def _levels(report: Report, lang: str, rows: int) -> list[Text]:
    """Those next to the last price, the price between them."""
    indicator = glanced(report, "levels")
    panel, result = drawn(report, indicator, PAIR), report.results.get(indicator, {}).get(PAIR)
    last = getattr(result, "last_price", None)
    if panel is None or last is None:
        return []
    found = sorted({(mark.price, name_in(mark.name, lang)) for mark in panel.marks if isinstance(mark, Level)})
    # one line for a price that has several names
    named = {value: " ".join(name for each, name in found if each == value) for value, _ in found}
    above = [each for each in named if each > last]
    below = [each for each in named if each < last]
    up = max(min(len(above), rows // 2), rows - 1 - len(below))
    shown = [*below[-(rows - 1 - min(up, len(above))) :], *above[:up]] if rows > 1 else []
    made = [Text(WORDS[lang]["levels"] + star(report, indicator, PAIR), "bold")]
    for value in sorted([*shown, last], reverse=True):
        name = " ".join(filter(None, (value == last and f"● {WORDS[lang]['last']}", named.get(value))))
        away = "" if value == last else f" {with_sign(100 * (value / last - 1), 2):>7}%"
        style = "bold" if value == last else ""
        made.append(Text(f"{short(value):>11}{away:9} {name}", style, no_wrap=True, overflow="ellipsis"))
    return made


def _below(report: Report, lang: str, width: int, *, tight: bool = False) -> Iterator[Text]:
    """tight: what lacks is one line, with what brings it."""
    words = WORDS[lang]
    for name, cells in venue_lines(report, lang):
        yield Text("  ").join([Text(name, "bold"), *(_styled(cell) for cell in cells)])
    signals = signal_lines(report, lang, width)
    for text, style in signals[:_SIGNALS]:
        yield Text(text, _STYLES[style], no_wrap=True, overflow="ellipsis")
    if len(signals) > _SIGNALS:
        yield Text(f"+{len(signals) - _SIGNALS} {words['more']}", "dim")
    if not signals:
        yield Text(words["none"], "dim")
    day, without = report.last_day, left_out(report, lang)
    if (text := starred(report, lang)) and not (tight and day.command):
        yield Text(text, "yellow", no_wrap=True, overflow="ellipsis")
    for line in without:
        yield Text(line, "yellow", no_wrap=True, overflow="ellipsis")
    if day.command and tight:
        yield Text(f"* {day.command} {words['or_scan']}", "yellow")
    elif day.command:
        yield Text(day.words(lang), "yellow", no_wrap=True, overflow="ellipsis")
        # whole, or it is of no use
        yield Text(day.command, "yellow")
    lines = [line for line in unseen(report, lang)[: -1 if day.command else None] if line not in without]
    if lines:
        text = f"{words['unseen']}: {lines[0]}" + (f"  +{len(lines) - 1} {words['more']}" if len(lines) > 1 else "")
        yield Text(text, "yellow", no_wrap=True, overflow="ellipsis")


def details(report: Report, lang: str) -> RenderableType:
    """The signals whole; every indicator, a line for each instrument each with its own; what is missing and why."""
    told = [Padding(Text(line, _STYLES[style]), (0, 0, 0, 2)) for line, style in signal_lines(report, lang)]
    parts: list[RenderableType] = [Text(WORDS[lang]["signals"], "bold"), *told] if told else []
    for name, results in report.results.items():
        if not results:
            continue
        lines: list[tuple[str, str]] = []
        reasons: dict[str, list[str]] = {}
        for id, result in results.items():
            line = figures_line(report, name, id, lang)
            if result.reason:
                reason = say(result.reason, lang)
                line = line.removesuffix(f"  ({reason})")
                reasons.setdefault(reason, []).append(id)
            lines.append((id, line))
        rows = Table(box=None, show_header=False, pad_edge=False)
        rows.add_column(no_wrap=True)
        rows.add_column(overflow="fold")
        for id, line in lines:
            rows.add_row(Text(id, "dim"), Text(line))
        parts += [Text(name, "bold"), Padding(rows, (0, 0, 0, 2))]
        for reason, ids in reasons.items():
            who = ids[0] if len(ids) == 1 else f"{ids[0]} +{len(ids) - 1}"
            parts.append(Text(f"  ! {who}: {reason}", "yellow", no_wrap=True, overflow="ellipsis"))
    parts += [Text(line, "yellow") for line in unseen(report, lang)]
    return Group(*parts)
