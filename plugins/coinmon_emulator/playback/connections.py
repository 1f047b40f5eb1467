"""Recorded connections of a stream: opened, subscribed, heard and closed again as time goes by."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import orjson

from coinmon_emulator.playback.lines import TapeLine, lines_of
from coinmon_emulator.playback.places import path_of

BACKLOG_BYTES = 1 << 20
"""Most that is kept of a topic for who subscribes late."""


class Topics(Protocol):
    """What the module `topics` of a venue's folder has. SERVER_TIME: paths that tell the venue's time."""

    SERVER_TIME: Sequence[str]

    def server_time(self, body: Any) -> int:
        """What an answer of these says, ms."""
        ...

    def asked(self, message: Any) -> tuple[str, list[str]]:
        """What a client's message asks: `subscribe`, `unsubscribe` or something else, and the topics."""
        ...

    def told(self, message: Any) -> Sequence[str]:
        """The topics that a venue's message may be about; none: it is about the connection itself."""
        ...

    def is_whole(self, message: Any) -> bool:
        """Whether the message says all there is of its topic, so that earlier ones may be forgotten."""
        ...

    def accepted(self, message: Any) -> list[Any]:
        """What the venue answers to a subscription that it accepts."""
        ...

    def pong(self, message: Any) -> Any:
        """What the venue answers to a ping; None: the message is none."""
        ...

    def is_pong(self, message: Any) -> bool: ...


@dataclass(slots=True)
class Backlog:
    """Frames of a topic since the last that says everything, each with its moment."""

    frames: deque[tuple[int, bytes]] = field(default_factory=deque)
    size: int = 0

    def add(self, at: int, raw: bytes, *, whole: bool) -> None:
        if whole:
            self.frames.clear()
            self.size = 0
        self.frames.append((at, raw))
        self.size += len(raw)
        while self.size > BACKLOG_BYTES:
            self.size -= len(self.frames.popleft()[1])


class FrameListener(Protocol):
    def frame(self, recorded: RecordedConnection, topic: str | None, raw: bytes) -> None: ...
    def ended(self, recorded: RecordedConnection) -> None: ...


@dataclass(slots=True, eq=False)
class RecordedConnection:
    """A connection as far as it was read. control: its messages about itself; sent: what the client said, ordered."""

    path: str
    url: str
    topics: set[str] = field(default_factory=set)
    sent: set[bytes] = field(default_factory=set)
    control: list[tuple[int, bytes]] = field(default_factory=list)
    backlogs: dict[str, Backlog] = field(default_factory=dict)
    listeners: dict[FrameListener, None] = field(default_factory=dict)


class Reel:
    """The connections of one part of a venue, read up to a moment. ends_at: of the recording, where that is known."""

    def __init__(self, venue: str, topics: Topics, files: Sequence[Path], ends_at: int | None) -> None:
        self._venue = venue
        self._topics = topics
        self._ends_at = ends_at
        self._numbers: dict[int, RecordedConnection] = {}
        self._going_on: list[RecordedConnection] = []
        self.open: dict[RecordedConnection, None] = {}
        self._file = 0
        self._lines = ((number, line) for number, path in enumerate(files) for line in lines_of(path))
        self._ahead = next(self._lines, None)

    def read(self, until: int) -> None:
        """Hand on what came up to a moment (ms)."""
        while self._ahead is not None:
            file, line = self._ahead
            if line.at > until:
                return
            if file != self._file:
                # its numbers are new, and connections go on only where it says so
                self._file, self._numbers, self._going_on = file, {}, list(self.open)
            self._take(line)
            self._ahead = next(self._lines, None)
        if self._ends_at is None or until >= self._ends_at:
            for each in list(self.open):
                self._end(each)

    def _take(self, line: TapeLine) -> None:
        if line.what == "source":
            self._begin(line)
            return
        for each in self._going_on:
            self._end(each)
        self._going_on = []
        recorded = self._numbers.get(line.source)
        if recorded is None or recorded not in self.open:
            return
        if line.what == "closed":
            self._end(recorded)
        elif line.what == "sent":
            recorded.sent.add(ordered(line.value))
            operation, topics = self._topics.asked(line.value)
            if operation == "subscribe":
                recorded.topics.update(topics)
        elif line.what == "frame" and line.raw is not None:
            self._frame(recorded, line)

    def _begin(self, line: TapeLine) -> None:
        url = str(line.value["url"])
        if line.value.get("continued"):
            before = next((each for each in self._going_on if each.url == url), None)
            if before is not None:
                self._going_on.remove(before)
                self._numbers[line.source] = before
                return
        made = RecordedConnection(path_of(url, self._venue), url)
        self._numbers[line.source] = made
        self.open[made] = None

    def _frame(self, recorded: RecordedConnection, line: TapeLine) -> None:
        assert line.raw is not None
        names = self._topics.told(line.value)
        topic = next((name for name in names if name in recorded.topics), names[0] if names else None)
        if topic is None:
            if self._topics.is_pong(line.value):
                return
            recorded.control.append((line.at, line.raw))
        else:
            recorded.topics.add(topic)
            whole = self._topics.is_whole(line.value)
            recorded.backlogs.setdefault(topic, Backlog()).add(line.at, line.raw, whole=whole)
        for listener in recorded.listeners:
            listener.frame(recorded, topic, line.raw)

    def _end(self, recorded: RecordedConnection) -> None:
        self.open.pop(recorded, None)
        for listener in list(recorded.listeners):
            listener.ended(recorded)


def ordered(message: Any) -> bytes:
    """A message in an order of its own, to be compared."""
    return orjson.dumps(message, option=orjson.OPT_SORT_KEYS)
