"""Bybit's publicTrade topic (EXCHANGES 3.4): its ids are not consecutive, so a stream alone proves nothing."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import orjson

from coinmon.exchange import Instrument
from coinmon_exchanges._columns import BUY, SELL, numbers, sides, strict, whole
from coinmon_exchanges._stream.rows import StreamItem, Subscribed, decoder, rows_of
from coinmon_exchanges._stream.socket import Link, SocketRules
from coinmon_exchanges.bybit.decode import ids

MANNER = SocketRules(pace=0.05, gate=0.7, ping='{"op":"ping"}', every=10.0, silence=25.0)
"""500 connections in 5 minutes; a ping at least every 20 s."""
_CONNECTION_TOPICS, _REQUEST_TOPICS = 400, 10
"""Topics of a connection (their names at most 21 000 characters) and of a request (10 on spot)."""
_TAKER = {"Buy": BUY, "Sell": SELL}


class _Trade(msgspec.Struct, gc=False):
    i: str
    s: str
    T: int
    p: float
    v: float
    S: str
    BT: bool = False


class _Trades(msgspec.Struct, gc=False):
    topic: str
    data: list[_Trade]


_ROWS = decoder(_Trades)


def links(url: str, instruments: Sequence[Instrument]) -> list[Link]:
    made = []
    for at in range(0, len(instruments), _CONNECTION_TOPICS):
        part = {each.native_id: each for each in instruments[at : at + _CONNECTION_TOPICS]}
        names = list(part)
        groups = [names[first : first + _REQUEST_TOPICS] for first in range(0, len(names), _REQUEST_TOPICS)]
        made.append(Link(url, [(_subscribe(number, group), group) for number, group in enumerate(groups)], part))
    return made


def _subscribe(number: int, names: Sequence[str]) -> str:
    args = [f"publicTrade.{name}" for name in names]
    return orjson.dumps({"req_id": str(number), "op": "subscribe", "args": args}).decode()


@strict("Bybit stream")
def read(texts: Sequence[str], subscribed: Subscribed) -> list[StreamItem]:
    found, others = rows_of(_ROWS, texts, lambda message: message.get("topic", "")[:12] == "publicTrade.")
    rows = [row for each in found for row in each.data]
    news: list[StreamItem] = [
        state for each in others if each.get("op") == "subscribe" for state in said(each, subscribed)
    ]
    if not rows:
        return news
    blocks = [row.BT for row in rows]
    return news + subscribed.pages(
        subscribed.at([row.s for row in rows]),
        ids([row.i for row in rows]),
        whole([row.T for row in rows]),
        numbers([row.p for row in rows]),
        numbers([row.v for row in rows]),
        sides([row.S for row in rows], _TAKER),
        None,
        ~np.array(blocks, np.bool_) if True in blocks else None,
    )


def said(message: Any, subscribed: Subscribed) -> list[StreamItem]:
    number = str(message.get("req_id", ""))
    if not number.isdigit() or int(number) >= len(subscribed.groups):
        return []
    why = "" if message.get("success") is True else f"subscription refused: {message.get('ret_msg')}"[:160]
    return [subscribed.state(subscribed.groups[int(number)], not why, why)]
