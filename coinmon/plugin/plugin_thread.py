"""Where a plugin's coroutines run: an event loop in a thread of its own: one that blocks holds up itself alone."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from loguru import logger

_T = TypeVar("_T")
_CANCEL_S = 2.0
"""Seconds in which code that awaits ends when it is cancelled; code that blocks does not."""


class PluginBlocks(TimeoutError):
    """A plugin's code has not given its thread back."""


class PluginThread:
    """Runs the coroutines of one plugin's object: `kind` and `name` are those of its offer.

    blocked: its code has not given the thread back since it was asked to.
    """

    def __init__(self, kind: str, name: str) -> None:
        self._what = f"{kind} {name}"
        self.blocked = False
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None

    async def call(self, work: Callable[[], Awaitable[_T]], timeout_s: float | None, *, to_the_end: bool = True) -> _T:
        """What `work` returns or raises, also a BaseException. Raises TimeoutError when it was cancelled as too late.

        One that blocks is named in the log, and waited for where it is done `to_the_end`: what a post does at last is
        what counts, since to begin it anew meanwhile could send a message twice. Else PluginBlocks is raised, by
        everything that is asked until the thread is given back. timeout_s: None for what may wait for ever.
        """
        if self.blocked and not to_the_end:
            raise PluginBlocks("its code blocks still")
        call = _Call(work)
        self._running().call_soon_threadsafe(call.start)
        try:
            done = await call.wait(timeout_s)
            if not done:
                call.cancel()
                done = await call.wait(_CANCEL_S)
            if not done:
                self.blocked = True
                logger.bind(plugin=self._name).error(
                    "{}: its code blocks for more than {:.0f} s: only what is asked of it waits",
                    self._what,
                    timeout_s or 0,
                )
                if not to_the_end:
                    call.when_ended(self._given_back)
                    raise PluginBlocks("its code blocks")
                await call.wait(None)
        except asyncio.CancelledError:
            call.cancel()
            raise
        self.blocked = False
        return call.result(timeout_s)

    def _given_back(self) -> None:
        self.blocked = False

    def close(self) -> None:
        """What blocks is left to itself: the thread ends with the process."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._loop = None

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            loop = asyncio.new_event_loop()
            threading.Thread(target=_forever, args=(loop,), name=self._what, daemon=True).start()
            self._loop = loop
        return self._loop


class _Call(Generic[_T]):
    """One call, made in the output's loop and waited for in ours."""

    def __init__(self, work: Callable[[], Awaitable[_T]]) -> None:
        self._work = work
        self._ours = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._theirs: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._cancelled = False
        self._returned: list[_T] = []
        self._raised: BaseException | None = None
        self._then: Callable[[], None] = lambda: None

    def start(self) -> None:
        self._theirs = asyncio.get_running_loop()
        if self._cancelled:
            self._say_ended()
            return
        self._task = self._theirs.create_task(self._run())

    async def _run(self) -> None:
        try:
            self._returned.append(await self._work())
        except BaseException as error:
            # all of them: SystemExit in a task would end the loop
            self._raised = error
        finally:
            self._say_ended()

    def _end(self) -> None:
        self._ended.set()
        self._then()

    def _say_ended(self) -> None:
        try:
            self._ours.call_soon_threadsafe(self._end)
        except RuntimeError:
            # our loop is closed: nobody waits any more
            return

    def cancel(self) -> None:
        self._cancelled = True
        if self._theirs is not None:
            self._theirs.call_soon_threadsafe(self._cancel_task)

    def _cancel_task(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def when_ended(self, then: Callable[[], None]) -> None:
        self._then = then
        if self._ended.is_set():
            then()

    async def wait(self, timeout_s: float | None) -> bool:
        try:
            async with asyncio.timeout(timeout_s):
                await self._ended.wait()
        except TimeoutError:
            return False
        return True

    def result(self, timeout_s: float | None) -> _T:
        if self._returned:
            return self._returned[0]
        if self._raised is None or (self._cancelled and isinstance(self._raised, asyncio.CancelledError)):
            raise TimeoutError(f"no end after {timeout_s or 0:.0f} s")
        if isinstance(self._raised, asyncio.CancelledError | KeyboardInterrupt | GeneratorExit):
            # of the output's own making: to us it is a failure as any other, and not the order to stop
            raise RuntimeError(f"it raised {type(self._raised).__name__}") from self._raised
        raise self._raised


def _forever(loop: asyncio.AbstractEventLoop) -> Any:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.close()
