"""What `coinmon signals` says on a terminal: when, which pair, what, what its like were worth, and below it why."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from coinmon.model.verdicts import verdict_words

_STYLES = {"bullish": "green", "bearish": "red"}
_INDENT = 4


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


def signals_explained(head: str, rows: Iterable[tuple[str, str, str]]) -> RenderableType:
    """rows: name, state and why of each; what does not fit in a line goes on below itself."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, state, why in rows:
        table.add_row(Text(name), Text(state), Text(why))
    return Group(Text(head, "bold"), table)


def _span(began: str, ended: str | None, lang: str) -> str:
    """01-16 01:02-01:14: a day only where it is another."""
    day, first = began[5:10], began[11:16]
    if ended is None:
        return f"{day} {first} {'持续中' if lang == 'zh' else 'on'}"
    last = ended[11:16] if ended[5:10] == day else f"{ended[5:10]} {ended[11:16]}"
    # one of a single minute
    return f"{day} {first}" if last == first else f"{day} {first}-{last}"
