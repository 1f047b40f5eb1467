"""Tasks side by side in processes of our own, one task at a time in each: a process that dies costs its task one try.

In a pool of the standard library the death of one process fails the tasks of all the others too.
"""

import multiprocessing
import pickle
import signal
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from coinmon.errors import CoinmonError

Task = TypeVar("Task")
Answer = TypeVar("Answer")

_MAX_TRIES = 3
"""How often a task is tried whose process dies, in all."""
_LAST_WORDS_S = 5.0
"""How long is waited for the end of a process that has closed its pipe."""


class Processes:
    """Up to `jobs` processes of our own that go on from one list of tasks to the next; ended with the `with` block.

    begin: entered once in each process, it gives what works on a task; it, tasks and answers can be pickled.
    """

    def __init__(self, begin: Callable[[], AbstractContextManager[Callable[[Any], Any]]], jobs: int) -> None:
        self._begin = begin
        self._jobs = jobs
        self._idle: list[_Worker] = []
        self._busy: dict[_Worker, int] = {}

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *_raised: object) -> None:
        for worker in (*self._idle, *self._busy):
            worker.end()

    def answers(
        self, tasks: Sequence[Any], progress: Callable[[int, int], None] = lambda _done, _all: None
    ) -> list[Any]:
        """The answer to each task, in the order of the tasks.

        Raises what a task raised, and CoinmonError for a task whose process died at every try; then it is to be left.
        """
        answers: dict[int, Any] = {}
        died = [0] * len(tasks)
        due = deque(range(len(tasks)))
        while due or self._busy:
            while due and len(self._busy) < self._jobs:
                worker, task = self._idle.pop() if self._idle else _Worker(self._begin), due.popleft()
                self._busy[worker] = task
                worker.give(tasks[task])
            for worker in _ready(self._busy):
                task = self._busy[worker]
                try:
                    error, answer = worker.answer()
                except (EOFError, OSError) as gone:
                    del self._busy[worker]
                    how = worker.ended()
                    worker.end()
                    died[task] += 1
                    if died[task] == _MAX_TRIES:
                        raise CoinmonError(f"{tasks[task]}: its process {how} {_MAX_TRIES} times") from gone
                    due.append(task)
                    continue
                if error is not None:
                    raise error
                del self._busy[worker]
                self._idle.append(worker)
                answers[task] = answer
                progress(len(answers), len(tasks))
        return [answers[each] for each in range(len(tasks))]


def side_by_side(
    begin: Callable[[], AbstractContextManager[Callable[[Task], Answer]]],
    tasks: Sequence[Task],
    jobs: int,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> list[Answer]:
    """The answer to each task of one list, as `Processes` gives them."""
    with Processes(begin, jobs) as processes:
        return processes.answers(tasks, progress)


class _Worker:
    """A process, and our end of the pipe to it."""

    def __init__(self, begin: Callable[[], Any]) -> None:
        # a forked process would share what is open here, a database's connection among it
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(begin, theirs))
        self.process.start()
        # from now on the process alone has it, so that the pipe ends when the process does
        theirs.close()

    def give(self, task: object) -> None:
        try:
            self.pipe.send(task)
        except OSError:
            # it is dead, which is seen where its answer is read
            return

    def answer(self) -> tuple[Exception | None, Any]:
        """What its task raised, and what it answered. Raises EOFError or OSError if the process died."""
        if not self.pipe.poll():
            raise EOFError
        found: tuple[Exception | None, Any] = self.pipe.recv()
        return found

    def ended(self) -> str:
        """How a process that died did so: one that could not even begin has said why on standard error."""
        self.process.join(_LAST_WORDS_S)
        code = self.process.exitcode
        return f"ended by itself (exit {code}, see above)" if code is not None and code >= 0 else "was killed"

    def end(self) -> None:
        self.pipe.close()
        self.process.kill()
        self.process.join()
        self.process.close()


def _ready(workers: dict[_Worker, int]) -> list[_Worker]:
    """Those that have answered or died, at least one: waits for it."""
    ends: dict[Any, _Worker] = {}
    for each in workers:
        # a program that the process started may hold the pipe open after its death
        ends |= {each.pipe: each, each.process.sentinel: each}
    return list(dict.fromkeys(ends[each] for each in wait(list(ends))))


def _work(begin: Callable[[], AbstractContextManager[Callable[[Any], Any]]], pipe: "Connection[Any, Any]") -> None:
    """The life of a process: it ends when the other end of the pipe does."""
    # Ctrl-C in a terminal reaches all processes; the one that began the others ends them
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with begin() as work:
            while True:
                try:
                    task = pipe.recv()
                except EOFError:
                    return
                pipe.send((None, work(task)))
    except Exception as error:
        # nobody listens any more when the one that began this process is dead
        with suppress(OSError):
            pipe.send((_sendable(error), None))


def _sendable(error: Exception) -> Exception:
    """The error with where it was raised, or its words where it cannot be pickled."""
    error.add_note("".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return CoinmonError(f"{type(error).__name__}: {error}")
    return error
