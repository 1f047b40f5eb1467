"""Where a running scan is shown: a live table on a terminal, plain lines in a pipe, JSON lines on request."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import orjson

from coinmon.clock import Clock
from coinmon.config import Config
from coinmon.notify.events import Event


class Screen(Protocol):
    """Takes events as they happen."""

    @property
    def log(self) -> Callable[[str], Any] | None:
        """Where log lines go; None: standard error."""
        ...

    def take(self, event: Event) -> None: ...

    def progress(self, done: int, everything: int) -> None: ...

    @contextmanager
    def shown(self, clock: Clock) -> Iterator[None]: ...


def screen_for(config: Config, *, as_json: bool) -> Screen:
    if as_json:
        return JsonScreen()
    return TableScreen(config) if sys.stdout.isatty() else PlainScreen()


class JsonScreen:
    """One JSON object a line on stdout, the log on stderr."""

    log: Callable[[str], Any] | None = None

    def take(self, event: Event) -> None:
        # orjson writes NaN and infinity as null
        sys.stdout.buffer.write(orjson.dumps(event, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE))
        sys.stdout.buffer.flush()

    def progress(self, done: int, everything: int) -> None:
        """Nobody is looking."""

    @contextmanager
    def shown(self, clock: Clock) -> Iterator[None]:
        yield


class PlainScreen:
    """The log's lines on stdout: what the `log` output says of each event."""

    @staticmethod
    def log(line: str) -> None:
        sys.stdout.write(line)
        sys.stdout.flush()

    def take(self, event: Event) -> None:
        """The log output says it."""

    def progress(self, done: int, everything: int) -> None:
        """Lines in a pipe do not move."""

    @contextmanager
    def shown(self, clock: Clock) -> Iterator[None]:
        yield


class TableScreen:
    """The live table, with the log scrolling above it."""

    def __init__(self, config: Config) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        from coinmon.report.board import Board

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

    @contextmanager
    def shown(self, clock: Clock) -> Iterator[None]:
        from rich.live import Live

        self._clock = clock
        with Live(self, console=self._console, refresh_per_second=4):
            yield

    def __rich__(self) -> Any:
        from rich.console import Group

        return Group(self._board.table(self._clock.now()), *self._board.trouble(), self._progress)
