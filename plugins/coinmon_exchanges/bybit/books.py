"""Bybit's orderbook topic (EXCHANGES 3.4): a snapshot replaces the book, each delta's `u` is one more."""

from collections.abc import Mapping, Sequence
from typing import Any

from coinmon.exchange import Instrument
from coinmon_exchanges._columns import strict
from coinmon_exchanges._stream.local_book import Update
from coinmon_exchanges._stream.rows import StreamItem, Subscribed, parsed
from coinmon_exchanges._stream.socket import Link
from coinmon_exchanges._stream.subscribed_books import Books, each_update
from coinmon_exchanges.bybit.topics import links as topic_links
from coinmon_exchanges.bybit.topics import subscribe, subscription_states, unsubscribe

_TOPIC = "orderbook.1000."
_CONNECTION_TOPICS = 50
_IS_WHOLE = {"snapshot": True, "delta": False}


def follows(last: int, starting: bool, update: Update) -> bool | None:
    if update.last == last + 1:
        return True
    return None if update.last == last else False


def links(url: str, instruments: Sequence[Instrument]) -> list[Link]:
    return topic_links(url, instruments, _TOPIC, _CONNECTION_TOPICS, read, _begin)


def _begin(link: Link) -> Subscribed:
    def resubscribe(name: str) -> Sequence[str]:
        return unsubscribe("again", [_TOPIC + name]), subscribe("again", [_TOPIC + name])

    return Books(link.instruments, [names for _, names in link.requests], follows, resubscribe)


@strict("Bybit book stream")
def read(texts: Sequence[str], books: Any) -> list[StreamItem]:
    messages: list[Any] = parsed(texts)
    items = [state for each in messages for state in subscription_states(each, books, _TOPIC)]
    pushed = (each for each in messages if str(each.get("topic", "")).startswith("orderbook."))
    taken: list[StreamItem] = books.take(each_update(pushed, lambda each: each["topic"].rpartition(".")[2], _updates))
    return items + taken


def _updates(message: Mapping[str, Any]) -> list[Update]:
    data, last = message["data"], int(message["data"]["u"])
    # after a restart of the venue's service a book begins at 1
    whole = _IS_WHOLE[message["type"]] or last == 1
    return [Update(data["s"], int(message["ts"]), data["b"], data["a"], last=last, whole=whole)]
