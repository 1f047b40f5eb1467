"""Answers that were computed, kept for whoever asks the same."""

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson

_AT_ONCE = 3
"""Answers computed at the same time; the rest wait their turn."""
_KEPT_BYTES = 2_000_000
"""Of answers kept, as JSON: some editions of what is asked. As objects they take several times as much."""
_SHARE = 4
"""One answer takes at most this part of what is kept."""


class Answers:
    """Computes in threads of its own, each answer once for all who ask while it is computed or kept.

    A computation that nobody waits for any more goes on: threads cannot be stopped, and its answer is kept.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_ONCE, "answers")
        self._coming: dict[Hashable, asyncio.Future[tuple[dict[str, Any], int]]] = {}
        # the one used longest ago first
        self._kept: dict[Hashable, tuple[dict[str, Any], int]] = {}
        self._bytes = 0

    async def of(self, question: Hashable, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What `compute` gives, or gave; whoever gets it must not change it. Raises what it raises."""
        kept = self._kept.pop(question, None)
        if kept is not None:
            self._kept[question] = kept
            return kept[0]
        coming = self._coming.get(question)
        if coming is None:
            coming = asyncio.get_running_loop().run_in_executor(self._threads, _weighed, compute)
            self._coming[question] = coming
            coming.add_done_callback(lambda done: self._came(question, done))
        return (await asyncio.shield(coming))[0]

    def _came(self, question: Hashable, done: "asyncio.Future[tuple[dict[str, Any], int]]") -> None:
        del self._coming[question]
        if done.cancelled() or done.exception() is not None:
            return
        answer, size = done.result()
        if size > _KEPT_BYTES // _SHARE:
            return
        self._kept[question] = answer, size
        self._bytes += size
        while self._bytes > _KEPT_BYTES:
            self._bytes -= self._kept.pop(next(iter(self._kept)))[1]


def _weighed(compute: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], int]:
    answer = compute()
    return answer, len(orjson.dumps(answer))
