"""Server-sent events: one payload for all readers, one write a turn for each, and little that waits for a slow one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection

import orjson

MOST_WAITING = 64
"""Frames that wait for one reader; a slower one gets the whole state anew instead of what it missed."""


def frame(kind: str, data: object, id: str = "") -> bytes:
    """One event as it travels. id: what a browser names as the last that it had, when it connects again."""
    named = b"id: " + id.encode() + b"\n" if id else b""
    return b"event: " + kind.encode() + b"\n" + named + b"data: " + orjson.dumps(data) + b"\n\n"


class _StreamReader:
    """pairs: whose charts it shows. waiting: frames that it was not sent yet; None: too many, it begins again."""

    def __init__(self, pairs: Collection[str]) -> None:
        self.pairs = frozenset(pairs)
        self.waiting: list[bytes] | None = []
        self.wakes = asyncio.Event()

    def put(self, made: bytes) -> None:
        if self.waiting is not None and len(self.waiting) < MOST_WAITING:
            self.waiting.append(made)
        else:
            self.waiting = None
        self.wakes.set()

    async def frames(self) -> bytes | None:
        """All that waits, as one piece; None: begin again."""
        await self.wakes.wait()
        self.wakes.clear()
        found, self.waiting = self.waiting, []
        return None if found is None else b"".join(found)


class Broadcast:
    """Who reads now. `whole` gives what a reader begins with, and begins again with when it was too slow.

    It is given what the reader has already, or nothing where that is not known, and whose charts it shows.
    """

    def __init__(self, whole: Callable[[str, Collection[str]], Awaitable[bytes]]) -> None:
        self._whole = whole
        self._readers: set[_StreamReader] = set()
        self.pairs: frozenset[str] = frozenset()
        """Whose charts somebody shows."""

    def __len__(self) -> int:
        return len(self._readers)

    def send(self, made: bytes, pair: str | None = None) -> None:
        """To every reader the same bytes, or to those that show the pair's chart."""
        for reader in self._readers:
            if pair is None or pair in reader.pairs:
                reader.put(made)

    async def stream(self, since: str = "", pairs: Collection[str] = ()) -> AsyncIterator[bytes]:
        """What one reader is sent, until it goes. since: what it has already. pairs: whose charts it shows."""
        reader = _StreamReader(pairs)
        self._readers.add(reader)
        self._count_pairs()
        try:
            yield b"retry: 1000\n\n" + await self._whole(since, reader.pairs)
            while True:
                found = await reader.frames()
                yield await self._whole("", reader.pairs) if found is None else found
        finally:
            self._readers.discard(reader)
            self._count_pairs()

    def _count_pairs(self) -> None:
        self.pairs = frozenset().union(*(each.pairs for each in self._readers))
