"""A hub: one venue's feeds, each rendered once however many listen, and one pass over those that are due."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable, Sequence
from typing import Protocol

from coinmon_emulator.market.feeds import NEVER, DueFeed, FeedMessage


class Listener(Protocol):
    def hear(self, number: int | None, frame: bytes) -> None: ...
    def flush(self) -> None: ...


def text_frame(payload: bytes) -> bytes:
    """An unmasked, whole websocket text frame, as servers send them."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def payload_of(frame: bytes) -> bytes:
    """What a frame of `text_frame` holds."""
    return frame[2 if frame[1] < 126 else 4 if frame[1] == 126 else 10 :]


class Hub:
    def __init__(self) -> None:
        self._feeds: dict[Hashable, DueFeed] = {}
        self._listeners: dict[Hashable, dict[Listener, None]] = {}
        self._heap: list[tuple[int, int, Hashable]] = []
        self._count = 0
        self.sent = 0
        self.passed = 0

    @property
    def subscriptions(self) -> int:
        return sum(len(listeners) for listeners in self._listeners.values())

    def subscribe(self, listener: Listener, key: Hashable, make: Callable[[], DueFeed]) -> None:
        """Hand on what the feed has to say from now on, its greeting first."""
        feed = self._feeds.get(key)
        if feed is None:
            feed = self._feeds[key] = make()
            self._listeners[key] = {}
            self._push(key, feed)
        self._listeners[key][listener] = None
        self._deliver(feed.greeting(), [listener])

    def unsubscribe(self, listener: Listener, key: Hashable) -> None:
        listeners = self._listeners.get(key)
        if listeners is None or listener not in listeners:
            return
        del listeners[listener]
        if not listeners:
            # Its place in the heap is passed over when its time comes.
            del self._listeners[key], self._feeds[key]

    def _push(self, key: Hashable, feed: DueFeed) -> None:
        if feed.due < NEVER:
            self._count += 1
            heapq.heappush(self._heap, (feed.due, self._count, key))

    def tick(self, now: int) -> None:
        """Send everything that is due, in order of market time."""
        self.passed = now
        found: list[tuple[int, int, FeedMessage, Hashable]] = []
        heap = self._heap
        while heap and heap[0][0] <= now:
            due, _, key = heapq.heappop(heap)
            feed = self._feeds.get(key)
            if feed is None or feed.due != due:
                continue
            for message in feed.take(now):
                found.append((message.time, len(found), message, key))
            self._push(key, feed)
        found.sort()
        touched: dict[Listener, None] = {}
        for _, _, message, key in found:
            listeners = self._listeners[key]
            frame = text_frame(message.payload)
            for listener in listeners:
                listener.hear(message.number, frame)
            touched |= listeners
            self.sent += len(listeners)
        for listener in touched:
            listener.flush()

    def _deliver(self, messages: Sequence[FeedMessage], listeners: Sequence[Listener]) -> None:
        for message in messages:
            frame = text_frame(message.payload)
            for listener in listeners:
                listener.hear(message.number, frame)
            self.sent += len(listeners)
        for listener in listeners:
            listener.flush()
