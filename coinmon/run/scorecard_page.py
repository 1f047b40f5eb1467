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
from coinmon.evaluate.score import DAY_MS, Cases
from coinmon.evaluate.statistics.intervals import Estimate
from coinmon.model.figures import with_sign
from coinmon.notify.record import line
from coinmon.run.scorecard import decay_of
from coinmon.store.history import History

_WIDTH, _HEIGHT = 420, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 12, 8, 20
"""Room around a figure: for numbers at the left, names below."""
_LETTER = 11
"""Height of a line of text, in the same units."""
_BAR_MOST = 44
_WEEKS = 53
"""The calendar shows at most so many, the last ones."""
_MONDAY = 3
"""1970 began on a Thursday: so many days after a Monday."""
_WORDS = {
    "zh": {
        "title": "信号战绩", "decay": "信号之后各时点的超额（%，竖线为 95 % 区间）", "sum": "超额累计（%）",
        "months": "每月平均超额（%）", "calendar": "每日次数", "few": "没有可判的信号，无图",
        "none": "没有已播报的信号", "bullish": "看涨", "bearish": "看跌", "neutral": "中性", "min": " 分钟",
        "h": " 小时", "week": "一二三四五六日",
        "about": "截至 {now} UTC 的 {days} 天。超额：一分钟后入场的涨跌，减去该交易对同一时刻平时的涨跌，按信号方向计；"
        "中性信号按波动大小计。绿色高于零，红色低于零；空心圈为结论所依据的时点。",
    },
    "en": {
        "title": "What the signals were worth", "decay": "excess by time after the signal (%; bars: 95 %)",
        "sum": "excess added up (%)", "months": "mean excess by month (%)", "calendar": "events by day",
        "few": "none of them could be judged yet: nothing to draw", "none": "no signal was told",
        "bullish": "bullish", "bearish": "bearish", "neutral": "neutral", "min": " min", "h": " h", "week": "MTWTFSS",
        "about": "{days} days until {now} UTC. Excess: what price did for who entered a minute later and followed the "
        "signal, less what the pair usually does at that hour; of neutral ones the size of the move. Green is above "
        "zero, red below; the ring marks the time that the verdict looks at.",
    },
}  # fmt: skip
_STYLE = """
:root{color-scheme:light dark;--up:#1a8f5a;--down:#c0392b;--dim:#0003;--soft:#666;--line:#3366bb;--card:#f6f6f7}
@media(prefers-color-scheme:dark){
:root{--up:#35b57a;--down:#e5695c;--dim:#fff4;--soft:#aaa;--line:#7aa7f0;--card:#1d1e20}}
*{box-sizing:border-box}
body{font:15px/1.55 system-ui,sans-serif;max-width:1060px;margin:1.5rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1rem;margin:0;overflow-wrap:anywhere}p{margin:.2rem 0}
section{background:var(--card);border-radius:8px;padding:1rem;margin:1rem 0}
.about,figcaption,h2 small{color:var(--soft)}.about,figcaption{font-size:13px}
.drawn{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,340px),1fr));margin-top:.7rem}
figure{margin:0}svg{display:block;width:100%;height:auto}text{font-size:11px;fill:var(--soft)}
.here{font-weight:700;fill:CanvasText}
"""


