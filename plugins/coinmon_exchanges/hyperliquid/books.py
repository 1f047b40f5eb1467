"""Hyperliquid's l2Book channel: each message is the whole of the twenty best levels a side."""

from collections.abc import Sequence
from typing import Any

from coinmon.exchange import Channel, Instrument, StreamedBook
from coinmon_exchanges._columns import strict
from coinmon_exchanges._entries import by_name, each_readable
from coinmon_exchanges._stream.rows import StreamItem, Subscribed, parsed
from coinmon_exchanges._stream.socket import Link
from coinmon_exchanges.hyperliquid.decode import book
from coinmon_exchanges.hyperliquid.subscriptions import links as channel_links
from coinmon_exchanges.hyperliquid.subscriptions import subscription_states

_CHANNEL = "l2Book"


class BookSubscription(Subscribed):
    channel: Channel = "book"


def links(url: str, instruments: Sequence[Instrument]) -> list[Link]:
    return channel_links(url, instruments, _CHANNEL, read, _begin)


def _begin(link: Link) -> Subscribed:
    return BookSubscription(dict(link.instruments), [names for _, names in link.requests])


@strict("Hyperliquid book stream")
def read(texts: Sequence[str], subscribed: Subscribed) -> list[StreamItem]:
    """Of several messages about a coin the last is the book."""
    messages: list[Any] = parsed(texts)
    items = [state for each in messages for state in subscription_states(each, subscribed, _CHANNEL)]
    newest = by_name([each.get("data") for each in messages if each.get("channel") == _CHANNEL], "coin")
    known = [(instrument, data) for name, data in newest.items() if (instrument := subscribed.instrument(name))]
    # each is a whole book: an odd one costs itself, and an older one is used no longer than any other
    return items + each_readable(known, lambda each: StreamedBook(each[0], book(each[1])))
