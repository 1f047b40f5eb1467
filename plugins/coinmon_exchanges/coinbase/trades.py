"""Coinbase Exchange's matches and heartbeats (EXCHANGES 3.5): ids run +1, `side` is the MAKER's."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
import orjson

from coinmon.exchange import Instrument
from coinmon_exchanges._columns import BUY, SELL, amounts, iso_times, sides, strict, whole
from coinmon_exchanges._entries import without_odd
from coinmon_exchanges._stream.rows import StreamedColumns, StreamItem, Subscribed, rows_of
from coinmon_exchanges._stream.socket import ConnectionRules, Link

CONNECTION_RULES = ConnectionRules(send_interval=0.2, connect_interval=0.2, ping_interval=10.0, receive_timeout=15.0)
"""8 requests a second; heartbeats come every second."""
_CONNECTION_TOPICS = 100
_TAKER = {"sell": BUY, "buy": SELL}
_CHANNELS = ("matches", "heartbeat")
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


_ROWS_DECODER = msgspec.json.Decoder(list[_Match | _LastMatch | _Heartbeat], strict=False)


def links(url: str, instruments: Sequence[Instrument]) -> list[Link]:
    made = []
    for at in range(0, len(instruments), _CONNECTION_TOPICS):
        part = {each.native_id: each for each in instruments[at : at + _CONNECTION_TOPICS]}
        made.append(Link(url, [(request("subscribe", list(part), _CHANNELS), list(part))], part))
    return made


def request(operation: str, names: Sequence[str], channels: Sequence[str]) -> str:
    return orjson.dumps({"type": operation, "product_ids": names, "channels": channels}).decode()


@strict("Coinbase stream")
def read(texts: Sequence[str], subscribed: Subscribed) -> list[StreamItem]:
    found, others = rows_of(_ROWS_DECODER, texts, lambda message: message["type"] in _KINDS)
    rows = [each for each in found if isinstance(each, _Match)]
    items: list[StreamItem] = [state for each in others for state in subscription_states(each, subscribed)]
    if rows:
        items += subscribed.pages(*without_odd(rows, partial(_columns, subscribed)))
    # only the last heartbeat of each product is items, and its moment is proof once the matches above are read
    beats = {each.product_id: each for each in found if isinstance(each, _Heartbeat)}
    for beat, moment in _with_time(list(beats.values())):
        page = subscribed.until(beat.product_id, beat.last_trade_id, moment)
        if page is not None:
            items.append(page)
    return items


def _with_time(beats: list[_Heartbeat]) -> list[tuple[_Heartbeat, int]]:
    """Heartbeats with their moments, ms UTC; one whose time is none says nothing."""
    try:
        return list(zip(beats, iso_times([each.time for each in beats]).tolist(), strict=True))
    except (ValueError, IndexError):
        return [] if len(beats) == 1 else [found for each in beats for found in _with_time([each])]


def _columns(subscribed: Subscribed, rows: Sequence[_Match]) -> StreamedColumns:
    ids = whole([row.trade_id for row in rows])
    return StreamedColumns(
        subscribed.at([row.product_id for row in rows]),
        ids,
        iso_times([row.time for row in rows]),
        amounts([row.price for row in rows]),
        amounts([row.size for row in rows]),
        sides([row.side for row in rows], _TAKER),
        ids,
    )


def subscription_states(message: Any, subscribed: Subscribed) -> list[StreamItem]:
    if message["type"] == "subscriptions":
        names = {name for each in message["channels"] if each["name"] == "matches" for name in each["product_ids"]}
        return [subscribed.state(sorted(names), True)]
    if message["type"] == "error":
        return refused(message, subscribed, _CHANNELS)
    return []


def refused(message: Any, subscribed: Subscribed, channels: Sequence[str]) -> list[StreamItem]:
    """One product that Coinbase does not have refuses the whole request: the others are asked for again without it."""
    why = f"{message.get('message')}: {message.get('reason') or ''}"[:160]
    words = str(message.get("reason") or "").replace(",", " ").split()
    # the latest request that had one of them
    wanted = next((group for group in reversed(subscribed.groups) if not set(words).isdisjoint(group)), ())
    bad = [name for name in wanted if name in words]
    others = [name for name in wanted if name not in words]
    if not bad:
        return [subscribed.everything(False, why)]

    def again() -> str:
        subscribed.groups.append(bad)
        return request("subscribe", bad, channels)

    if others:
        subscribed.groups.append(others)
        subscribed.requests.append(request("subscribe", others, channels))
    return [subscribed.refuse(bad, why, again)]
