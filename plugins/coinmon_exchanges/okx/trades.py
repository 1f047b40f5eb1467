"""OKX's `trades` channel (EXCHANGES 3.3): a row is a taker's order at a price and covers `count` ids, to tradeId."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
import orjson

from coinmon.exchange import Instrument
from coinmon_exchanges._columns import BUY, SELL, amounts, moments, sides, strict, whole
from coinmon_exchanges._entries import without_odd
from coinmon_exchanges._stream.rows import StreamedColumns, StreamItem, Subscribed, decoder, rows_of
from coinmon_exchanges._stream.socket import ConnectionRules, Dropped, Link

CONNECTION_RULES = ConnectionRules(
    send_interval=0.1, connect_interval=1.4, ping="ping", pong="pong", receive_timeout=25.0
)
"""3 connections a second, of four streams: trades and books, spot and swaps. A connection without data for 30 s is cut,
and only the text "ping" counts."""
_CONNECTION_TOPICS, _REQUEST_TOPICS = 200, 100
CHANNEL = "trades"
_NAMED = re.compile(r"instId:([^\s,]+)")
"""Of what a refusal is: "channel:trades,instId:LTC-USD doesn't exist" (60018)."""
_TAKER = {"buy": BUY, "sell": SELL}


class _TradesRow(msgspec.Struct, gc=False):
    instId: str
    tradeId: int
    px: float
    sz: float
    side: str
    ts: int
    count: int | None = 1
    """Messages recorded before 2023 have none."""


class _Channel(msgspec.Struct, tag_field="channel", tag="trades", gc=False):
    """Of others nothing else is told apart."""


class _TradesMessage(msgspec.Struct, gc=False):
    arg: _Channel
    data: list[_TradesRow]


_ROWS_DECODER = decoder(_TradesMessage)


def links(url: str, instruments: Sequence[Instrument]) -> list[Link]:
    made = []
    for at in range(0, len(instruments), _CONNECTION_TOPICS):
        part = {each.native_id: each for each in instruments[at : at + _CONNECTION_TOPICS]}
        names = list(part)
        groups = [names[first : first + _REQUEST_TOPICS] for first in range(0, len(names), _REQUEST_TOPICS)]
        made.append(Link(url, [(request("subscribe", CHANNEL, group), group) for group in groups], part))
    return made


def request(operation: str, channel: str, names: Sequence[str]) -> str:
    args = [{"channel": channel, "instId": name} for name in names]
    return orjson.dumps({"op": operation, "args": args}).decode()


@strict("OKX stream")
def read(texts: Sequence[str], subscribed: Subscribed) -> list[StreamItem]:
    found, others = rows_of(_ROWS_DECODER, texts, lambda each: "data" in each and each["arg"]["channel"] == "trades")
    rows = [row for each in found for row in each.data]
    items: list[StreamItem] = [
        state for each in others if "event" in each for state in subscription_states(each, subscribed, CHANNEL)
    ]
    if not rows:
        return items
    return items + subscribed.pages(*without_odd(rows, partial(_columns, subscribed)))


def _columns(subscribed: Subscribed, rows: Sequence[_TradesRow]) -> StreamedColumns:
    ids = whole([row.tradeId for row in rows])
    counts = whole([row.count or 1 for row in rows])
    one_each = bool((counts == 1).all())
    return StreamedColumns(
        subscribed.at([row.instId for row in rows]),
        ids,
        moments([row.ts for row in rows]),
        amounts([row.px for row in rows]),
        amounts([row.sz for row in rows]),
        sides([row.side for row in rows], _TAKER),
        ids if one_each else ids - counts + 1,
        fills=None if one_each else counts,
    )


def subscription_states(message: Any, subscribed: Subscribed, channel: str = "") -> list[StreamItem]:
    """What an answer says of the instrument it names. channel: of the requests; empty: they name no instruments."""
    event = message["event"]
    if event == "notice":
        raise Dropped(f"notice {message.get('code')}: {message.get('msg')}"[:160])
    if event == "error":
        why = f"error {message.get('code')}: {message.get('msg')}"[:160]
        named = _NAMED.search(str(message.get("msg"))) if channel else None
        if named is None or subscribed.instrument(named[1]) is None:
            # whatever is acknowledged later is live all the same
            return [subscribed.state((), False, why)]
        return [subscribed.refuse([named[1]], why, partial(request, "subscribe", channel, [named[1]]))]
    names = [message.get("arg", {}).get("instId", "")] if event in ("subscribe", "unsubscribe") else []
    return [subscribed.state(names, event == "subscribe")] if names else []
