"""Bybit's publicTrade topic (EXCHANGES 3.4): its ids are not consecutive, so a stream alone proves nothing."""

from collections.abc import Sequence
from functools import partial

import msgspec
import numpy as np

from coinmon.exchange import Instrument
from coinmon_exchanges._columns import BUY, SELL, amounts, moments, sides, strict
from coinmon_exchanges._entries import without_odd
from coinmon_exchanges._stream.rows import StreamedColumns, StreamItem, Subscribed, decoder, rows_of
from coinmon_exchanges._stream.socket import ConnectionRules, Link
from coinmon_exchanges.bybit.decode import ids
from coinmon_exchanges.bybit.topics import links as topic_links
from coinmon_exchanges.bybit.topics import subscription_states

CONNECTION_RULES = ConnectionRules(
    send_interval=0.05, connect_interval=0.7, ping='{"op":"ping"}', ping_interval=10.0, receive_timeout=25.0
)
"""500 connections in 5 minutes; a ping at least every 20 s."""
_TOPIC = "publicTrade."
_CONNECTION_TOPICS = 400
"""Their names have at most 21 000 characters in all."""
_TAKER = {"Buy": BUY, "Sell": SELL}


class _PublicTrade(msgspec.Struct, gc=False):
    i: str
    s: str
    T: int
    p: float
    v: float
    S: str
    BT: bool = False


class _PublicTrades(msgspec.Struct, gc=False):
    topic: str
    data: list[_PublicTrade]


_ROWS_DECODER = decoder(_PublicTrades)


def links(url: str, instruments: Sequence[Instrument]) -> list[Link]:
    return topic_links(url, instruments, _TOPIC, _CONNECTION_TOPICS)


@strict("Bybit stream")
def read(texts: Sequence[str], subscribed: Subscribed) -> list[StreamItem]:
    found, others = rows_of(_ROWS_DECODER, texts, lambda message: str(message.get("topic", "")).startswith(_TOPIC))
    rows = [row for each in found for row in each.data]
    items = [state for each in others for state in subscription_states(each, subscribed, _TOPIC)]
    if not rows:
        return items
    return items + subscribed.pages(*without_odd(rows, partial(_columns, subscribed)))


def _columns(subscribed: Subscribed, rows: Sequence[_PublicTrade]) -> StreamedColumns:
    blocks = [row.BT for row in rows]
    return StreamedColumns(
        subscribed.at([row.s for row in rows]),
        ids([row.i for row in rows]),
        moments([row.T for row in rows]),
        amounts([row.p for row in rows]),
        amounts([row.v for row in rows]),
        sides([row.S for row in rows], _TAKER),
        None,
        ~np.array(blocks, np.bool_) if True in blocks else None,
    )
