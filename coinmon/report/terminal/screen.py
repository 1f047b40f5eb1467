"""Where a running scan is shown: a live table on a terminal, plain lines in a pipe, JSON lines on request."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any, Protocol

import orjson
from loguru import logger

from coinmon.clock import Clock
from coinmon.config.load import Config
from coinmon.model.events import Event, ScanStarted, as_json
from coinmon.report.terminal.background_stream import BackgroundStream, may_hang

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
    goes_on: bool = False,
    store: "Callable[[Clock], AbstractContextManager[MarketStore]] | None" = None,
) -> Screen:
    """store: opens what is stored, for the interactive table; None: the table is only looked at. goes_on: nobody who
    reads it holds up the scan; one scan alone waits, as every command in a pipe does."""
    if as_json:
        return JsonScreen(goes_on=goes_on)
    if not sys.stdout.isatty():
        return PlainScreen(goes_on=goes_on)
    # keys come from the one, and the table is drawn on the other
    talks = sys.stdin.isatty() and sys.stderr.isatty() and os.environ.get("TERM") not in (None, "dumb")
    if store is not None and talks:
        from coinmon.report.table.screen import InteractiveScreen

        return InteractiveScreen(config, store)
    from coinmon.report.terminal.table_screen import TableScreen

    return TableScreen(config, goes_on=goes_on)


class _Piped:
    """Standard output as a stream of lines. When its reader has left, `stop` is called: nobody can be told anything."""

    def __init__(self, *, goes_on: bool) -> None:
        self._out = sys.stdout.buffer
        self._stream = BackgroundStream(sys.stdout, self._leave) if goes_on and may_hang(sys.stdout) else None
        self._left = False
        self._missing = 0
        self._stop: Callable[[], None] = lambda: None

    def _leave(self) -> None:
        self._left = True
        self._stop()

    def _write(self, data: bytes) -> None:
        if self._left:
            return
        if self._stream is not None:
            self._stream.write(data)
            return
        try:
            self._out.write(data)
            self._out.flush()
        except BrokenPipeError:
            self._leave()

    def _newly_missing(self) -> int:
        """Lines that were left out since this was asked, because nobody read."""
        ever = self._stream.left_out if self._stream is not None else 0
        new, self._missing = ever - self._missing, ever
        return new

    def progress(self, done: int, everything: int) -> None:
        """Lines in a pipe do not move."""

    @asynccontextmanager
    async def shown(self, clock: Clock, stop: Callable[[], None]) -> AsyncIterator[None]:
        self._stop = stop
        if self._left:
            stop()
        try:
            # what a plugin prints is none of our lines
            with redirect_stdout(sys.stderr):
                yield
        finally:
            if self._stream is not None:
                await asyncio.to_thread(self._stream.close)
                if isinstance(self._stream.error, BrokenPipeError):
                    self._left = True
                elif self._stream.error is not None:
                    raise self._stream.error
            if self._left:
                # without a number: of one with EPIPE click makes exit code 1
                raise BrokenPipeError


class JsonScreen(_Piped):
    """One JSON object a line on stdout, the log on stderr."""

    log: Callable[[str], Any] | None = None

    def take(self, event: Event) -> None:
        if isinstance(event, ScanStarted) and (missing := self._newly_missing()):
            logger.warning("nobody reads standard output: {} lines were left out", missing)
        # orjson writes NaN and infinity as null
        self._write(orjson.dumps(as_json(event), option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE))


class PlainScreen(_Piped):
    """The log's lines on stdout: what the `log` output says of each event."""

    def log(self, line: str) -> None:
        if self._stream is not None and self._stream.is_empty and (missing := self._newly_missing()):
            self._write(f"... {missing} lines are missing here: nobody read them\n".encode())
        self._write(line.encode(errors="replace"))

    def take(self, event: Event) -> None:
        """The log output says it."""
