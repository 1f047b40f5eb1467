"""Server-sent events: one payload for all readers, a bounded queue for each."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable

import orjson

_QUEUED_FRAMES = 64
"""Frames that wait for one reader; a slower one gets the whole state anew instead of what it missed."""
_PING_S = 10.0


def frame(kind: str, data: object, id: str = "") -> bytes:
    """One event as it travels. id: what a browser names as the last that it had, when it connects again."""
    named = b"id: " + id.encode() + b"\n" if id else b""
    return b"event: " + kind.encode() + b"\n" + named + b"data: " + orjson.dumps(data) + b"\n\n"


class Broadcast:
    """Who reads now. `whole` gives the frames that a reader begins with, and begins again with when it was too slow.

    It is given what the reader has already, or nothing where that is not known.
    """

    def __init__(self, whole: Callable[[str], Iterable[bytes]]) -> None:
        self._whole = whole
        self._readers: set[asyncio.Queue[bytes | None]] = set()

    def __len__(self) -> int:
        return len(self._readers)

    def send(self, kind: str, data: object, id: str = "") -> None:
        """To every reader the same bytes."""
        if self._readers:
            self._send(frame(kind, data, id))

    def _send(self, made: bytes) -> None:
        for queue in self._readers:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                # None: begin again
                queue.put_nowait(None)
            else:
                queue.put_nowait(made)

    async def stream(self, since: str = "") -> AsyncIterator[bytes]:
        """What one reader is sent, until it goes. since: what it has already."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUED_FRAMES)
        self._readers.add(queue)
        try:
            yield b"retry: 1000\n\n"
            for each in self._whole(since):
                yield each
            while True:
                try:
                    made = await asyncio.wait_for(queue.get(), _PING_S)
                except TimeoutError:
                    # says that the connection lives, to proxies and to the page
                    yield frame("ping", {})
                    continue
                for each in self._whole("") if made is None else [made]:
                    yield each
        finally:
            self._readers.discard(queue)
