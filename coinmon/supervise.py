"""Background tasks whose end somebody notices: each has a name, is logged when it dies, and is started again."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from time import monotonic
from typing import Any, TypeVar

from loguru import logger

from coinmon.errors import DatabaseFailed, our_stop, words_of
from coinmon.repeats import Repeats

_T = TypeVar("_T")
_FIRST_RESTART_S, _LONGEST_RESTART_S = 1.0, 60.0
"""Seconds before a task that died is started again: doubled each time it dies soon after."""
_LAST_WORDS_S = 5.0
"""Seconds that tasks get to end when they are asked to."""


class TaskRecord:
    """How a task of this name is: alive: it runs, or ended well; restarts: how often it died; error: of what last."""

    def __init__(self, name: str, repeats: Repeats) -> None:
        self.name = name
        self.alive = True
        self.restarts = 0
        self.error: str | None = None
        self._repeats = repeats

    def as_json(self) -> dict[str, Any]:
        return {"alive": self.alive, "restarts": self.restarts, "error": self.error}

    def died(self, error: BaseException | None, cure: str, *, traced: bool = False) -> None:
        """It is an error in the log, where the same one was not said within the minute; `traced`: with its traceback.

        error: None where it ended though it should not.
        """
        why = words_of(error) if error else "it ended"
        self.alive, self.error = False, why
        self.restarts += 1
        if self._repeats.is_news(_fault(error, f"{self.name}: {why}")):
            logger.opt(exception=error if traced else None).error("{} died: {}; {}", self.name, why, cure)


class SupervisedTask:
    """One task that runs until it is stopped."""

    def __init__(self, record: TaskRecord, work: Callable[[], Awaitable[None]]) -> None:
        self._record, self._work = record, work
        self._task = asyncio.get_running_loop().create_task(self._run(), name=record.name)

    @property
    def ended(self) -> bool:
        return self._task.done()

    def anew(self) -> "SupervisedTask":
        """Another in its place; it need not be waited for."""
        self._task.cancel()
        return SupervisedTask(self._record, self._work)

    async def stop(self) -> None:
        """End it, and do not start it again."""
        self._task.cancel()
        await asyncio.wait({self._task}, timeout=_LAST_WORDS_S)

    async def _run(self) -> None:
        pause = _FIRST_RESTART_S
        while True:
            began = monotonic()
            self._record.alive = True
            failure: BaseException | None = None
            try:
                await self._work()
            except BaseException as error:
                if our_stop(error):
                    raise
                failure = error
            if monotonic() - began > _LONGEST_RESTART_S:
                pause = _FIRST_RESTART_S
            self._record.died(failure, f"it is started again in {pause:.0f} s")
            await asyncio.sleep(pause)
            pause = min(_LONGEST_RESTART_S, 2 * pause)


class Supervisor:
    """The background tasks of one program. A name may be that of many short tasks, which share its row in health.

    repeats: those of the program's other supervisor, where it has two.
    """

    def __init__(self, repeats: Repeats | None = None) -> None:
        self.repeats = repeats or Repeats()
        """Faults that several tasks may notice: who is the first says them."""
        self._records: dict[str, TaskRecord] = {}
        self._lasting: dict[str, SupervisedTask] = {}
        self._short: set[asyncio.Task[Any]] = set()

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work`, and again whenever it ends, until `stop` or `close`."""
        assert name not in self._lasting, f"{name} runs already"
        self._lasting[name] = SupervisedTask(self.record(name), work)

    def restart(self, name: str) -> None:
        """Begin a task that runs anew, at once; it did not die."""
        if name in self._lasting:
            self._lasting[name] = self._lasting[name].anew()

    def runs(self, name: str) -> bool:
        """Whether it was started, and not stopped since."""
        return name in self._lasting

    async def stop(self, *names: str) -> None:
        """End these, where they run, and do not start them again."""
        tasks = [self._lasting.pop(name) for name in names if name in self._lasting]
        await asyncio.gather(*(task.stop() for task in tasks))

    def once(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something that ends; who began it does so again in its own time. Its failure is said like any death."""
        record = self.record(name)

        async def run() -> None:
            record.alive = True
            try:
                await work
            except BaseException as error:
                if our_stop(error):
                    raise
                record.died(error, "it is begun again when it is next due")

        task = asyncio.get_running_loop().create_task(run(), name=name)
        self._short.add(task)

        def done(task: asyncio.Task[None]) -> None:
            self._short.discard(task)
            # where it was cancelled before its first step
            work.close()

        task.add_done_callback(done)
        return task

    def is_news(self, error: BaseException, text: str) -> bool:
        """Whether to say of an error what `text` says: of a database that fails many hear at once, and one says it."""
        return self.repeats.is_news(_fault(error, text))

    def record(self, name: str) -> TaskRecord:
        """The row of a name, for who runs it himself."""
        return self._records.setdefault(name, TaskRecord(name, self.repeats))

    def as_json(self) -> dict[str, Any]:
        """How each is, by name."""
        rows = {name: record.as_json() for name, record in self._records.items()}
        for name, task in self._lasting.items():
            rows[name]["alive"] = rows[name]["alive"] and not task.ended
        return rows

    async def close(self) -> None:
        short, self._short = list(self._short), set()
        for task in short:
            task.cancel()
        await self.stop(*self._lasting)
        if short:
            await asyncio.wait(short, timeout=_LAST_WORDS_S)


async def gathered(*work: Awaitable[_T]) -> list[_T]:
    """What all come to once all have ended; then the first failure is raised: none is left behind to hold up others."""
    found: list[_T] = []
    for each in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(each, BaseException):
            raise each
        found.append(each)
    return found


def _fault(error: BaseException | None, text: str) -> str:
    return error.fault if isinstance(error, DatabaseFailed) else text
