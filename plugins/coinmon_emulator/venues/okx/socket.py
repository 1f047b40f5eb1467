"""OKX's sockets: /ws/v5/public and /ws/v5/business, with pings as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from coinmon_emulator.server.limits import Sliding
from coinmon_emulator.server.reply import Query, Reply
from coinmon_emulator.server.socket import Connection, SocketPlace
from coinmon_emulator.venues.okx.streams import BUSINESS, PUBLIC, OkxStreams

LARGEST_REQUEST = 64 * 1024
REQUESTS_AN_HOUR = 480
IDLE_TIMEOUT_S = 30.0
VIP = ("books-l2-tbt", "books50-l2-tbt")


CONNECTIONS = (3, 1)
"""New connections of an address, and in how many seconds."""


def too_many_connections() -> Reply:
    return Reply(b"Too Many Requests", 429, content_type="text/plain")


def rules(place: SocketPlace, session: Connection, path: str, query: Query) -> OkxRules | None:
    known = {"/ws/v5/public": PUBLIC, "/ws/v5/business": BUSINESS}.get(path.rstrip("/"))
    return None if known is None else OkxRules(place, session, OkxStreams(place), known)


class OkxRules:
    def __init__(self, place: SocketPlace, session: Connection, streams: OkxStreams, known: Sequence[str]) -> None:
        self._session = session
        self._streams = streams
        self._known = known
        self._enforce = place.enforce
        self._seconds = place.seconds
        self._requests = Sliding(REQUESTS_AN_HOUR, 3600, place.seconds, place.late)
        self._connection = f"{id(session) & 0xFFFFFFFF:08x}"
        self._heard = place.seconds()

    def opened(self) -> None:
        pass

    def pinged(self, *, answer: bool) -> None:
        """Protocol pings do not count here: only text keeps a quiet connection."""

    def check(self, now: float) -> bytes | None:
        quiet = now - max(self._heard, self._session.spoke) > IDLE_TIMEOUT_S
        return b"No data received in 30s." if quiet else None

    def received(self, text: str) -> None:
        self._heard = self._seconds()
        if text == "ping":
            self._session.say(b"pong")
            return
        try:
            asked = orjson.loads(text)
            operation, wanted = asked["op"], asked["args"]
            if operation not in ("subscribe", "unsubscribe") or not all(isinstance(each, dict) for each in wanted):
                raise ValueError(operation)
        except (ValueError, KeyError, TypeError):
            self._refuse("60012", f"Invalid request: {text[:200]}", None)
            return
        number = asked.get("id")
        if len(text) > LARGEST_REQUEST:
            self._refuse("60012", "Invalid request: the total length of the channels exceeds 64 KB", number)
        elif not self._requests.spend() and self._enforce:
            self._refuse("60014", "Requests too frequent", number)
        else:
            for argument in wanted:
                self._one(operation, argument, number)

    def _one(self, operation: str, argument: dict[str, Any], number: Any) -> None:
        channel = argument.get("channel")
        if channel in VIP:
            self._refuse("64003", "Your trading fee tier doesn't meet the requirement to access this channel", number)
            return
        make = self._streams.feed(argument) if channel in self._known else None
        if make is None:
            rest = "".join(f",{key}:{value}" for key, value in argument.items() if key != "channel")
            message = f"Wrong URL or channel:{channel}{rest} doesn't exist. Please use the correct URL, channel and "
            self._refuse("60018", message + "parameters referring to API document.", number)
            return
        key = tuple(sorted(argument.items()))
        answer = {"event": operation, "arg": argument, "connId": self._connection}
        self._session.say(answer if number is None else {"id": number, **answer})
        if operation == "unsubscribe":
            self._session.unsubscribe(key)
        elif not self._session.holds(key):
            self._session.subscribe(key, make)

    def _refuse(self, code: str, message: str, number: Any) -> None:
        told = {"event": "error", "code": code, "msg": message, "connId": self._connection}
        self._session.say(told if number is None else {"id": number, **told})
