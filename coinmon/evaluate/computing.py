"""Plugins' code that computes, in threads: who is in it and for how long, and who blocks and is left alone."""

import asyncio
import threading
from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

from loguru import logger

from coinmon.errors import Abandoned, CoinmonError

_T = TypeVar("_T")
DEADLINE_S = 20.0
"""Seconds that one question to one plugin may take: a busy one takes a few hundredths."""
_LOOK_S = 0.5
_PAUSE_S = 60.0, 3600.0
"""Seconds for which one that blocked is not asked once it has come to an end: doubled each time, up to the longest."""


class StillBlocks(CoinmonError):
    """The plugin has not come to an end since it was asked before, or did so too late: it is not asked."""


class Computation(Generic[_T]):
    """Work in a thread of its own, which ends with the process: one that blocks keeps nothing else from a thread."""

    def __init__(self, work: Callable[["Computation[_T]"], _T]) -> None:
        self._work = work
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._returned: list[_T] = []
        self._raised: BaseException | None = None
        self._cut: Callable[[], None] = lambda: None
        thread = threading.Thread(target=self._run, name="computation", daemon=True)
        thread.start()
        self.thread = thread.ident or 0

    def on_abandon(self, cut: Callable[[], None]) -> None:
        """What to take from it when nobody waits for it any more, such as its connection to the database."""
        self._cut = cut

    def abandon(self) -> None:
        PLUGINS.abandon(self.thread)
        self._cut()

    async def ended(self, timeout_s: float) -> bool:
        try:
            async with asyncio.timeout(timeout_s):
                await self._ended.wait()
        except TimeoutError:
            return False
        return True

    def result(self) -> _T:
        if self._raised is not None:
            raise self._raised
        return self._returned[0]

    def _run(self) -> None:
        try:
            self._returned.append(self._work(self))
        except BaseException as error:
            self._raised = error
        PLUGINS.ended(threading.get_ident())
        try:
            self._loop.call_soon_threadsafe(self._ended.set)
        except RuntimeError:
            # the loop is closed: nobody waits any more
            return


class PluginsAtWork:
    """Which plugins' code each thread is in, the outermost first, and since when by the monotonic clock."""

    def __init__(self) -> None:
        self._stacks: dict[int, list[tuple[str, float]]] = {}
        self._abandoned: set[int] = set()
        self._resting: dict[str, tuple[float, float]] = {}

    def enter(self, what: str) -> None:
        """This thread goes into a plugin's code. Raises StillBlocks, and Abandoned where nobody waits for it."""
        thread, now = threading.get_ident(), monotonic()
        if thread in self._abandoned:
            raise Abandoned
        if self._resting and now < self._resting.get(what, (0.0, 0.0))[0]:
            raise StillBlocks(f"{what} blocks: it is not asked meanwhile")
        for stack in tuple(self._stacks.values()):
            if stack and stack[-1][0] == what and now - stack[-1][1] > DEADLINE_S:
                self._blame(what)
                raise StillBlocks(f"{what} blocks: it is not asked meanwhile")
        self._stacks.setdefault(thread, []).append((what, now))

    def leave(self) -> None:
        thread = threading.get_ident()
        what, began = self._stacks[thread].pop()
        if not self._stacks[thread]:
            del self._stacks[thread]
        if self._resting and self._resting.get(what, (0.0, 0.0))[0] == float("inf"):
            pause = min(_PAUSE_S[1], 2 * self._resting[what][1] or _PAUSE_S[0])
            self._resting[what] = monotonic() + pause, pause
            logger.info(
                "{} came to an end after {:.0f} s; it is asked again in {:.0f} s", what, monotonic() - began, pause
            )

    def late(self, thread: int) -> str | None:
        """The plugin that has kept this thread for too long; it is named in the log, and not asked any more."""
        stack, now = [*self._stacks.get(thread, ())], monotonic()
        if not stack or now - stack[0][1] < DEADLINE_S:
            return None
        # one that asks others without end is late itself
        what: str = stack[-1][0] if now - stack[-1][1] > DEADLINE_S / 2 else stack[0][0]
        self._blame(what)
        return what

    def abandon(self, thread: int) -> None:
        self._abandoned.add(thread)

    def ended(self, thread: int) -> None:
        self._abandoned.discard(thread)
        self._stacks.pop(thread, None)

    def _blame(self, what: str) -> None:
        until, pause = self._resting.get(what, (0.0, 0.0))
        if until != float("inf"):
            self._resting[what] = float("inf"), pause
            logger.error("{} blocks for more than {:.0f} s: it is left out until it comes to an end", what, DEADLINE_S)


PLUGINS = PluginsAtWork()
"""Of this process: whoever computes learns who blocks."""


async def computed(work: Callable[[Computation[_T]], _T]) -> _T:
    """What `work` comes to; where a plugin blocks in it, it is begun anew without that one."""
    while True:
        computation = Computation(work)
        while not await computation.ended(_LOOK_S):
            if PLUGINS.late(computation.thread) is not None:
                computation.abandon()
                break
        else:
            return computation.result()
