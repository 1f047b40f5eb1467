"""How a long piece of work shows itself: a bar on a terminal, lines in a pipe."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Lines:
    """A line for everything that was done."""

    def begin(self, what: str, steps: int) -> None: ...

    def step(self, text: str, *, done: bool = True) -> None:
        print(text, flush=True)  # noqa: T201

    def received(self, size: int) -> None: ...


class Bar:
    """One bar for all of it, and above it the lines."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=0, received=0.0)

    def begin(self, what: str, steps: int) -> None:
        task = self._bar.tasks[0]
        self._bar.update(self._task, description=what, total=(task.total or 0) + steps)

    def step(self, text: str, *, done: bool = True) -> None:
        self._bar.console.print(text, markup=False, highlight=False)
        self._bar.advance(self._task, int(done))

    def received(self, size: int) -> None:
        self._bar.update(self._task, received=self._bar.tasks[0].fields["received"] + size / 1e6)


@contextmanager
def progress() -> Iterator[Lines | Bar]:
    if not sys.stdout.isatty():
        yield Lines()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[received]:.0f} MB"),
        TimeElapsedColumn(),
    )
    with Progress(*columns) as bar:
        yield Bar(bar)
