"""Bybit's topics: the connections that subscribe to them, and its answers (EXCHANGES 3.4, C9)."""

from collections.abc import Callable, Sequence
from typing import Any

import orjson

from coinmon.exchange import Instrument
from coinmon_exchanges._stream.refused_request import in_halves
from coinmon_exchanges._stream.rows import StreamItem, Subscribed
from coinmon_exchanges._stream.socket import Link, Reader

REQUEST_TOPICS = 10
"""Topics of a request on spot; on linear there might be more."""


def subscribe(request_id: int | str, topics: Sequence[str]) -> str:
    return orjson.dumps({"req_id": str(request_id), "op": "subscribe", "args": topics}).decode()


def unsubscribe(request_id: int | str, topics: Sequence[str]) -> str:
    return orjson.dumps({"req_id": str(request_id), "op": "unsubscribe", "args": topics}).decode()


def links(
    url: str,
    instruments: Sequence[Instrument],
    topic: str,
    connection_topics: int,
    read: Reader | None = None,
    begin: Callable[[Link], Subscribed] | None = None,
) -> list[Link]:
    """Connections of at most so many topics `topic` + native id."""
    made = []
    for at in range(0, len(instruments), connection_topics):
        part = {each.native_id: each for each in instruments[at : at + connection_topics]}
        names = list(part)
        groups = [names[first : first + REQUEST_TOPICS] for first in range(0, len(names), REQUEST_TOPICS)]
        requests = [(subscribe(number, [topic + name for name in group]), group) for number, group in enumerate(groups)]
        made.append(Link(url, requests, part, read, begin))
    return made


def subscription_states(message: Any, subscribed: Subscribed, topic: str) -> list[StreamItem]:
    """What an answer says of the instruments in its request; the request is known by its number."""
    number = str(message.get("req_id", ""))
    if message.get("op") != "subscribe" or not number.isdigit() or int(number) >= len(subscribed.groups):
        return []
    if message.get("success") is True:
        return [subscribed.state(subscribed.groups[int(number)], True)]
    why = f"subscription refused: {message.get('ret_msg')}"[:160]
    return in_halves(subscribed, int(number), why, lambda at, part: subscribe(at, [topic + name for name in part]))
