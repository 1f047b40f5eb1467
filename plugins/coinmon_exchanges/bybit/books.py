"""Bybit's orderbook topic (EXCHANGES 3.4): a snapshot replaces the book, each delta's `u` is one more."""

from collections.abc import Sequence
from typing import Any

import orjson

from coinmon.exchange import Instrument
from coinmon_exchanges._columns import strict
from coinmon_exchanges._stream.local_book import Books, Update
from coinmon_exchanges._stream.rows import StreamItem, Subscribed, parsed
from coinmon_exchanges._stream.socket import Link
from coinmon_exchanges.bybit.trades import said

_TOPIC = "orderbook.1000."
_CONNECTION_TOPICS, _REQUEST_TOPICS = 50, 10


def follows(last: int, starting: bool, update: Update) -> bool | None:
    if update.last == last + 1:
        return True
    return None if update.last == last else False


def links(url: str, instruments: Sequence[Instrument]) -> list[Link]:
    made = []
    for at in range(0, len(instruments), _CONNECTION_TOPICS):
        part = {each.native_id: each for each in instruments[at : at + _CONNECTION_TOPICS]}
        names = list(part)
        groups = [names[first : first + _REQUEST_TOPICS] for first in range(0, len(names), _REQUEST_TOPICS)]
        asks = [(_ask("subscribe", group, str(number)), group) for number, group in enumerate(groups)]
        made.append(Link(url, asks, part, read, _begin))
    return made


def _begin(link: Link) -> Subscribed:
    def again(name: str) -> Sequence[str]:
        return _ask("unsubscribe", [name], "again"), _ask("subscribe", [name], "again")

    return Books(link.instruments, [names for _, names in link.requests], follows, again)


def _ask(operation: str, names: Sequence[str], number: str) -> str:
    args = [f"{_TOPIC}{name}" for name in names]
    return orjson.dumps({"req_id": number, "op": operation, "args": args}).decode()


@strict("Bybit book stream")
def read(texts: Sequence[str], books: Any) -> list[StreamItem]:
    messages: list[Any] = parsed(texts)
    news = [state for each in messages if each.get("op") == "subscribe" for state in said(each, books)]
    taken: list[StreamItem] = books.take(
        Update(
            each["data"]["s"], each["ts"], each["data"]["b"], each["data"]["a"], last=each["data"]["u"],
            # after a restart of the venue's service a book begins at 1
            whole=each["type"] == "snapshot" or each["data"]["u"] == 1,
        )
        for each in messages
        if str(each.get("topic", "")).startswith("orderbook.")
    )  # fmt: skip
    return news + taken
