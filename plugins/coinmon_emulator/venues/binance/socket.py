"""Binance's sockets: spot at /ws and /stream, USD-M at /public and /market, which know different streams."""

from __future__ import annotations

from functools import partial
from typing import Any

import orjson

from coinmon_emulator.market.market import MarketKind
from coinmon_emulator.server.limits import Sliding
from coinmon_emulator.server.reply import Query, Reply
from coinmon_emulator.server.socket import Connection, SocketPlace
from coinmon_emulator.venues.binance.streams import PERP_MARKET, PERP_PUBLIC, SPOT, BinanceStreams

MOST_STREAMS = 1024
LIFETIME_S = 24 * 3600
METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")


CONNECTIONS = (300, 300)
"""New connections of an address, and in how many seconds."""


def too_many_connections() -> Reply:
    return Reply({"code": -1003, "msg": "Too many connection attempts."}, 429)


def rules(place: SocketPlace, session: Connection, path: str, query: Query) -> BinanceRules | None:
    """The rules of a path; None where there is no socket. What follows /ws/ is a stream to begin with."""
    parts = path.strip("/").split("/")
    kind: MarketKind = "spot"
    known = SPOT
    if parts[0] in ("public", "market"):
        kind, known = "perp", PERP_PUBLIC if parts[0] == "public" else PERP_MARKET
        parts = parts[1:]
    if parts[:2] == ["stream", "ws"]:
        # ccxt tells spot from futures by a "/stream" in the address.
        parts = parts[1:]
    if not parts or parts[0] not in ("ws", "stream"):
        return None
    named = parts[1:] if parts[0] == "ws" else query.get("streams", "").split("/")
    return BinanceRules(
        place, session, BinanceStreams(place, kind, known), [name for name in named if name], parts[0] == "stream"
    )


class BinanceRules:
    def __init__(
        self, place: SocketPlace, session: Connection, streams: BinanceStreams, named: list[str], combined: bool
    ) -> None:
        self._session = session
        self._streams = streams
        self._named = named
        self._combined = combined
        self._enforce = place.enforce
        spot = streams.kind == "spot"
        self._ping_every, self._patience = (20.0, 60.0) if spot else (180.0, 600.0)
        self._messages = Sliding(5 if spot else 10, 1, place.seconds, place.late)
        self._seconds = place.seconds
        self._opened = self._pinged_at = self._answered = place.seconds()

    def opened(self) -> None:
        self._subscribe(self._named[:MOST_STREAMS])

    def _count(self) -> None:
        if not self._messages.spend() and self._enforce:
            self._session.hang_up("Too many requests")

    def pinged(self, *, answer: bool) -> None:
        self._count()
        if answer:
            self._answered = self._seconds()

    def check(self, now: float) -> bytes | None:
        if now - self._opened > LIFETIME_S:
            return b"24 hours are over"
        if self._pinged_at > self._answered and now - self._pinged_at > self._patience:
            return b"Pong timeout"
        if now - self._pinged_at < self._ping_every or self._pinged_at > self._answered:
            return None
        self._pinged_at = now
        return b""

    def received(self, text: str) -> None:
        self._count()
        try:
            asked = orjson.loads(text)
        except orjson.JSONDecodeError:
            self._session.say({"code": 3, "msg": "Invalid JSON: expected value at line 1 column 1"})
            return
        if not isinstance(asked, dict):
            asked = {}
        method, names, number = (asked.get(key) for key in ("method", "params", "id"))
        if method not in METHODS:
            wanted = ", ".join(f"`{each}`" for each in METHODS)
            self._refuse(number, f"Invalid request: unknown variant {method}, expected one of {wanted}")
            return
        if method == "LIST_SUBSCRIPTIONS":
            self._answer(number, self._held())
            return
        if method in ("SET_PROPERTY", "GET_PROPERTY"):
            self._property(method, names, number)
            return
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            self._refuse(number, "Invalid request: params must be a list of stream names")
            return
        if method == "UNSUBSCRIBE":
            for name in names:
                self._session.unsubscribe(self._key(name))
            self._answer(number, None)
            return
        if len(set(self._held()) | set(names)) > MOST_STREAMS:
            self._refuse(number, f"Invalid request: at most {MOST_STREAMS} streams a connection")
            return
        self._answer(number, None)
        self._subscribe(names)

    def _held(self) -> list[str]:
        return [name for _, name, _ in self._session.keys]

    def _key(self, name: str) -> tuple[str, str, bool]:
        return self._streams.kind, name, self._combined

    def _subscribe(self, names: list[str]) -> None:
        """What is not known here is taken as well, and never heard of."""
        for name in names:
            if not self._session.holds(self._key(name)):
                self._session.subscribe(self._key(name), partial(self._streams.feed, name, self._combined))

    def _property(self, method: str, names: Any, number: Any) -> None:
        if not isinstance(names, list) or names[:1] != ["combined"]:
            self._session.say({"code": 0, "msg": "Unknown property", "id": number})
            return
        if method == "GET_PROPERTY":
            self._answer(number, self._combined)
            return
        if len(names) != 2 or not isinstance(names[1], bool):
            self._session.say({"code": 1, "msg": "Invalid value type: expected Boolean", "id": number})
            return
        held = self._held()
        self._session.leave()
        self._combined = names[1]
        self._answer(number, None)
        self._subscribe(held)

    def _answer(self, number: Any, result: Any) -> None:
        self._session.say({"result": result, "id": number})

    def _refuse(self, number: Any, message: str) -> None:
        self._session.say({"code": 2, "msg": message, "id": number})
