"""A client's connection to a recording: bound to the recorded one that had what it asks for."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import orjson

from coinmon_emulator.playback.connections import RecordedConnection, Topics, ordered
from coinmon_emulator.server.hub import text_frame
from coinmon_emulator.server.socket import Connection

PATIENCE_S = 2.0
"""Real seconds that a client waits for a recorded connection that has all it asks for, before it is given parts."""


class RecordingClient:
    """What a client may hear of a recording; a `SocketRules`."""

    def __init__(self, topics: Topics, connection: Connection, path: str) -> None:
        self._topics = topics
        self._connection = connection
        self.path = path
        self._bound: dict[str, RecordedConnection | None] = {}
        self._unanswered: list[tuple[Any, list[str]]] = []
        self._asked_at = 0.0
        self._exact = True
        self._heard: set[RecordedConnection] = set()

    def opened(self) -> None:
        pass

    def pinged(self, *, answer: bool) -> None:
        pass

    def check(self, now: float) -> bytes | None:
        return None

    def received(self, text: str) -> None:
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            message = text
        answer = self._topics.pong(message)
        if answer is not None:
            self._connection.say(answer.encode() if isinstance(answer, str) else answer)
            return
        operation, topics = self._topics.asked(message)
        if operation == "subscribe":
            self._asked_at = time.monotonic()
            self._unanswered.append((message, topics))
            for topic in topics:
                self._bound.setdefault(topic, None)
        elif operation == "unsubscribe":
            for topic in topics:
                self._unbind(topic)
            self._say(self._topics.accepted(message))

    @property
    def waits(self) -> bool:
        return bool(self._unanswered) or any(recorded is None for recorded in self._bound.values())

    def bind(self, connections: Iterable[RecordedConnection]) -> None:
        """Take up what the recording has of it now: all in one connection if that is there or comes soon."""
        wanted = set(self._bound)
        if not wanted:
            return
        fitting = [each for each in connections if each.path == self.path or each.path.endswith(self.path)]
        fitting.sort(key=lambda each: (each.path != self.path, -len(wanted & each.topics)))
        late = time.monotonic() - self._asked_at > PATIENCE_S
        if not late:
            fitting = [each for each in fitting if wanted <= each.topics][:1]
        fresh: dict[str, RecordedConnection] = {}
        for topic in (topic for topic, recorded in self._bound.items() if recorded is None):
            found = next((each for each in fitting if topic in each.topics), None)
            if found is not None:
                fresh[topic] = found
        self._bound |= fresh
        sent = {said for recorded in {*fresh.values(), *self._heard} for said in recorded.sent}
        for message, topics in list(self._unanswered):
            if late or all(self._bound.get(topic) is not None for topic in topics):
                self._unanswered.remove((message, topics))
                if ordered(message) not in sent:
                    self._exact = False
                    self._say(self._topics.accepted(message))
        self._catch_up(fresh)

    def _catch_up(self, fresh: dict[str, RecordedConnection]) -> None:
        """What came before it asked, in the order in which it came."""
        frames: list[tuple[int, bytes]] = []
        for recorded in dict.fromkeys(fresh.values()):
            recorded.listeners[self] = None
            if recorded not in self._heard:
                self._heard.add(recorded)
                frames += recorded.control if self._exact else []
        for topic, recorded in fresh.items():
            if topic in recorded.backlogs:
                frames += recorded.backlogs[topic].frames
        frames.sort(key=lambda each: each[0])
        for _, raw in frames:
            self._connection.hear(None, text_frame(raw))
        self._connection.flush()

    def frame(self, recorded: RecordedConnection, topic: str | None, raw: bytes) -> None:
        if self._exact if topic is None else self._bound.get(topic) is recorded:
            self._connection.hear(None, text_frame(raw))

    def ended(self, recorded: RecordedConnection) -> None:
        """The recorded connection was closed: so is this one, and the client may ask again."""
        self._connection.flush()
        self._connection.abort()

    def flush(self) -> None:
        self._connection.flush()

    def leave(self) -> None:
        for topic in list(self._bound):
            self._unbind(topic)

    def _unbind(self, topic: str) -> None:
        recorded = self._bound.pop(topic, None)
        if recorded is not None and recorded not in self._bound.values():
            recorded.listeners.pop(self, None)
            self._heard.discard(recorded)

    def _say(self, answers: Iterable[Any]) -> None:
        for answer in answers:
            self._connection.say(answer)
