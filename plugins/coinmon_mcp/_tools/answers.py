"""Answers that were computed, kept for whoever asks the same."""

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson

_MAX_CONCURRENT_ANSWERS = 3
"""Answers computed at the same time; the rest wait their turn."""
_CACHE_BYTES = 2_000_000
"""Of answers kept: some editions of what is asked."""
_MAX_ANSWER_PART = 4
"""One answer takes at most this part of what is kept."""


class Answers:
    """Computes in threads of its own, each answer once for all who ask while it is computed or kept.

    Kept as JSON: as objects they took ten times the memory, and their bound was none. A computation that nobody waits
    for any more goes on: threads cannot be stopped, and its answer is kept.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_MAX_CONCURRENT_ANSWERS, "answers")
        self._coming: dict[Hashable, asyncio.Future[bytes]] = {}
        # the one used longest ago first
        self._kept: dict[Hashable, bytes] = {}
        self._bytes = 0

    async def of(self, question: Hashable, compute: Callable[[], dict[str, Any]]) -> bytes:
        """The JSON of what `compute` gives, or gave. Raises what it raises."""
        kept = self._kept.pop(question, None)
        if kept is not None:
            self._kept[question] = kept
            return kept
        coming = self._coming.get(question)
        if coming is None:
            coming = asyncio.get_running_loop().run_in_executor(self._threads, _json, compute)
            self._coming[question] = coming
            coming.add_done_callback(lambda done: self._came(question, done))
        return await asyncio.shield(coming)

    def _came(self, question: Hashable, done: "asyncio.Future[bytes]") -> None:
        del self._coming[question]
        if done.cancelled() or done.exception() is not None:
            return
        answer = done.result()
        if len(answer) > _CACHE_BYTES // _MAX_ANSWER_PART:
            return
        self._kept[question] = answer
        self._bytes += len(answer)
        while self._bytes > _CACHE_BYTES:
            self._bytes -= len(self._kept.pop(next(iter(self._kept))))


def _json(compute: Callable[[], dict[str, Any]]) -> bytes:
    return orjson.dumps(compute(), option=orjson.OPT_SERIALIZE_NUMPY)
