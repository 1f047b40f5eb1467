"""Where a running scan is shown: a live table on a terminal, plain lines in a pipe, JSON lines on request."""

import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from coinmon.clock import Clock
from coinmon.config.load import Config
from coinmon.model.events import Event, as_json

if TYPE_CHECKING:
    from coinmon.report.table.figures import MarketStore


class Screen(Protocol):
    """Takes events as they happen."""

    @property
    def log(self) -> Callable[[str], Any] | None:
        """Where log lines go; None: standard error."""
        ...

    def take(self, event: Event) -> None: ...

    def progress(self, done: int, everything: int) -> None: ...

    def shown(self, clock: Clock, stop: Callable[[], None]) -> AbstractAsyncContextManager[None]:
        """While the block runs. `stop` is called when there is nobody left to show anything to."""
        ...


def screen_for(
    config: Config,
    *,
    as_json: bool,
    store: "Callable[[Clock], AbstractContextManager[MarketStore]] | None" = None,
) -> Screen:
    """store: opens what is stored, for the interactive table; None: the table is only looked at."""
    if as_json:
        return JsonScreen()
    if not sys.stdout.isatty():
        return PlainScreen()
    # keys come from the one, and the table is drawn on the other
    talks = sys.stdin.isatty() and sys.stderr.isatty() and os.environ.get("TERM") not in (None, "dumb")
    if store is not None and talks:
        from coinmon.report.table.screen import InteractiveScreen

        return InteractiveScreen(config, store)
    return TableScreen(config)


class _Piped:
    """Standard output as a stream of lines. When its reader has left, `stop` is called: nobody can be told anything."""

    def __init__(self) -> None:
        self._out = sys.stdout.buffer
        self._left = False
        self._stop: Callable[[], None] = lambda: None

    def _write(self, data: bytes) -> None:
        if self._left:
            return
        try:
            self._out.write(data)
            self._out.flush()
        except BrokenPipeError:
            self._left = True
            self._stop()

    def progress(self, done: int, everything: int) -> None:
        """Lines in a pipe do not move."""

    @asynccontextmanager
    async def shown(self, clock: Clock, stop: Callable[[], None]) -> AsyncIterator[None]:
        self._stop = stop
        try:
            # what a plugin prints is none of our lines
            with redirect_stdout(sys.stderr):
                yield
        finally:
            if self._left:
                raise BrokenPipeError


class JsonScreen(_Piped):
    """One JSON object a line on stdout, the log on stderr."""

    log: Callable[[str], Any] | None = None

    def take(self, event: Event) -> None:
        # orjson writes NaN and infinity as null
        self._write(orjson.dumps(as_json(event), option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE))


class PlainScreen(_Piped):
    """The log's lines on stdout: what the `log` output says of each event."""

    def log(self, line: str) -> None:
        self._write(line.encode(errors="replace"))

    def take(self, event: Event) -> None:
        """The log output says it."""


class TableScreen:
    """The live table, with the log scrolling above it."""

    def __init__(self, config: Config) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        from coinmon.report.live_table import Board

        self._console = Console()
        self._board = Board(list(config.exchanges), config.lang)
        words = "读取行情" if config.lang == "zh" else "reading instruments"
        columns = (TextColumn(words), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=self._console)
        self._task = self._progress.add_task(words, total=None, visible=False)
        self._clock = Clock()

    def log(self, line: str) -> None:
        """The table says what flows and when a scan begins; the log is for the rest."""
        if "💰" not in line and "===" not in line:
            self._console.print(line.rstrip("\n"), markup=False, highlight=False)

    def take(self, event: Event) -> None:
        self._board.take(event)

    def progress(self, done: int, everything: int) -> None:
        self._progress.update(self._task, completed=done, total=everything, visible=done < everything)

    @asynccontextmanager
    async def shown(self, clock: Clock, stop: Callable[[], None]) -> AsyncIterator[None]:
        from rich.live import Live

        self._clock = clock
        with Live(self, console=self._console, refresh_per_second=4):
            yield

    def __rich__(self) -> Any:
        from rich.console import Group

        width, height = self._console.size
        trouble = self._board.trouble()
        # the head, the caption, the progress bar and a line of the log stay in sight
        table = self._board.table(self._clock.now(), width, height - len(trouble) - 4)
        return Group(table, *trouble, self._progress)
