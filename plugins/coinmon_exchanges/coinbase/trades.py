"""Coinbase Exchange's matches and heartbeats (EXCHANGES 3.5): ids run +1, `side` is the MAKER's."""

from collections.abc import Sequence
from typing import Any

import msgspec
import orjson

from coinmon.exchange import Instrument
from coinmon_exchanges._columns import BUY, SELL, iso_times, numbers, sides, strict, whole
from coinmon_exchanges._stream.rows import StreamItem, Subscribed, rows_of
from coinmon_exchanges._stream.socket import Link, SocketRules

MANNER = SocketRules(pace=0.2, gate=0.2, every=10.0, silence=15.0)
"""8 requests a second; heartbeats come every second."""
_CONNECTION_TOPICS = 100
_TAKER = {"sell": BUY, "buy": SELL}
_KINDS = ("match", "last_match", "heartbeat")


class _Match(msgspec.Struct, tag_field="type", tag="match", gc=False):
    trade_id: int
    product_id: str
    time: str
    price: float
    size: float
    side: str


class _LastMatch(_Match, tag_field="type", tag="last_match", gc=False):
    """The one before the subscription."""


class _Heartbeat(msgspec.Struct, tag_field="type", tag="heartbeat", gc=False):
    product_id: str
    last_trade_id: int
    time: str


_ROWS = msgspec.json.Decoder(list[_Match | _LastMatch | _Heartbeat], strict=False)


def links(url: str, instruments: Sequence[Instrument]) -> list[Link]:
    made = []
    for at in range(0, len(instruments), _CONNECTION_TOPICS):
        part = {each.native_id: each for each in instruments[at : at + _CONNECTION_TOPICS]}
        request = {"type": "subscribe", "product_ids": list(part), "channels": ["matches", "heartbeat"]}
        made.append(Link(url, [(orjson.dumps(request).decode(), list(part))], part))
    return made


@strict("Coinbase stream")
def read(texts: Sequence[str], subscribed: Subscribed) -> list[StreamItem]:
    found, others = rows_of(_ROWS, texts, lambda message: message["type"] in _KINDS)
    rows = [each for each in found if isinstance(each, _Match)]
    news: list[StreamItem] = [state for each in others for state in _said(each, subscribed)]
    if rows:
        ids = whole([row.trade_id for row in rows])
        news += subscribed.pages(
            subscribed.at([row.product_id for row in rows]),
            ids,
            iso_times([row.time for row in rows]),
            numbers([row.price for row in rows]),
            numbers([row.size for row in rows]),
            sides([row.side for row in rows], _TAKER),
            ids,
        )
    # only the last heartbeat of each product is news, and its moment is proof once the matches above are read
    beats = {each.product_id: each for each in found if isinstance(each, _Heartbeat)}
    if beats:
        times = iso_times([each.time for each in beats.values()]).tolist()
        for (name, beat), moment in zip(beats.items(), times, strict=True):
            page = subscribed.until(name, beat.last_trade_id, moment)
            if page is not None:
                news.append(page)
    return news


def _said(message: Any, subscribed: Subscribed) -> list[StreamItem]:
    if message["type"] == "subscriptions":
        names = {name for each in message["channels"] if each["name"] == "matches" for name in each["product_ids"]}
        return [subscribed.state(sorted(names), True)]
    if message["type"] == "error":
        why = f"{message.get('message')}: {message.get('reason') or ''}"[:160]
        return [subscribed.everything(False, why)]
    return []
