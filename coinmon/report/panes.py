"""The panes that the core draws itself: candles and what lies over, under and beside them, volume, coverage."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from coinmon.market.view import View
from coinmon.model.bars import Bars, Coverage, Seen
from coinmon.model.moment import MINUTE, parse_time
from coinmon.model.signal import GRADES, say
from coinmon.report.document import Report
from coinmon.report.marks import Drawing, Holes, drawn_marks, said
from coinmon.report.panels import Drawn
from coinmon.report.phrases import WORDS, stretch
from coinmon.report.sheet_words import SHEET_WORDS
from coinmon.report.volume_at_price import volume_at_price

_ASKED = 480
"""Candles shown at most of a length that was asked for."""
_CANDLES, _LENGTHS, _LONGEST = 240, (1, 3, 5), 15
"""Candles shown at most, and their lengths in minutes: the shortest that shows all there is of two days."""
_MAX_STRIPES = 480
"""Pieces of the coverage strip at most."""
_KINDS = ("down", "warn", "second", "up")
"""Colours of missing, partial, klines and trades."""


CANDLES = {"1m": 1, "5m": 5, "15m": 15, "1h": 60, "4h": 240, "1d": 1440}
"""Lengths that a reader may ask for, in minutes."""
_MOST_MINUTES = 60 * 1440
"""Looked at for long candles: they are added up from minutes."""


def candles(view: View, length: int | None = None) -> Bars:
    """Candles of so many minutes; None: as long as it takes to show two days, or all there is of them."""
    if length is not None:
        step = length * MINUTE
        start = view.end - min(_ASKED * length, _MOST_MINUTES) * MINUTE
        rows = view.between(start - start % step, view.end)
        known = rows.close > 0
        first = int(known.argmax()) if known.any() else len(rows)
        # two at least: the second says how long the first is
        first = max(0, min(first, len(rows) - 2 * length))
        return rows[first - first % length :].resample(step)
    rows = view.bars(2880)
    known = rows.close > 0
    rows = rows[int(known.argmax()) if known.any() else len(rows) :]
    length = next((each for each in _LENGTHS if len(rows) <= each * _CANDLES), _LONGEST)
    return rows if length == 1 or not len(rows) else rows.resample(length * MINUTE)


def holes_of(view: View, start: int, end: int, least: Coverage = Coverage.PARTIAL) -> list[tuple[int, int]]:
    """Stretches without a price or, where `least` asks for more, without a complete split; seconds."""
    rows = view.between(start, end)
    if not len(rows):
        return [(start // 1000, end // 1000)]
    lacking = rows.coverage < least
    if least == Coverage.PARTIAL:
        lacking = lacking | (rows.close <= 0)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], lacking, [False])).astype(np.int8))).reshape(-1, 2)
    first = int(rows.time[0])
    return [((first + a * MINUTE) // 1000, (first + b * MINUTE) // 1000) for a, b in edges.tolist()]


def price_pane(
    report: Report, view: View, bars: Bars, holes: Holes, found: Sequence[Drawn], lang: str
) -> Drawing:  # fmt: skip
    """Candles with everything over, under and beside them."""
    words = SHEET_WORDS[lang]
    # with a price alone there is no candle: its levels and figures are there all the same
    shown = bars[bars.close > 0]
    step = int(bars.time[1] - bars.time[0]) // 1000 if len(bars) > 1 else 60
    marks: list[Drawing] = [
        {
            "m": "candles", "name": view.instrument.id, "t": (shown.time // 1000).tolist(), "step": step,
            **{name: shown.price(getattr(shown, name)).tolist() for name in ("open", "high", "low", "close")},
        }
    ]  # fmt: skip
    layers = []
    beneath = [each for each in found if each.panel.place == "under"]
    # books are an instrument's own: under the candles lies one of their kind, the others are there on request
    like = [each for each in beneath if each.of == view.instrument.id] or [
        each for each in beneath if _kind_of(report, each) == view.instrument.kind
    ]
    for each in beneath:
        layers.append(_layer(report, [each], lang, under=True, hidden=each not in like[:1], name=each.of))
    over: dict[str, list[Drawn]] = {}
    for each in found:
        if each.panel.place == "price":
            over.setdefault(each.indicator, []).append(each)
    layers += [_layer(report, group, lang, holes=holes) for group in over.values()]
    told = signal_layer(report, view, shown, step, lang)
    layers += [told] if told["marks"] else []
    side = [
        {
            "id": each.indicator, "title": said(each.panel.title, lang), "unit": each.panel.unit,
            "marks": drawn_marks(each.panel.marks, lang), "badge": _badge(report, [each], lang),
            "hidden": each.panel.quiet,
        }
        for each in found
        if each.panel.place == "beside"
    ]  # fmt: skip
    last = float(marks[0]["close"][-1]) if len(shown) else None
    seen = view.seen(view.between(int(bars.time[0]) if len(bars) else view.end, view.end))
    return {
        "id": "price", "title": words["price"], "unit": view.instrument.quote, "axis": "time", "marks": marks,
        "layers": layers, "side": side, "holes": [list(each) for each in holes], "tables": [],
        "badge": seen_badge(seen, lang), "figures": [], "indicator": "", "quiet": False, "last": last,
        "digits": _digits(view), "tick": float(view.instrument.tick_size), "step": step,
        "traded": volume_at_price(view, shown),
    }  # fmt: skip


def signal_layer(report: Report, view: View, shown: Bars, step: int, lang: str) -> Drawing:
    """The pair's signals where they were told, under the candle where they are bullish, over it where bearish."""
    time = shown.time // 1000
    marks: list[Drawing] = []
    low, high = shown.price(shown.low), shown.price(shown.high)
    events = [*report.signals, *(view.signals(2880) if view.pair is not None else ())]
    found = {each["id"]: each for each in events if each["event"] == "signal"}
    for tone, direction, prices in (("up", "bullish", low), ("down", "bearish", high), ("accent", "neutral", high)):
        # texts at one candle would cover one another: the best is written, and how many more there are
        told: dict[int, list[str]] = {}
        for each in sorted(found.values(), key=lambda each: -GRADES.index(each["grade"])):
            row = int(np.searchsorted(time, parse_time(each["time"]) // 1000, side="right")) - 1
            if each["direction"] == direction and row >= 0:
                told.setdefault(row, []).append(f"[{each['grade']}] {each['title'][lang]}")
        told = dict(sorted(told.items()))
        if told:
            marks.append(
                {
                    "m": "points", "name": "", "t": [int(time[row]) + step // 2 for row in told],
                    "v": [float(prices[row]) for row in told], "text": [several(each) for each in told.values()],
                    "all": list(told.values()),
                    "tone": tone, "shape": "up" if tone == "up" else "down",
                }
            )  # fmt: skip
    return {
        "id": "signals", "title": WORDS[lang]["signals"], "under": False, "hidden": False, "marks": marks,
        "badge": {"text": "", "why": "", "tone": "up"},
    }  # fmt: skip


def several(texts: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    return texts[0] if len(texts) == 1 else f"{texts[0]} +{len(texts) - 1}"


def _kind_of(report: Report, each: Drawn) -> str:
    subject = report.subject(each.indicator, each.of)
    return subject.instrument.kind if isinstance(subject, View) else ""


def _layer(
    report: Report,
    group: Sequence[Drawn],
    lang: str,
    *,
    holes: Holes = (),
    under: bool = False,
    hidden: bool = False,
    name: str = "",
) -> Drawing:
    """All that one indicator draws over the candles: one entry of the legend, which shows and hides it.

    group: its panels, of several instruments where the pair has none.
    """
    first = group[0]
    title = said(first.panel.title, lang)
    return {
        "id": f"{first.indicator} {name}".strip(), "title": f"{title} · {name}" if name else title, "under": under,
        "hidden": hidden or first.panel.quiet, "badge": _badge(report, group, lang),
        "marks": [mark for each in group for mark in drawn_marks(each.panel.marks, lang, holes)],
    }  # fmt: skip


def volume_pane(view: View, bars: Bars, holes: Holes, lang: str) -> Drawing:
    """Volume of each candle, in the colour of its direction."""
    known = bars[~np.isnan(bars.volume)]
    time = (known.time // 1000).tolist()
    step = int(bars.time[1] - bars.time[0]) // 1000 if len(bars) > 1 else 60
    rose = known.close >= known.open
    marks = [
        {
            "m": "columns", "name": "", "t": time, "step": step, "tone": tone,
            "v": [float(value) if yes else None for value, yes in zip(known.volume, mask, strict=True)],
        }
        for tone, mask in (("up", rose), ("down", ~rose))
    ]  # fmt: skip
    seen = view.seen(view.between(int(bars.time[0]) if len(bars) else view.end, view.end))
    return {
        "id": "volume", "title": SHEET_WORDS[lang]["volume"], "unit": view.instrument.base, "axis": "time",
        "marks": marks, "holes": [list(each) for each in holes], "tables": [], "badge": seen_badge(seen, lang),
        "figures": [], "indicator": "", "quiet": False,
    }  # fmt: skip


def coverage_pane(report: Report, start: int, end: int, lang: str) -> Drawing:
    """A strip for each instrument: runs of the worst kind of minute in each piece of time."""
    step = max(1, -(-(end - start) // MINUTE // _MAX_STRIPES))
    words = WORDS[lang]
    strips = []
    for view in report.market.views:
        bars = view.between(start, end)
        cuts = np.arange(0, len(bars), step)
        if not len(cuts):
            continue
        kinds = np.minimum.reduceat(bars.coverage, cuts)
        edges = np.concatenate(([0], np.flatnonzero(np.diff(kinds)) + 1))
        time = bars.time[cuts]
        ends = [*time[edges[1:]].tolist(), end]
        strips.append(
            {
                "name": view.instrument.id,
                "runs": [
                    [int(time[a]) // 1000, int(b) // 1000, _KINDS[int(kinds[a])], words[Coverage(int(kinds[a])).label]]
                    for a, b in zip(edges.tolist(), ends, strict=True)
                ],
            }
        )
    return {
        "id": "coverage", "title": SHEET_WORDS[lang]["covered"], "unit": "", "axis": "time",
        "marks": [{"m": "strips", "name": "", "strips": strips}], "holes": [], "tables": [], "badge": None,
        "figures": [], "indicator": "", "quiet": False,
        "legend": [[tone, words[kind.label]] for tone, kind in zip(_KINDS, Coverage, strict=True)],
    }  # fmt: skip


def _digits(view: View) -> int:
    """Decimals of a price on its grid."""
    return max(0, -int(view.instrument.tick_size.normalize().as_tuple().exponent))


def seen_badge(seen: Seen, lang: str) -> dict[str, Any]:
    words = WORDS[lang]
    gaps = [stretch(a, b) for a, b in seen.missing[:3]]
    more = f" (+{len(seen.missing) - 3})" if len(seen.missing) > 3 else ""
    why = f"{words['warming'] if seen.warming else words['gap']} {', '.join(gaps)}{more}" if gaps else ""
    kind = (seen.worst if seen.share == 1 else seen.best).label
    return {
        "text": f"{seen.complete}/{seen.minutes} {words[kind]}", "why": why,
        "tone": "up" if seen.share == 1 else "warn",
    }  # fmt: skip


def _badge(report: Report, group: Sequence[Drawn], lang: str) -> dict[str, Any]:
    made = badge([(each.of, report.results[each.indicator][each.of]) for each in group], lang)
    return made | {"of": said(group[0].panel.title, lang)}


def badge(results: Sequence[tuple[str, Any]], lang: str, sampled: bool = False) -> dict[str, Any]:
    """The least covered of the results, and why it is not all.

    sampled: what is drawn are samples, of which the minutes that were seen say nothing.
    """
    words = WORDS[lang]
    of, worst = min(results, key=lambda each: each[1].coverage.share)
    found = worst.coverage
    kind = words.get(found.kind, found.kind)
    reasons = []
    if found.missing and not sampled:
        (start, _), (_, end) = found.missing[0], found.missing[-1]
        reasons.append(f"{words['gap']} {start:%m-%d %H:%M}-{end:%m-%d %H:%M}")
    reasons += [f"{name}: {why}" if len(results) > 1 else why for name, why in _reasons(results, lang)]
    share = f"{math.floor(100 * found.share)}%"
    text = f"{found.complete}/{found.minutes} {kind}" if len(results) == 1 else f"{share} {kind}"
    if len(results) > 1 and found.share < 1:
        text += f" ({of})"
    whole = not reasons and (sampled or found.share == 1)
    return {
        "text": words["samples"] if sampled else text, "why": "; ".join(dict.fromkeys(reasons)),
        "tone": "up" if whole else "warn",
    }  # fmt: skip


def _reasons(results: Sequence[tuple[str, Any]], lang: str) -> list[tuple[str, str]]:
    return [(name, say(each.reason, lang)) for name, each in results if each.reason]
