"""Coinbase Exchange's socket: channels of products, told back in one answer."""

from __future__ import annotations

from functools import partial
from typing import Any

import orjson

from coinmon_emulator.server.limits import Sliding
from coinmon_emulator.server.reply import Query, Reply
from coinmon_emulator.server.socket import Connection, SocketPlace
from coinmon_emulator.venues.coinbase.streams import CHANNELS, CoinbaseStreams

SUBSCRIBE_TIMEOUT_S = 5.0
MESSAGES_A_SECOND = 100
KEYED = ("level2", "level3", "full")
KEY_WANTED = (
    "level2, level3, and full channels now require authentication. "
    "https://docs.cloud.coinbase.com/exchange/docs/websocket-auth"
)


class SubscriptionRefused(Exception):
    """Why a subscription cannot be had."""


CONNECTIONS = (20, 2.5)
"""New connections of an address, and in how many seconds."""


def too_many_connections() -> Reply:
    return Reply({"message": "Public rate limit exceeded"}, 429)


def rules(place: SocketPlace, session: Connection, path: str, query: Query) -> CoinbaseRules | None:
    return CoinbaseRules(place, session) if not path.strip("/") else None


class CoinbaseRules:
    def __init__(self, place: SocketPlace, session: Connection) -> None:
        self._session = session
        self._streams = CoinbaseStreams(place)
        self._place = place
        self._opened = place.seconds()
        self._asked = False
        self._messages = Sliding(MESSAGES_A_SECOND, 1, place.seconds, place.late)

    def opened(self) -> None:
        pass

    def pinged(self, *, answer: bool) -> None:
        pass

    def check(self, now: float) -> bytes | None:
        late = not self._asked and now - self._opened > SUBSCRIBE_TIMEOUT_S
        return b"subscribe timeout" if late and self._place.enforce else None

    def received(self, text: str) -> None:
        if not self._messages.spend() and self._place.enforce:
            self._session.hang_up("rate limit exceeded")
            return
        try:
            asked = orjson.loads(text)
            kind = asked["type"]
            wanted = _wanted(asked)
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            self._session.say({"type": "error", "message": "Malformed JSON"})
            return
        try:
            if kind not in ("subscribe", "unsubscribe"):
                raise SubscriptionRefused("Type has to be either subscribe or unsubscribe")
            if kind == "subscribe":
                self._look(wanted)
        except SubscriptionRefused as problem:
            self._session.say({"type": "error", "message": "Failed to subscribe", "reason": str(problem)})
            return
        held = self._session.keys
        fresh = [key for key in wanted if key not in held]
        if kind == "unsubscribe":
            for channel, product in wanted:
                # Without products, the whole channel goes.
                for key in [key for key in held if key[0] == channel and product in ("", key[1])]:
                    self._session.unsubscribe(key)
            self._tell(self._session.keys)
            return
        self._asked = True
        self._tell([*held, *fresh])
        for key in fresh:
            self._session.subscribe(key, partial(self._streams.feed, *key))

    def _look(self, wanted: list[tuple[str, str]]) -> None:
        for channel, product in wanted:
            if channel in KEYED:
                raise SubscriptionRefused(KEY_WANTED)
            if channel not in CHANNELS:
                raise SubscriptionRefused(f"{channel} is not a valid channel")
            if self._place.find("spot", product) is None:
                raise SubscriptionRefused(f"{product} is not a valid product")

    def _tell(self, keys: list[Any]) -> None:
        channels: dict[str, list[str]] = {}
        for channel, product in keys:
            channels.setdefault(channel, []).append(product)
        told = [{"name": name, "product_ids": products, "account_ids": None} for name, products in channels.items()]
        self._session.say({"type": "subscriptions", "channels": told})


def _wanted(asked: dict[str, Any]) -> list[tuple[str, str]]:
    """Each channel with each product: its own, or those of the whole message."""
    found = []
    for channel in asked["channels"]:
        name = channel if isinstance(channel, str) else channel["name"]
        own = None if isinstance(channel, str) else channel.get("product_ids")
        for product in own or asked.get("product_ids") or [""]:
            if (str(name), str(product)) not in found:
                found.append((str(name), str(product)))
    return found
