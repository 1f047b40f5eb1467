"""A running scan in the interactive table."""

import asyncio
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.text import Text

from coinmon.clock import Clock
from coinmon.config.load import Config
from coinmon.model.events import Event, SignalEvent, WhaleEvent
from coinmon.report.table.figures import MarketStore
from coinmon.report.terminal.background_stream import MAX_WAITING_FRAMES_BYTES, BackgroundStream, may_hang
from coinmon.report.terminal.told_line import SAID_BY_TABLES, told_line

if TYPE_CHECKING:
    from coinmon.report.table.app import TableApp

_LAST_LINES = 15
"""Of the log, printed again when the table has gone."""


class InteractiveScreen:
    """The table takes the whole terminal; the log is behind a key, and its last lines stay when it ends."""

    def __init__(self, config: Config, store: Callable[[Clock], AbstractContextManager[MarketStore]]) -> None:
        self._config = config
        self._store = store
        self._app: TableApp | None = None
        self._last: deque[str] = deque(maxlen=_LAST_LINES)

    def log(self, line: str) -> None:
        """The table says what flows and when a scan begins; the log is for the rest."""
        if not any(mark in line for mark in SAID_BY_TABLES):
            self._keep(Text(line.rstrip("\n")))

    def take(self, event: Event) -> None:
        if self._app:
            self._app.events.append(event)
        if isinstance(event, SignalEvent | WhaleEvent):
            width = self._app.size.width if self._app else 0
            self._keep(told_line(event, self._config.reader_lang, ZoneInfo(self._config.timezone), width))

    def _keep(self, line: Text) -> None:
        self._last.append(line.plain)
        if self._app:
            self._app.lines.append(line)

    def progress(self, done: int, everything: int) -> None:
        if self._app:
            self._app.read = done, everything

    def _say_last(self, frames: BackgroundStream | None) -> None:
        """Where the terminal still takes anything."""
        if frames is not None:
            frames.close()
            if frames.error is not None or not frames.is_empty:
                return
        for line in self._last:
            print(line)  # noqa: T201

    @asynccontextmanager
    async def shown(self, clock: Clock, stop: Callable[[], None]) -> AsyncIterator[None]:
        from coinmon.report.table.app import TableApp

        config = self._config
        terminal = sys.__stderr__ or sys.stderr
        frames = BackgroundStream(terminal, stop, MAX_WAITING_FRAMES_BYTES) if may_hang(terminal) else None
        with self._store(clock) as store:
            app = TableApp(
                list(config.exchanges), config.reader_lang, config.window, clock, store, config.interval, stop, frames
            )
            self._app = app
            running = asyncio.create_task(app.run_async())
            # whatever ends the table ends the scan, which nobody would see
            running.add_done_callback(lambda _: stop())
            try:
                yield
            finally:
                self._app = None
                app.exit()
                await asyncio.wait({running})
                await asyncio.to_thread(self._say_last, frames)
                # a table that failed stopped the scan, which ends as if Ctrl-C had been pressed: this says why
                if not running.cancelled():
                    running.result()