def page_of(config: Config, history: History, now: int, days: int, rows: Sequence[Mapping[str, Any]]) -> str:
    """HTML in one piece, without scripts. rows: of a scorecard, in the order in which they are shown."""
    lang = "zh" if config.lang == "zh" else "en"
    words = _WORDS[lang]
    _, _, gathered = gather(config, history, now, days)
    about = words["about"].format(days=days, now=f"{_date(now)} {datetime.fromtimestamp(now / 1000, UTC):%H:%M}")
    parts = [f'<h1>{words["title"]}</h1><p class="about">{about}</p>']
    for row in rows:
        head = f"<h2>{escape(row['signal'])} <small>{words[row['direction']]}</small></h2>"
        found = gathered.get((row["signal"], row["direction"]))
        figures = ""
        if found is None or not len(cases := found.cases()):
            figures = f'<p class="about">{words["few"]}</p>'
        else:
            drawn = {
                "decay": _decay(decay_of(found), row["horizon_minutes"], words),
                "sum": _added_up(cases),
                "months": _months(cases),
                "calendar": _calendar(cases, words["week"]),
            }
            figures = "".join(
                f"<figure><figcaption>{words[name]}</figcaption>{_svg(marks, words[name])}</figure>"
                for name, marks in drawn.items()
            )
            figures = f'<div class="drawn">{figures}</div>'
        parts.append(f"<section>{head}<p>{escape(line(row, days, lang))}</p>{figures}</section>")
    if not rows:
        parts.append(f"<p>{words['none']}</p>")
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{words['title']}</title><style>{_STYLE}</style>"
    )
    return f'<!doctype html><html lang="{lang}"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def _decay(found: Mapping[int, Estimate], horizon: int, words: Mapping[str, str]) -> Sequence[str]:
    """The mean at each horizon, minutes, with its interval; `horizon` is the one that is judged."""
    points = [(minutes, each.mean, each.low, each.high) for minutes, each in found.items() if each.n]
    scale = _Scale([value for _, *values in points for value in values if np.isfinite(value)])
    places = [(_across(i + 0.5, len(points)), *each) for i, each in enumerate(points)]
    joined = " ".join(f"{x},{scale.y(mean)}" for x, _, mean, _, _ in places)
    marks = [*scale.marks(), f'<polyline points="{joined}" fill="none" stroke="var(--dim)"/>']
    for x, minutes, mean, low, high in places:
        if np.isfinite(low):
            marks.append(f'<path d="M{x} {scale.y(low)}V{scale.y(high)}" stroke="var(--dim)" stroke-width="4"/>')
        inside = "var(--card)" if minutes == horizon else _tone(mean)
        told = f"{_duration(minutes, words)}: {with_sign(mean, 3)} %"
        told += f" ({with_sign(low, 3)} … {with_sign(high, 3)})" if np.isfinite(low) else ""
        marks.append(
            f'<circle cx="{x}" cy="{scale.y(mean)}" r="5" fill="{inside}" stroke="{_tone(mean)}" stroke-width="2">'
            f"<title>{told}</title></circle>"
        )
        marks.append(_below(x, _duration(minutes, words), here=minutes == horizon))
    return marks


def _added_up(cases: Cases) -> Sequence[str]:
    """Over time, a step an event."""
    order = np.argsort(cases.time, kind="stable")
    time, total = cases.time[order], np.cumsum((cases.forward - cases.base)[order])
    first, span = int(time[0]), max(1, int(time[-1] - time[0]))
    scale = _Scale(total.tolist())
    path = [f"M{_LEFT} {scale.y(0.0)}"]
    for at, value in zip(time.tolist(), total.tolist(), strict=True):
        path.append(f"H{_across(at - first, span)}V{scale.y(value)}")
    names = {_LEFT: (first, "start"), _WIDTH - _RIGHT: (first + span, "end")}
    return [
        *scale.marks(),
        f'<path d="{"".join(path)}" fill="none" stroke="var(--line)" stroke-width="1.5"/>',
        *(_below(x, _date(at), anchor=anchor) for x, (at, anchor) in names.items()),
    ]


