"""The plain live table on a terminal, with the log scrolling above it."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from threading import RLock
from typing import IO, cast
from zoneinfo import ZoneInfo

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from coinmon.clock import Clock
from coinmon.config.load import Config
from coinmon.model.events import Event, SignalEvent, WhaleEvent
from coinmon.report.terminal.background_stream import MAX_WAITING_FRAMES_BYTES, BackgroundStream, may_hang
from coinmon.report.terminal.live_table import Board
from coinmon.report.terminal.told_line import SAID_BY_TABLES, told_line


class TableScreen:
    """Draws what `Board` keeps, four times a second."""

    def __init__(self, config: Config, *, goes_on: bool) -> None:
        self._stream = (
            BackgroundStream(sys.stdout, lambda: self._stop(), MAX_WAITING_FRAMES_BYTES)
            if goes_on and may_hang(sys.stdout)
            else None
        )
        self._stop: Callable[[], None] = lambda: None
        self._console = Console(file=cast("IO[str] | None", self._stream))
        self._config = config
        self._board = Board(list(config.exchanges), config.reader_lang)
        words = "读取行情" if config.reader_lang == "zh" else "reading instruments"
        columns = (TextColumn(words), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=self._console)
        self._task = self._progress.add_task(words, total=None, visible=False)
        self._clock = Clock()
        self._drawing = RLock()

    def log(self, line: str) -> None:
        """The table says what flows and when a scan begins; the log is for the rest."""
        if not any(mark in line for mark in SAID_BY_TABLES):
            self._print(line.rstrip("\n"))

    def take(self, event: Event) -> None:
        self._board.take(event)
        if isinstance(event, SignalEvent | WhaleEvent):
            lang, zone = self._config.reader_lang, ZoneInfo(self._config.timezone)
            self._print(told_line(event, lang, zone, self._console.width))

    def _print(self, line: str | Text) -> None:
        # the library works out where the table stands before it draws: whoever draws meanwhile leaves a piece of it
        with self._drawing:
            self._console.print(line, markup=False, highlight=False)

    def progress(self, done: int, everything: int) -> None:
        self._progress.update(self._task, completed=done, total=everything, visible=done < everything)

    @asynccontextmanager
    async def shown(self, clock: Clock, stop: Callable[[], None]) -> AsyncIterator[None]:
        self._clock, self._stop = clock, stop
        try:
            with Live(self, console=self._console, refresh_per_second=4) as live:
                self._drawing = live._lock
                yield
        finally:
            if self._stream is not None:
                await asyncio.to_thread(self._stream.close)

    def __rich__(self) -> Group:
        width, height = self._console.size
        # the progress bar and a line of the log stay in sight
        return Group(self._board.draw(self._clock.now(), width, height - 2), self._progress)
