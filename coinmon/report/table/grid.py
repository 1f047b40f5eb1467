"""The rows and columns of the interactive table: a column is whole or not there, and it is known how many are not."""

from collections.abc import Callable, Sequence
from itertools import accumulate, chain, combinations, takewhile

from rich.text import Text
from textual.message import Message
from textual.widgets import DataTable

from coinmon.report.table.rows import TableColumn

_SCROLLBAR_WIDTH = 1

Texts = dict[tuple[str, str], Text]
"""By pair and column."""


class PairGrid(DataTable[Text]):
    """A row a pair. The first column stays; the arrow keys bring those of the others that there is no room for.

    cell: what stands in a pair's column, whole or brief, by the column's key. opens: what Enter does, in words.
    """

    class Moved(Message):
        """Other columns are seen."""

    DEFAULT_CSS = f"PairGrid {{ overflow-x: hidden; scrollbar-size-vertical: {_SCROLLBAR_WIDTH}; }}"

    def __init__(self, columns: Sequence[TableColumn], cell: Callable[[str, str, bool], Text], opens: str) -> None:
        super().__init__(id="table", cursor_type="row", fixed_columns=1, zebra_stripes=True)
        # one that stands in the footer, in place of the library's
        self._bindings.key_to_bindings.pop("enter", None)
        self._bindings.bind("enter", "select_cursor", opens)
        self.drawn: list[str] = []
        self._all, self._cell = columns, cell
        self._from = 1
        self._shown: list[TableColumn] = []
        self._texts: Texts = {}
        self.brief: set[str] = set()
        """Columns that had no room for all that is to be said there."""
        self._widths: dict[str, int] = {}

    @property
    def before(self) -> int:
        """Columns to the left that are not seen."""
        return self._from - 1

    @property
    def after(self) -> int:
        """Columns to the right that are not seen."""
        return len(self._all) - self.before - len(self._shown)

    def shows(self, kind: str) -> bool:
        """Whether a column is seen whose key begins so."""
        return any(each.key.startswith(kind) for each in self._shown)

    @property
    def chosen(self) -> str | None:
        """The pair that the cursor is on."""
        at = self.cursor_row
        return self.drawn[at] if 0 <= at < len(self.drawn) else None

    def draw(self, order: Sequence[str]) -> None:
        """Cells that changed; all rows again where their order did, or the columns that there is room for."""
        written = _Written(self._cell, order, self.cell_padding)
        scrolls = len(order) + self.header_height > self.size.height
        fixed, rest = self._all[0], self._all[self._from :]
        room = self.size.width - _SCROLLBAR_WIDTH * scrolls - written.width(fixed)
        wanted = [each for each in rest if each.has_brief]
        # as few of them brief as it takes to see them all
        for brief in chain.from_iterable(combinations(wanted, number) for number in range(len(wanted) + 1)):
            written.brief = {each.key for each in brief}
            shown = written.whole(rest, room)
            if all(each in shown for each in wanted):
                break
        # where the last one is seen, what room is left is for those before it
        while self._from > 1 and shown[-1] is self._all[-1]:
            more = [self._all[self._from - 1], *shown]
            if len(written.whole(more, room)) < len(more):
                break
            self._from, shown = self._from - 1, more
        shown, self.brief = [fixed, *shown], written.brief
        self._widths = {each.key: written.width(each) for each in shown}
        texts = written.texts(shown)
        if order != self.drawn or shown != self._shown:
            self._draw_all(order, shown, texts)
            return
        for pair in order:
            self._draw_cells(pair, texts)

    def redraw(self, pair: str) -> None:
        """One row; the others too where it needs more room than there was."""
        texts = {(pair, each.key): self._cell(pair, each.key, each.key in self.brief) for each in self._shown}
        if any(text.cell_len + 2 * self.cell_padding > self._widths[key] for (_, key), text in texts.items()):
            self.draw(self.drawn)
        else:
            self._draw_cells(pair, texts)

    def bring(self, key: str) -> None:
        """Move the columns until this one is seen."""
        at = next(number for number, each in enumerate(self._all) if each.key == key)
        if 0 < at < self._from:
            self._move(at - self._from)
        while at >= self._from + len(self._shown) - 1 and self.after:
            self._move(1)

    def action_cursor_right(self) -> None:
        if self.after:
            self._move(1)

    def action_cursor_left(self) -> None:
        if self.before:
            self._move(-1)

    def on_resize(self) -> None:
        self.draw(self.drawn)

    def _move(self, by: int) -> None:
        self._from += by
        self.draw(self.drawn)
        self.post_message(self.Moved())

    def _draw_all(self, order: Sequence[str], shown: list[TableColumn], texts: Texts) -> None:
        chosen, down = self.chosen, self.scroll_y
        self.clear(columns=True)
        for column in shown:
            self.add_column(column.head, key=column.key)
        for pair in order:
            self.add_row(*(texts[pair, column.key] for column in shown), key=pair)
        self.drawn, self._shown, self._texts = list(order), shown, texts
        if chosen in self.drawn:
            self.move_cursor(row=self.drawn.index(chosen), animate=False)
        self.scroll_to(0, down, animate=False)

    def _draw_cells(self, pair: str, texts: Texts) -> None:
        for column in self._shown:
            text, before = texts[pair, column.key], self._texts[pair, column.key]
            if before.markup != text.markup:
                self._texts[pair, column.key] = text
                self.update_cell(pair, column.key, text, update_width=True)


class _Written:
    """The texts of columns, each written once. brief: keys of those of which less is said."""

    def __init__(self, cell: Callable[[str, str, bool], Text], order: Sequence[str], padding: int) -> None:
        self.brief: set[str] = set()
        self._cell, self._order, self._padding = cell, order, padding
        self._columns: dict[tuple[str, bool], list[Text]] = {}

    def _column(self, key: str) -> list[Text]:
        wanted = key, key in self.brief
        if wanted not in self._columns:
            self._columns[wanted] = [self._cell(pair, *wanted) for pair in self._order]
        return self._columns[wanted]

    def width(self, column: TableColumn) -> int:
        return max([column.head.cell_len, *(each.cell_len for each in self._column(column.key))]) + 2 * self._padding

    def whole(self, columns: Sequence[TableColumn], room: int) -> list[TableColumn]:
        """As many of the first ones as there is room for; one at least, for a table of nothing says nothing."""
        taken = accumulate(map(self.width, columns))
        return list(columns[: max(1, sum(1 for _ in takewhile(lambda width: width <= room, taken)))])

    def texts(self, columns: Sequence[TableColumn]) -> Texts:
        return {
            (pair, each.key): text
            for each in columns
            for pair, text in zip(self._order, self._column(each.key), strict=True)
        }
