"""What `coinmon signals` says: plain lines, or on a terminal what its like were worth too, and below it why."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from coinmon.model.signal import say
from coinmon.model.verdicts import verdict_words

_STYLES = {"bullish": "green", "bearish": "red"}
_INDENT = 4
_STATES = {
    "zh": {"on": "触发", "holds": "维持", "silent": "未触发", "waits": "等待数据"},
    "en": {"on": "on", "holds": "holds", "silent": "silent", "waits": "waits"},
}


def signals_listed(document: Mapping[str, Any], lang: str) -> RenderableType:
    """document: of `coinmon signals --json`."""
    rows: Sequence[Mapping[str, Any]] = document["signals"]
    parts: list[RenderableType] = [Text(f"{document['as_of'][:16]} UTC", "dim")]
    spans = [_span(each["time"], each["ended"], lang) for each in rows]
    width = max(map(cell_len, spans), default=0)
    for each, span in zip(rows, spans, strict=True):
        line = Text(f"{span}{' ' * (width - cell_len(span))}  ").append(f"{each['pair']:<9} ", "bold")
        line.append(f"[{each['grade']}] {each['title'][lang]}", _STYLES.get(each["direction"], ""))
        if record := each.get("record"):
            verdict = verdict_words(record["verdict"]).say(lang)
            line.append(f"（战绩：{verdict}）" if lang == "zh" else f" (record: {verdict})")
        parts += [line, Padding(Text(f"{each['reading'][lang]}  {each['id']}", "dim"), (0, 0, 0, _INDENT))]
    return Group(*parts)


def signals_explained(document: Mapping[str, Any], lang: str) -> RenderableType:
    """document: of `coinmon signals --explain --json`. What does not fit in a line goes on below itself."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, state, why in _explanations(document, lang):
        table.add_row(Text(name), Text(state), Text(why))
    return Group(Text(_head(document), "bold"), table)


def _span(began: str, ended: str | None, lang: str) -> str:
    """01-16 01:02-01:14: a day only where it is another."""
    day, first = began[5:10], began[11:16]
    if ended is None:
        return f"{day} {first} {'持续中' if lang == 'zh' else 'on'}"
    last = ended[11:16] if ended[5:10] == day else f"{ended[5:10]} {ended[11:16]}"
    # one of a single minute
    return f"{day} {first}" if last == first else f"{day} {first}-{last}"


def plain_lines(document: Mapping[str, Any], lang: str) -> Sequence[str]:
    """A line each, for a pipe."""
    if "explained" in document:
        width = max(map(len, document["explained"]), default=0)
        lines = (f"{name:<{width}}  {state}  {text}" for name, state, text in _explanations(document, lang))
        return [_head(document), *lines]
    rows = document["signals"]
    if not rows:
        return ["没有信号" if lang == "zh" else "no signal"]
    until = "持续中" if lang == "zh" else "on"
    return [
        f"{each['time']}  {each['ended'] or until:<20}  {each['pair']:<10}  {_worded(each, lang)}  {each['id']}"
        for each in rows
    ]


def _head(document: Mapping[str, Any]) -> str:
    return f"{document['pair']} {document['as_of']}"


def _explanations(document: Mapping[str, Any], lang: str) -> Iterator[tuple[str, str, str]]:
    """Each signal's name, its state and why; one that is on twice, twice."""
    for name, each in document["explained"].items():
        why = [say(each["reason"], lang)] if each["reason"] else [_numbered(event, lang) for event in each["events"]]
        yield from ((name, _STATES[lang][each["state"]], text) for text in why)


def _worded(event: Mapping[str, Any], lang: str) -> str:
    if event["event"] != "signal":
        return f"{event['event']} {event.get('instrument', '')} {event.get('side', '')} {event.get('quote', 0):,.0f}"
    return f"[{event['grade']}] {event['title'][lang]}: {event['reading'][lang]}"


def _numbered(event: Mapping[str, Any], lang: str) -> str:
    """With the figures that it rests on."""
    evidence = event.get("evidence") or {}
    figures = [f"{name} {_figure(value)}" for name, value in evidence.items() if isinstance(value, int | float | str)]
    for venue, each in (evidence.get("venues") or {}).items():
        figures.append(f"{venue} " + " ".join(f"{k} {_figure(v)}" for k, v in each.items() if isinstance(v, float)))
    return f"{_worded(event, lang)} ({', '.join(figures)})" if figures else _worded(event, lang)


def _figure(value: Any) -> str:
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
