"""Hyperliquid's socket `/ws`: each subscription is asked for, and answered, on its own."""

from __future__ import annotations

from functools import partial
from typing import Any

import orjson

from coinmon_emulator.server.limits import Sliding
from coinmon_emulator.server.reply import Query, Reply
from coinmon_emulator.server.socket import Connection, SocketPlace
from coinmon_emulator.venues.hyperliquid.rest import INTERVALS
from coinmon_emulator.venues.hyperliquid.streams import CHANNELS, HyperliquidStreams

MESSAGES_A_MINUTE = 2000
SUBSCRIPTIONS = 1000
SILENT_TIMEOUT_S = 60.0
"""A connection that was sent nothing for so long is closed; an answer to a ping is something."""
Wanted = tuple[str, str, str]
"""Channel, coin, and of candles the interval."""

CONNECTIONS = (30, 60)
"""New connections of an address, and in how many seconds."""


def too_many_connections() -> Reply:
    return Reply(None, 429)


def rules(place: SocketPlace, session: Connection, path: str, query: Query) -> HyperliquidRules | None:
    return HyperliquidRules(place, session) if path.rstrip("/") == "/ws" else None


class HyperliquidRules:
    def __init__(self, place: SocketPlace, session: Connection) -> None:
        self._session = session
        self._place = place
        self._streams = HyperliquidStreams(place)
        self._messages = Sliding(MESSAGES_A_MINUTE, 60, place.seconds, place.late)

    def opened(self) -> None:
        pass

    def pinged(self, *, answer: bool) -> None:
        pass

    def check(self, now: float) -> bytes | None:
        idle = now - self._session.spoke > SILENT_TIMEOUT_S
        return b"Inactive" if idle and self._place.enforce else None

    def received(self, text: str) -> None:
        if not self._messages.spend() and self._place.enforce:
            self._session.hang_up("Too many messages")
            return
        try:
            asked = orjson.loads(text)
            method = asked["method"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            self._refuse(f"Error parsing JSON into valid websocket request: {text}")
            return
        if method == "ping":
            self._session.say({"channel": "pong"})
        elif method not in ("subscribe", "unsubscribe") or not isinstance(asked.get("subscription"), dict):
            self._refuse(f"Error parsing JSON into valid websocket request: {text}")
        else:
            self._turn(method, asked["subscription"])

    def _turn(self, method: str, subscription: dict[str, Any]) -> None:
        wanted = self._wanted(subscription)
        said = orjson.dumps(subscription).decode()
        if wanted is None:
            self._refuse(f"Invalid subscription {said}")
        elif method == "subscribe" and self._session.holds(wanted):
            self._refuse(f"Already subscribed: {said}")
        elif method == "unsubscribe" and not self._session.holds(wanted):
            self._refuse(f"Already unsubscribed: {said}")
        elif method == "unsubscribe":
            self._session.unsubscribe(wanted)
            self._answer(method, subscription)
        elif self._place.hub.subscriptions >= SUBSCRIPTIONS and self._place.enforce:
            self._refuse("Cannot track more than 1000 total subscriptions.")
        else:
            self._answer(method, subscription)
            self._session.subscribe(wanted, partial(self._streams.feed, *wanted))

    def _wanted(self, subscription: dict[str, Any]) -> Wanted | None:
        channel, coin = subscription.get("type"), subscription.get("coin")
        interval = subscription.get("interval") if channel == "candle" else ""
        if channel not in CHANNELS or not isinstance(coin, str) or self._place.find("perp", coin) is None:
            return None
        if channel == "candle" and interval not in INTERVALS:
            return None
        return channel, coin, str(interval)

    def _answer(self, method: str, subscription: dict[str, Any]) -> None:
        told = dict(subscription)
        if told["type"] == "l2Book":
            told = {"nSigFigs": None, "mantissa": None, **told}
        self._session.say({"channel": "subscriptionResponse", "data": {"method": method, "subscription": told}})

    def _refuse(self, why: str) -> None:
        self._session.say({"channel": "error", "data": why})
