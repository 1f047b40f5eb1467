"""The interactive table on a terminal: Textual's, loaded only when there is one."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.css.query import NoMatches
from textual.screen import ModalScreen, Screen
from textual.widgets import DataTable, Footer, Input, RichLog, Static

from coinmon.clock import Clock
from coinmon.errors import CoinmonError
from coinmon.model.events import Event
from coinmon.report.table.figures import MarketStore, PairFigures, figures_of
from coinmon.report.table.grid import PairGrid
from coinmon.report.table.rows import PairRow, columns
from coinmon.report.table.state import TableState
from coinmon.report.table.terminal import driver_on
from coinmon.report.table.words import TABLE_WORDS
from coinmon.report.terminal.background_stream import BackgroundStream
from coinmon.spoken.phrases import speaker

_TICK_S = 0.25
_LOG_LINES = 500
_CSS = """
#status { height: auto; padding: 0 1; }
#filter { display: none; height: 3; }
#log { display: none; height: 30%; border-top: solid $primary; }
#log.open { display: block; }
PairGrid { height: 1fr; }
SheetScreen { align: center middle; }
SheetScreen VerticalScroll { width: 100%; height: 100%; padding: 0 1; background: $surface; }
"""


class SheetScreen(ModalScreen[None]):
    """A pair's report, as `coinmon report` prints it."""

    def __init__(self, pair: str, store: MarketStore, lang: str) -> None:
        super().__init__()
        words = TABLE_WORDS[lang]
        self._pair, self._store, self._lang = pair, store, lang
        self._waits = words["loading"].format(pair)
        for key in ("escape", "q", "enter"):
            self._bindings.bind(key, "app.pop_screen", words["back"], show=key == "escape")

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(self._waits, id="sheet")
        yield Footer()

    def on_mount(self) -> None:
        self.run_worker(self._fill(), exclusive=True)

    async def _fill(self) -> None:
        from coinmon.report.text import details, render

        try:
            report = await asyncio.to_thread(self._store.report, self._pair)
            width, height = self.app.size
            summary = await asyncio.to_thread(render, report, self._lang, width - 4, height)
            everything = await asyncio.to_thread(details, report, self._lang)
        except CoinmonError as error:
            self.query_one("#sheet", Static).update(Text(speaker(self._lang)(str(error)), "red"))
            return
        from rich.console import Group

        self.query_one("#sheet", Static).update(Group(summary, Text(""), everything))