def _months(cases: Cases) -> Sequence[str]:
    names = np.array([_date(at)[:7] for at in cases.time.tolist()])
    above = cases.forward - cases.base
    by_month = {str(name): above[names == name] for name in np.unique(names)}
    means = {name: float(each.mean()) for name, each in by_month.items()}
    scale, many = _Scale(list(means.values())), len(means)
    width, every = min(_BAR_MOST, 0.7 * (_WIDTH - _LEFT - _RIGHT) / many), -(-many // 6)
    marks = [*scale.marks()]
    for i, (name, mean) in enumerate(means.items()):
        x = _across(i + 0.5, many)
        top, bottom = sorted((scale.y(mean), scale.y(0.0)))
        marks.append(
            f'<rect x="{x - width / 2:.1f}" y="{top}" width="{width:.1f}" height="{max(1.0, bottom - top):.1f}" '
            f'fill="{_tone(mean)}"><title>{name}: {with_sign(mean, 3)} % (n {len(by_month[name])})</title></rect>'
        )
        if i % every == 0:
            marks.append(_below(x, name))
    return marks


def _calendar(cases: Cases, week: str) -> Sequence[str]:
    """A square a day, a column a week from Monday on, stronger with more events."""
    counts = Counter((cases.time // DAY_MS).tolist())
    last, most = max(counts), max(counts.values())
    end = (last + _MONDAY) // 7
    begin = max((min(counts) + _MONDAY) // 7, end - _WEEKS + 1)
    first = max(min(counts), begin * 7 - _MONDAY)
    step = min((_HEIGHT - _TOP - _BOTTOM) / 7, (_WIDTH - _LEFT - _RIGHT) / (end - begin + 1))
    marks = [
        f'<text x="{_LEFT - 8}" y="{_TOP + step * (at + 0.75):.1f}" text-anchor="end">{week[at]}</text>'
        for at in (range(7) if step >= _LETTER else ())
    ]
    free = 0.0
    for day in range(first, last + 1):
        column, row = divmod(day + _MONDAY - begin * 7, 7)
        x, date = _LEFT + column * step, _date(day * DAY_MS)
        if (date.endswith("-01") or day == first) and x >= free:
            # the year where it is news
            name = date[:7] if day == first or date[5:7] == "01" else date[5:7]
            marks.append(f'<text x="{x:.1f}" y="{_TOP + 7 * step + 12:.1f}">{name}</text>')
            free = x + _LETTER * 0.6 * len(name)
        count = counts.get(day, 0)
        tone, strength = ("line", 0.25 + 0.75 * count / most) if count else ("dim", 0.5)
        marks.append(
            f'<rect x="{x:.1f}" y="{_TOP + row * step:.1f}" width="{0.86 * step:.1f}" height="{0.86 * step:.1f}" '
            f'fill="var(--{tone})" fill-opacity="{strength:.2f}"><title>'
            f"{date}: {count}</title></rect>"
        )
    return marks


def _tone(value: float) -> str:
    return "var(--up)" if value > 0 else "var(--down)"


def _date(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d}"


def _duration(minutes: int, words: Mapping[str, str]) -> str:
    whole = minutes % HOUR_MINUTES == 0
    return f"{minutes // HOUR_MINUTES}{words['h']}" if whole else f"{minutes}{words['min']}"


def _across(step: float, steps: float) -> float:
    return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * step / steps, 1)


def _below(x: float, text: str, anchor: str = "middle", here: bool = False) -> str:
    """A name under the figure. here: of what is looked at."""
    own = ' class="here"' if here else ""
    return f'<text x="{x}" y="{_HEIGHT - 5}" text-anchor="{anchor}"{own}>{text}</text>'


def _svg(marks: Sequence[str], name: str) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(name)}">{"".join(marks)}</svg>'


class _Scale:
    """From values, percent, to heights in a figure in which 0 is always seen."""

    def __init__(self, values: Sequence[float]) -> None:
        self._low, self._high = min([0.0, *values]), max([0.0, *values])

    def y(self, value: float) -> float:
        reach = (self._high - self._low) or 1.0
        return round(_TOP + (_HEIGHT - _TOP - _BOTTOM) * (self._high - value) / reach, 1)

    def marks(self) -> Sequence[str]:
        """A line at zero; the numbers at the ends and at zero, where they do not cover one another."""
        most = max(-self._low, self._high)
        digits = 0 if most >= 100 else 1 if most >= 10 else 2 if most >= 0.1 else 3
        zero, named = self.y(0.0), list[float]()
        marks = [f'<path d="M{_LEFT} {zero}H{_WIDTH - _RIGHT}" stroke="var(--dim)"/>']
        for value in (0.0, self._high, self._low):
            at = self.y(value)
            if all(abs(at - each) >= _LETTER for each in named):
                named.append(at)
                text = with_sign(value, digits) if value else "0"
                marks.append(f'<text x="{_LEFT - 6}" y="{at + 4}" text-anchor="end">{text}</text>')
        return marks
