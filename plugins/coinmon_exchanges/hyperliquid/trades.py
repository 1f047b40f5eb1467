"""Hyperliquid's trades channel (EXCHANGES C19): its ids are no sequence, so a stream alone proves nothing."""

from collections.abc import Sequence
from functools import partial

import msgspec

from coinmon.exchange import Instrument
from coinmon_exchanges._columns import amounts, moments, sides, strict, whole
from coinmon_exchanges._entries import without_odd
from coinmon_exchanges._stream.rows import StreamedColumns, StreamItem, Subscribed, decoder, rows_of
from coinmon_exchanges._stream.socket import ConnectionRules, Link
from coinmon_exchanges.hyperliquid.decode import TAKER
from coinmon_exchanges.hyperliquid.subscriptions import links as channel_links
from coinmon_exchanges.hyperliquid.subscriptions import subscription_states

CONNECTION_RULES = ConnectionRules(
    send_interval=0.05, connect_interval=2.1, ping='{"method":"ping"}', ping_interval=20.0, receive_timeout=50.0
)
"""2000 messages and 30 new connections a minute; a connection that is silent for 60 s is closed."""
_CHANNEL = "trades"


class _StreamedTrade(msgspec.Struct, gc=False):
    coin: str
    side: str
    px: float
    sz: float
    time: int
    tid: int


class _StreamedTrades(msgspec.Struct, gc=False):
    channel: str
    data: list[_StreamedTrade]


_ROWS_DECODER = decoder(_StreamedTrades)


def links(url: str, instruments: Sequence[Instrument]) -> list[Link]:
    return channel_links(url, instruments, _CHANNEL)


@strict("Hyperliquid stream")
def read(texts: Sequence[str], subscribed: Subscribed) -> list[StreamItem]:
    found, others = rows_of(_ROWS_DECODER, texts, lambda message: message.get("channel") == _CHANNEL)
    items = [state for each in others for state in subscription_states(each, subscribed, _CHANNEL)]
    rows = [row for each in found for row in _oldest_first(each.data)]
    if not rows:
        return items
    return items + subscribed.pages(*without_odd(rows, partial(_columns, subscribed)))


def _columns(subscribed: Subscribed, rows: Sequence[_StreamedTrade]) -> StreamedColumns:
    return StreamedColumns(
        subscribed.at([row.coin for row in rows]),
        whole([row.tid for row in rows]),
        moments([row.time for row in rows]),
        amounts([row.px for row in rows]),
        amounts([row.sz for row in rows]),
        sides([row.side for row in rows], TAKER),
        None,
    )


def _oldest_first(rows: list[_StreamedTrade]) -> list[_StreamedTrade]:
    """The first message after a subscription repeats the last trades, and lists of those are newest first."""
    return rows[::-1] if len(rows) > 1 and rows[0].time > rows[-1].time else rows