class TableApp(App[None]):
    """Takes events and log lines from any thread, and shows them a quarter of a second later at most.

    stop: called when the user has enough. window: minutes of the flow; interval: ms between two scans. frames: what it
    draws on; None: what Textual chooses.
    """

    CSS = _CSS
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "leave", show=False, priority=True)]

    def __init__(
        self, venues: Sequence[str], lang: str, window: int, clock: Clock, store: MarketStore, interval: int,
        stop: Callable[[], None], frames: BackgroundStream | None = None,
    ) -> None:  # fmt: skip
        super().__init__(driver_on(frames) if frames else None)
        self._frames, self._left_out = frames, 0
        self.state = TableState()
        self.events: deque[Event] = deque()
        self.lines: deque[Text] = deque()
        self.read = (0, 0)
        self._lang, self._clock, self._store, self._stop = lang, clock, store, stop
        self._say = speaker(lang)
        self._interval = interval
        self._words: Mapping[str, str] = TABLE_WORDS[lang]
        self._columns = columns(venues, lang, window)
        self._mounted = False
        words = self._words
        for key, action, text in (
            ("s", "sort(1)", words["sort"]), ("r", "reverse", words["reverse"]),
            ("slash", "search", words["search"]), ("l", "log", words["log"]), ("q", "leave", words["quit"]),
        ):  # fmt: skip
            # at once: who types fast, or pastes, is to lose no letter behind it to the table
            self._bindings.bind(key, action, text, priority=action == "search")
        self._bindings.bind("S", "sort(-1)", show=False)
        self._bindings.bind("escape", "clear", show=False)

    def compose(self) -> ComposeResult:
        yield Static(self._words["nothing"], id="status")
        yield Input(placeholder=self._words["filter"], id="filter")
        yield PairGrid(self._columns, self._cell, self._words["open"])
        yield RichLog(id="log", max_lines=_LOG_LINES, wrap=True)
        yield Footer()

    @property
    def _lowest(self) -> "Screen[Any]":
        """The screen under all others. Raises NoMatches once it is gone."""
        if not self.screen_stack:
            raise NoMatches("the table was taken down")
        return self.screen_stack[0]

    @property
    def _table(self) -> PairGrid:
        return self._lowest.query_one(PairGrid)

    def on_mount(self) -> None:
        self._mounted = True
        self._table.focus()
        self.set_interval(_TICK_S, self._tick)
        self.run_worker(self._look())

    def _tick(self) -> None:
        """Show what came; before there is a table it waits for the next time."""
        if not self._mounted:
            return
        frames = self._frames
        if frames and frames.left_out != self._left_out and frames.is_empty:
            # the terminal takes what is drawn again, and has missed some
            self._left_out = frames.left_out
            self.screen.refresh()
        with suppress(NoMatches):
            self._take_in()

    def _take_in(self) -> None:
        came = len(self.events)
        while self.events:
            self.state.take(self.events.popleft())
        if came:
            self._draw()
        log = self._lowest.query_one("#log", RichLog)
        while self.lines:
            log.write(self.lines.popleft())
        self._show_status()

    def _show_status(self) -> None:
        # a table that ends loses its parts one after the other, and there may be a tick in between
        with suppress(NoMatches):
            self._lowest.query_one("#status", Static).update(self._status())

    def _status(self) -> Text:
        words, state = self._words, self.state
        table = self._table
        shown, everything = len(table.drawn), len(state.rows)
        parts = [words["pairs"].format(everything) if shown == everything else words["shown"].format(shown, everything)]
        done, all_of = self.read
        if done < all_of:
            parts.append(words["reading"].format(done, all_of))
        elif state.scanning:
            parts.append(words["scanning"])
        elif state.scans:
            left = (self._interval - self._clock.now() % self._interval) // 1000
            parts.append(words["next"].format(left))
        else:
            parts.append(words["nothing"])
        if state.sort:
            head = next(each.head.plain for each in self._columns if each.key == state.sort)
            parts.append(words["sorted"].format(head, "↓" if state.falling else "↑"))
        text = Text("  ".join(parts), "dim")
        text.append(f"  ← {table.before}" if table.before else "", "bold not dim")
        text.append(f"  +{table.after} {words['columns']} →" if table.after else "", "bold not dim")
        venues = (each for row in state.rows.values() for each in row.flow.venues.values())
        is_missing = table.shows("venue ") and any(not each.listed for each in venues)
        text.append(f"  {words['utc']}{words['unlisted'] if is_missing else ''}")
        chosen = state.rows.get(table.chosen or "")
        if "signal" in table.brief and chosen is not None:
            # its row has room for the grade alone
            text.append(f"\n{chosen.flow.pair} ", "not dim").append_text(self._said_last(chosen))
        for name, each in state.venues.items():
            if each.status != "ok":
                style = "yellow" if each.status == "degraded" else "red"
                text.append(f"\n{name} {words.get(each.status, each.status)}: {self._say(each.error or '')}", style)
        return text

    def _said_last(self, row: PairRow) -> Text:
        return row.cell("signal", self._lang) if row.heard else Text(self._words["silent"])

    def _draw(self) -> None:
        self._table.draw(self.state.shown())

    def _cell(self, pair: str, key: str, is_brief: bool) -> Text:
        return self.state.rows[pair].cell(key, self._lang, brief=is_brief)

    async def _look(self) -> None:
        """Until the table is taken down."""
        with suppress(NoMatches):
            await self._look_up()

    async def _look_up(self) -> None:
        """Look up the figures of the rows in sight, one after the other: hundreds of pairs would take a core."""
        while True:
            table, scans = self._table, self.state.scans
            first = int(table.scroll_y)
            pair = self.state.stale(table.drawn[first : first + self.size.height])
            if pair is None:
                await asyncio.sleep(_TICK_S)
                continue
            self.state.looked_at(pair, await asyncio.to_thread(self._figures, pair), scans)
            if pair in table.drawn:
                table.redraw(pair)

    def _figures(self, pair: str) -> PairFigures | None:
        try:
            return figures_of(self._store.market(pair), self.state.window)
        except CoinmonError:
            # the database does not answer now; the next scan asks again
            return None

    def on_data_table_row_highlighted(self) -> None:
        self._show_status()

    def on_pair_grid_moved(self) -> None:
        self._show_status()

    def on_data_table_row_selected(self, event: "DataTable.RowSelected") -> None:
        self.action_sheet()

    def on_data_table_header_selected(self, event: "DataTable.HeaderSelected") -> None:
        key = str(event.column_key.value)
        self.state.falling = not self.state.falling if self.state.sort == key else key != "pair"
        self.state.sort = key
        self._draw()

    def on_input_changed(self, event: Input.Changed) -> None:
        self.state.wanted = event.value
        self._draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self._table.focus()

    def action_sheet(self) -> None:
        pair = self._table.chosen
        if pair is not None and len(self.screen_stack) == 1:
            self.push_screen(SheetScreen(pair, self._store, self._lang))

    def action_sort(self, step: int) -> None:
        keys: list[Any] = [None, *(column.key for column in self._columns)]
        self.state.sort = keys[(keys.index(self.state.sort) + step) % len(keys)]
        self.state.falling = self.state.sort != "pair"
        if self.state.sort:
            self._table.bring(self.state.sort)
        self._draw()

    def action_reverse(self) -> None:
        self.state.falling = not self.state.falling
        self._draw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A stroke in the filter is one of a pair's name."""
        return action != "search" or (len(self.screen_stack) == 1 and not isinstance(self.focused, Input))

    def action_search(self) -> None:
        field = self.query_one("#filter", Input)
        field.display = True
        self.screen.set_focus(field)

    def action_clear(self) -> None:
        field = self.query_one("#filter", Input)
        field.value = ""
        field.display = False
        self._table.focus()

    def action_log(self) -> None:
        self.query_one("#log").toggle_class("open")

    def action_leave(self) -> None:
        self._stop()
