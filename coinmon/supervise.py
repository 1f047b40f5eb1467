"""Background tasks whose end somebody notices: each has a name, is logged when it dies, and is started again."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

from loguru import logger

from coinmon.errors import our_stop, words_of

_FIRST_RESTART_S, _LONGEST_RESTART_S = 1.0, 60.0
"""Seconds before a task that died is started again: doubled each time it dies soon after."""
_SAME_ERROR_S = 60.0
"""Seconds in which the same end of the same task is one line of the log."""
_LAST_WORDS_S = 5.0
"""Seconds that tasks get to end when they are asked to."""


class SupervisedTask:
    """One task. alive: it runs now; restarts: how often it died; error: of what it died last, None: never."""

    def __init__(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        self.name = name
        self.alive = True
        self.restarts = 0
        self.error: str | None = None
        self._work = work
        self._logged: tuple[str, float] = ("", 0.0)
        self._task = asyncio.get_running_loop().create_task(self._run(), name=name)

    def as_json(self) -> dict[str, Any]:
        return {"alive": self.alive and not self._task.done(), "restarts": self.restarts, "error": self.error}

    async def stop(self) -> None:
        """End it, and do not start it again."""
        self._task.cancel()
        await asyncio.wait({self._task}, timeout=_LAST_WORDS_S)

    async def _run(self) -> None:
        pause = _FIRST_RESTART_S
        while True:
            began = monotonic()
            try:
                await self._work()
                why = "it ended"
            except BaseException as error:
                if our_stop(error):
                    raise
                why = words_of(error)
            self.alive, self.error = False, why
            self.restarts += 1
            if monotonic() - began > _LONGEST_RESTART_S:
                pause = _FIRST_RESTART_S
            self._say(why, pause)
            await asyncio.sleep(pause)
            pause = min(_LONGEST_RESTART_S, 2 * pause)
            self.alive = True

    def _say(self, why: str, pause: float) -> None:
        said, at = self._logged
        if why != said or monotonic() - at > _SAME_ERROR_S:
            self._logged = why, monotonic()
            logger.error("{} died: {}; it is started again in {:.0f} s", self.name, why, pause)


class Supervisor:
    """The background tasks of one program."""

    def __init__(self) -> None:
        self._tasks: dict[str, SupervisedTask] = {}

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work`, and again whenever it ends, until `close`."""
        assert name not in self._tasks, f"{name} runs already"
        self._tasks[name] = SupervisedTask(name, work)

    def as_json(self) -> dict[str, Any]:
        """How each is, by name."""
        return {name: task.as_json() for name, task in self._tasks.items()}

    async def close(self) -> None:
        tasks, self._tasks = self._tasks, {}
        await asyncio.gather(*(task.stop() for task in tasks.values()))
