"""Coinbase Exchange's matches and heartbeats (EXCHANGES 3.5): ids run +1, `side` is the MAKER's."""

from collections.abc import Sequence
from typing import Any

import orjson

from coinmon import Instrument
from coinmon_exchanges._columns import BUY, SELL, iso_times, numbers, sides, strict, whole
from coinmon_exchanges._socket import Link, Manner
from coinmon_exchanges._stream_rows import News, Subscribed, parsed

MANNER = Manner(pace=0.2, gate=0.2, every=10.0, silence=15.0)
"""8 requests a second; heartbeats come every second."""
_CONNECTION = 100
_TAKER = {"sell": BUY, "buy": SELL}
_MATCH = ("match", "last_match")


def links(url: str, instruments: Sequence[Instrument]) -> list[Link]:
    made = []
    for at in range(0, len(instruments), _CONNECTION):
        part = {each.native_id: each for each in instruments[at : at + _CONNECTION]}
        request = {"type": "subscribe", "product_ids": list(part), "channels": ["matches", "heartbeat"]}
        made.append(Link(url, [(orjson.dumps(request).decode(), list(part))], part))
    return made


@strict("Coinbase stream")
def read(texts: Sequence[str], subscribed: Subscribed) -> list[News]:
    messages: list[Any] = parsed(texts)
    rows = [each for each in messages if each["type"] in _MATCH]
    news = [state for each in messages if each["type"] not in _MATCH for state in _said(each, subscribed)]
    if rows:
        ids = whole([row["trade_id"] for row in rows])
        news += subscribed.pages(
            subscribed.at([row["product_id"] for row in rows]),
            ids,
            iso_times([row["time"] for row in rows]),
            numbers([row["price"] for row in rows]),
            numbers([row["size"] for row in rows]),
            sides([row["side"] for row in rows], _TAKER),
            ids,
        )
    # only the last heartbeat of each product is news, and its moment is proof once the matches above are read
    beats = {each["product_id"]: each for each in messages if each["type"] == "heartbeat"}
    if beats:
        times = iso_times([each["time"] for each in beats.values()]).tolist()
        for (name, beat), moment in zip(beats.items(), times, strict=True):
            page = subscribed.until(name, int(beat["last_trade_id"]), moment)
            if page is not None:
                news.append(page)
    return news


def _said(message: Any, subscribed: Subscribed) -> list[News]:
    if message["type"] == "subscriptions":
        names = {name for each in message["channels"] if each["name"] == "matches" for name in each["product_ids"]}
        return [subscribed.state(sorted(names), True)]
    if message["type"] == "error":
        why = f"{message.get('message')}: {message.get('reason') or ''}"[:160]
        return [subscribed.everything(False, why)]
    return []
