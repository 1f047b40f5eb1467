"""Bybit's sockets: /v5/public/spot and /v5/public/linear."""

from __future__ import annotations

import uuid
from typing import Any

import orjson

from coinmon_emulator.market.market import MarketKind
from coinmon_emulator.server.reply import Query, Reply
from coinmon_emulator.server.socket import Connection, SocketPlace
from coinmon_emulator.venues.bybit.streams import BybitStreams

SPOT_ARGUMENTS = 10
ARGUMENT_LETTERS = 21_000


CONNECTIONS = (500, 300)
"""New connections of an address, and in how many seconds."""


def too_many_connections() -> Reply:
    return Reply(b"access too frequent", 403, content_type="text/plain")


def rules(place: SocketPlace, session: Connection, path: str, query: Query) -> BybitRules | None:
    kinds: dict[str, MarketKind] = {"/v5/public/spot": "spot", "/v5/public/linear": "perp"}
    kind = kinds.get(path.rstrip("/"))
    return None if kind is None else BybitRules(place, session, kind)


class BybitRules:
    def __init__(self, place: SocketPlace, session: Connection, kind: MarketKind) -> None:
        self._session = session
        self._streams = BybitStreams(place, kind)
        self._kind = kind
        self._connection = str(uuid.UUID(int=id(session) & (1 << 64) - 1, version=4))

    def opened(self) -> None:
        pass

    def pinged(self, *, answer: bool) -> None:
        pass

    def check(self, now: float) -> bytes | None:
        return None

    def received(self, text: str) -> None:
        try:
            asked = orjson.loads(text)
            operation = asked["op"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            self._answer({}, "", "error:invalid request")
            return
        if operation == "ping":
            self._answer(asked, "ping", "pong", success=True)
            return
        topics = asked.get("args")
        if operation not in ("subscribe", "unsubscribe"):
            self._answer(asked, str(operation), f"error:unknown op {operation}")
        elif not isinstance(topics, list) or not all(isinstance(topic, str) for topic in topics):
            self._answer(asked, operation, "error:args must be a list of topics")
        else:
            problem = self._problem(operation, topics)
            # One topic that cannot be had fails the whole request.
            good = "subscribe" if self._kind == "spot" else ""
            self._answer(asked, operation, problem or good, success=not problem)
            for topic in () if problem else topics:
                self._turn(operation, topic)

    def _problem(self, operation: str, topics: list[str]) -> str:
        if self._kind == "spot" and len(topics) > SPOT_ARGUMENTS:
            return f"args size >{SPOT_ARGUMENTS}"
        if operation == "unsubscribe":
            return ""
        held = {topic for _, topic in self._session.keys}
        if len("".join({*held, *topics})) > ARGUMENT_LETTERS:
            return f"args length >{ARGUMENT_LETTERS}"
        for topic in topics:
            if topic in held:
                return f"error:already subscribed,topic:{topic}"
            if not self._streams.knows(topic):
                return f"error:handler not found,topic:{topic}"
        return ""

    def _turn(self, operation: str, topic: str) -> None:
        key = self._kind, topic
        if operation == "subscribe":
            self._session.subscribe(key, lambda: self._streams.feed(topic))
        else:
            self._session.unsubscribe(key)

    def _answer(self, asked: Any, operation: str, message: str, *, success: bool = False) -> None:
        number = asked.get("req_id", "") if isinstance(asked, dict) else ""
        told = {"success": success, "ret_msg": message, "conn_id": self._connection}
        self._session.say(told | {"req_id": number, "op": operation})
