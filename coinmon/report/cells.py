"""What the results say of themselves in a report: headlines, the table of markets, the lines of venues below it."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from loguru import logger

from coinmon.errors import our_stop, words_of
from coinmon.market.summary import SummaryCell
from coinmon.plugin.answers import said_of
from coinmon.report.document import PAIR, Report
from coinmon.report.phrases import WORDS, Styled, seen_words


def head(report: Report, lang: str) -> list[str]:
    """The lines at its head."""
    found = (_said(report, name, "headline", lang) for name, results in report.results.items() if PAIR in results)
    return [str(each) for each in found if each]


def figures_line(report: Report, indicator: str, of: str, lang: str) -> str:
    """The figures of one result on a line."""
    said = _said(report, indicator, "line", lang, of=of)
    return "-" if said is None else str(said)


def market_columns(report: Report, lang: str) -> list[str]:
    """The names of the columns between the market's and that of what was seen."""
    return [each.name.say(lang) for each in _columns(report).values()]


def market_rows(report: Report, lang: str) -> list[list[Styled]]:
    """Instrument, the columns, and coverage, of each market."""
    columns = _columns(report)
    cells = {(key, of): (cell, name) for name, of, key, cell in _cells(report) if cell.place == "markets"}
    rows = []
    for id, seen in report.seen.items():
        row: list[Styled] = [(id, "")]
        for key in columns:
            cell, name = cells.get((key, id), (None, ""))
            mark = star(report, name, id) if cell is not None and cell.starred else ""
            row.append(("-", "") if cell is None else (cell.text + mark, cell.style))
        rows.append([*row, (seen_words(seen, lang), "" if seen.share == 1 else "short")])
    return rows


def venue_lines(report: Report, lang: str) -> list[tuple[str, list[Styled]]]:
    """Of each indicator that has them its name, and its figure at each venue."""
    lines: dict[str, tuple[int, str, dict[str, Styled]]] = {}
    for name, of, _, cell in _cells(report):
        if cell.place == "venues" and of != PAIR:
            venue = of.partition(":")[0]
            line = lines.setdefault(name, (cell.order, cell.name.say(lang), {}))
            line[2][venue] = (f"{venue[:3].upper()} {cell.text}", cell.style)
    return [(title, list(cells.values())) for _, title, cells in sorted(lines.values(), key=lambda line: line[0])]


def notes(report: Report, lang: str) -> list[str]:
    """What explains the columns, each where all markets agree on it."""
    found: dict[tuple[Any, ...], set[str]] = {}
    for name, _, key, cell in _cells(report):
        if cell.note is not None:
            found.setdefault((name, key), set()).add(cell.note.say(lang))
    return [next(iter(texts)) for texts in found.values() if len(texts) == 1]


def glanced(report: Report, kind: Literal["line", "rows", "levels"]) -> str:
    """The indicator whose panel of the pair stands there; empty: none."""
    return next((name for name, each in report.results.items() if PAIR in each and each[PAIR].glance == kind), "")


def star(report: Report, indicator: str, of: str) -> str:
    """Marks a figure of an indicator that did not see all of its time."""
    result = report.results.get(indicator, {}).get(of)
    return "*" if result is not None and result.coverage.share < 1 else ""


def starred(report: Report, lang: str) -> str:
    """What the star means: the indicators marked with it, and the least share of its time that each saw."""
    of: dict[str, list[str]] = {}
    for name, id, _, cell in _cells(report):
        if cell.starred and id in report.seen:
            of.setdefault(name, []).append(id)
    of |= {name: [PAIR] for name in (glanced(report, "rows"), glanced(report, "levels")) if name}
    shares = {
        name: min((report.results[name][id].coverage.share for id in ids if star(report, name, id)), default=1)
        for name, ids in of.items()
    }
    told = [f"{name} {math.floor(100 * share)}%" for name, share in shares.items() if share < 1]
    return f"* {WORDS[lang]['starred']}: {', '.join(told)}" if told else ""


def _columns(report: Report) -> dict[tuple[str, str], SummaryCell]:
    """A cell of each column, in their order."""
    found = {key: cell for _, _, key, cell in _cells(report) if cell.place == "markets"}
    return dict(sorted(found.items(), key=lambda each: each[1].order))


def _cells(report: Report) -> Iterator[tuple[str, str, tuple[str, str], SummaryCell]]:
    """Indicator, instrument, column and cell."""
    for name, results in report.results.items():
        for of in results:
            said = _said(report, name, "cells", of=of) or ()
            yield from ((name, of, (name, cell.name.en), cell) for cell in said)


def _said(report: Report, indicator: str, what: str, *given: str, of: str = PAIR) -> Any:
    """What a result says of itself. One that raises is named in `failed` and says nothing."""
    if f"{indicator} {what}" in report.failed:
        return None
    try:
        said = getattr(report.results[indicator][of], what)(*given)
        if what == "cells" and not (isinstance(said, Sequence) and all(isinstance(each, SummaryCell) for each in said)):
            raise TypeError("they are not SummaryCell")
        if indicator in report.foreign:
            said = said_of(said)
    except BaseException as error:
        if our_stop(error):
            raise
        report.failed[f"{indicator} {what}"] = f"indicator {indicator}: its {what} raised {words_of(error)}"
        logger.error(report.failed[f"{indicator} {what}"])
        return None
    return said
