"""Binance's market streams (EXCHANGES 3.1, 3.2): spot and USD-M aggTrades, whose ids run +1."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
import numpy as np
import orjson

from coinmon.exchange import Instrument
from coinmon_exchanges._columns import amounts, fills_of, moments, strict, whole
from coinmon_exchanges._entries import without_odd
from coinmon_exchanges._stream.refused_request import in_halves
from coinmon_exchanges._stream.rows import StreamedColumns, StreamItem, Subscribed, decoder, rows_of
from coinmon_exchanges._stream.socket import ConnectionRules, Dropped, Link

CONNECTION_RULES = ConnectionRules(send_interval=0.4, connect_interval=1.1, ping_interval=15.0)
"""Spot takes 5 messages a second, pings included, and 300 connections in 5 minutes."""
CHANNEL = "@aggTrade"
_REQUEST_STREAMS = 100
"""Streams named in one request."""


class _AggTrade(msgspec.Struct, tag_field="e", tag="aggTrade", gc=False):
    a: int
    s: str
    T: int
    p: float
    q: float
    m: bool
    f: int = 0
    l: int = 0  # noqa: E741


_ROWS_DECODER = decoder(_AggTrade)


def links(url: str, instruments: Sequence[Instrument], most: int) -> list[Link]:
    """Connections of at most `most` streams."""
    made = []
    for at in range(0, len(instruments), most):
        part = {each.native_id: each for each in instruments[at : at + most]}
        names = list(part)
        groups = [names[first : first + _REQUEST_STREAMS] for first in range(0, len(names), _REQUEST_STREAMS)]
        requests = [(subscribe(number, group, CHANNEL), group) for number, group in enumerate(groups)]
        made.append(Link(url, requests, part))
    return made


def subscribe(group: int, names: Sequence[str], channel: str) -> str:
    params = [f"{name.lower()}{channel}" for name in names]
    return orjson.dumps({"method": "SUBSCRIBE", "params": params, "id": group + 1}).decode()


@strict("Binance stream")
def read(texts: Sequence[str], subscribed: Subscribed) -> list[StreamItem]:
    rows, others = rows_of(_ROWS_DECODER, texts, lambda message: message.get("e") == "aggTrade")
    items: list[StreamItem] = [state for each in others for state in subscription_states(each, subscribed, CHANNEL)]
    if not rows:
        return items
    return items + subscribed.pages(*without_odd(rows, partial(_columns, subscribed)))


def _columns(subscribed: Subscribed, rows: Sequence[_AggTrade]) -> StreamedColumns:
    ids = whole([row.a for row in rows])
    sold = np.array([row.m for row in rows], np.bool_)
    return StreamedColumns(
        subscribed.at([row.s for row in rows]),
        ids,
        moments([row.T for row in rows]),
        amounts([row.p for row in rows]),
        amounts([row.q for row in rows]),
        (1 - 2 * sold).astype(np.int8),
        ids,
        fills=fills_of([row.f for row in rows], [row.l for row in rows]),
    )


def subscription_states(message: Any, subscribed: Subscribed, channel: str = "") -> list[StreamItem]:
    """What an answer says of the instruments in its request. One stream that is none refuses the whole request.

    channel: what stands behind the names of its streams; empty: it asks for no names.
    """
    if message.get("e") == "serverShutdown":
        raise Dropped("the server shuts down")
    number = message.get("id")
    if not isinstance(number, int) or not 1 <= number <= len(subscribed.groups):
        return []
    complaint = message.get("error") or (message if "code" in message else None)
    if not complaint:
        return [subscribed.state(subscribed.groups[number - 1], True)]
    why = f"subscription refused: {complaint.get('msg')}"[:160]
    if not channel:
        return [subscribed.state(subscribed.groups[number - 1], False, why)]
    return in_halves(subscribed, number - 1, why, lambda at, part: subscribe(at, part, channel))
