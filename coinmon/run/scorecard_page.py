"""The scorecard as a page: each signal's decay, its excess added up, its months and its calendar. It loads nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

import numpy as np

from coinmon.config.load import Config
from coinmon.evaluate.excess import HOUR_MINUTES
from coinmon.evaluate.gathering import gather
from coinmon.evaluate.intervals import Estimate
from coinmon.evaluate.score import DAY_MS, Cases
from coinmon.notify.record import line
from coinmon.run.scorecard import decay_of
from coinmon.store.history import History

_WIDTH, _HEIGHT, _MARGIN = 420, 120, 8
_WORDS = {
    "zh": ("信号战绩", "随时间的超额 (%，95 %)", "超额累计 (%)", "每月平均超额 (%)", "每日次数"),
    "en": ("What the signals were worth", "excess by time after (%, 95 %)", "excess added up (%)",
           "mean excess by month (%)", "events by day"),
}  # fmt: skip
_STYLE = """
:root{color-scheme:light dark;--up:#1a8f5a;--down:#c0392b;--dim:#8888;--line:#4477cc}
body{font:14px/1.5 system-ui,sans-serif;max-width:1000px;margin:2em auto;padding:0 1em}
h2{font-size:1em;margin:2em 0 .2em}p{margin:.2em 0}figure{display:inline-block;margin:.5em 1em .5em 0}
figcaption{color:gray;font-size:12px}svg{width:100%;max-width:420px;height:auto}text{font-size:10px;fill:gray}
"""


def page_of(config: Config, history: History, now: int, days: int, rows: Sequence[Mapping[str, Any]]) -> str:
    """HTML in one piece, without scripts. rows: of a scorecard, in the order in which they are shown."""
    lang = config.lang
    _, _, gathered = gather(config, history, now, days)
    title, *captions = _WORDS[lang]
    parts = [f"<h1>{title}</h1>"]
    for row in rows:
        key = row["signal"], row["direction"]
        parts.append(f"<h2>{escape(row['signal'])} · {escape(row['direction'])}</h2>")
        parts.append(f"<p>{escape(line(row, days, lang))}</p>")
        if key not in gathered or not len(cases := gathered[key].cases()):
            continue
        drawn = (_decay(decay_of(gathered[key])), _added_up(cases), _months(cases), _calendar(cases))
        for caption, svg in zip(captions, drawn, strict=True):
            parts.append(f"<figure>{svg}<figcaption>{caption}</figcaption></figure>")
    head = f'<meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="{lang}"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def _decay(found: Mapping[int, Estimate]) -> str:
    """The mean at each horizon, minutes, with its interval."""
    points = [(minutes, each.mean, each.low, each.high) for minutes, each in found.items() if each.n]
    known = [value for _, *values in points for value in values if np.isfinite(value)]
    scale = _Scale(known, len(points))
    marks = []
    for i, (minutes, mean, low, high) in enumerate(points):
        x = scale.x(i + 0.5)
        if np.isfinite(low):
            marks.append(f'<path d="M{x} {scale.y(low)}V{scale.y(high)}" stroke="var(--dim)" stroke-width="3"/>')
        marks.append(f'<circle cx="{x}" cy="{scale.y(mean)}" r="4" fill="{_tone(mean)}"/>')
        name = f"{minutes // HOUR_MINUTES} h" if minutes >= HOUR_MINUTES else f"{minutes} min"
        marks.append(f'<text x="{x}" y="{_HEIGHT - 1}" text-anchor="middle">{name}</text>')
    return scale.svg(marks)


def _added_up(cases: Cases) -> str:
    order = np.argsort(cases.time, kind="stable")
    total = np.concatenate([[0.0], np.cumsum((cases.forward - cases.base)[order])])
    scale = _Scale(total.tolist(), len(total))
    points = " ".join(f"{scale.x(i)},{scale.y(value)}" for i, value in enumerate(total.tolist()))
    return scale.svg([f'<polyline points="{points}" fill="none" stroke="var(--line)" stroke-width="1.5"/>'])


def _months(cases: Cases) -> str:
    names = [f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m}" for at in cases.time.tolist()]
    above = cases.forward - cases.base
    means = {name: float(above[[each == name for each in names]].mean()) for name in sorted(set(names))}
    scale = _Scale(list(means.values()), len(means))
    marks = []
    for i, (name, mean) in enumerate(means.items()):
        x, width = scale.x(i + 0.2), 0.6 * (_WIDTH - 2 * _MARGIN) / len(means)
        top, bottom = sorted((scale.y(mean), scale.y(0.0)))
        marks.append(f'<rect x="{x}" y="{top}" width="{width:.1f}" height="{bottom - top:.1f}" fill="{_tone(mean)}"/>')
        marks.append(f'<text x="{scale.x(i + 0.5)}" y="{_HEIGHT - 1}" text-anchor="middle">{name}</text>')
    return scale.svg(marks)


def _calendar(cases: Cases) -> str:
    """A square a day, a column a week, darker with more events."""
    days = Counter((cases.time // DAY_MS).tolist())
    first, most = min(days) // 7 * 7, max(days.values())
    squares = [
        f'<rect x="{_MARGIN + (day - first) // 7 * 14}" y="{_MARGIN + (day - first) % 7 * 14}" width="12" height="12" '
        f'fill="var(--line)" fill-opacity="{0.2 + 0.8 * count / most:.2f}"><title>'
        f"{datetime.fromtimestamp(day * DAY_MS / 1000, UTC):%Y-%m-%d}: {count}</title></rect>"
        for day, count in sorted(days.items())
    ]
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}">{"".join(squares)}</svg>'


def _tone(value: float) -> str:
    return "var(--up)" if value > 0 else "var(--down)"


class _Scale:
    """From values to places of a figure in which 0 is always seen. steps: how many things stand side by side."""

    def __init__(self, values: Sequence[float], steps: int) -> None:
        self._low, self._high = min([0.0, *values]), max([0.0, *values])
        self._steps = max(1, steps)

    def x(self, step: float) -> float:
        return round(_MARGIN + (_WIDTH - 2 * _MARGIN) * step / self._steps, 1)

    def y(self, value: float) -> float:
        reach = (self._high - self._low) or 1.0
        return round(_MARGIN + (_HEIGHT - 3 * _MARGIN) * (self._high - value) / reach, 1)

    def svg(self, marks: Sequence[str]) -> str:
        zero = self.y(0.0)
        axis = f'<path d="M{_MARGIN} {zero}H{_WIDTH - _MARGIN}" stroke="var(--dim)"/>'
        ends = "".join(
            f'<text x="{_WIDTH - _MARGIN}" y="{self.y(value) + 3}" text-anchor="end">{value:+.2f}</text>'
            for value in dict.fromkeys((self._high, self._low))
        )
        return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">{axis}{"".join(marks)}{ends}</svg>'
