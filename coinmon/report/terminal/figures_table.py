"""A table whose figures are never cut: where a terminal has no room for its columns, each row becomes a few lines."""

from collections.abc import Collection, Iterator, Sequence

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

_GAP = "  "


def figures_table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], width: int, words: Collection[int] = (), title: str = ""
) -> RenderableType:
    """heads, rows: as many cells each. words: the columns, by number, that are no figures: they stand at the left, and
    name the row where it becomes lines of `head figure`."""
    columns = list(zip(heads, *rows, strict=True))
    if sum(max(map(cell_len, each)) + len(_GAP) for each in columns) - len(_GAP) > width:
        lines = [line for row in rows for line in _lines(heads, row, width, words)]
        return Group(*([Text(title, "italic")] if title else []), *lines)
    table = Table(box=None, header_style="bold", pad_edge=False, title=title or None)
    for number, head in enumerate(heads):
        table.add_column(head, justify="left" if number in words else "right", no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _lines(heads: Sequence[str], row: Sequence[str], width: int, words: Collection[int]) -> Iterator[Text]:
    yield Text(_GAP.join(row[number] for number in words), "bold")
    line = ""
    for number, (head, cell) in enumerate(zip(heads, row, strict=True)):
        if number in words:
            continue
        figure = f"{_GAP}{head} {cell}"
        if line and cell_len(line + figure) > width:
            yield Text(line)
            line = ""
        line += figure
    yield Text(line)
