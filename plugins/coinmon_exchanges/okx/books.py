"""OKX's `books` channel (EXCHANGES 3.3): 400 levels; `prevSeqId` is the `seqId` of the message before.

Its checksum is deprecated and always 0.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from coinmon.exchange import Instrument
from coinmon_exchanges._columns import strict
from coinmon_exchanges._stream.local_book import Update
from coinmon_exchanges._stream.rows import StreamItem, Subscribed, parsed
from coinmon_exchanges._stream.socket import Link
from coinmon_exchanges._stream.subscribed_books import Books, each_update
from coinmon_exchanges.okx.trades import request, subscription_states

_CHANNEL = "books"
_CONNECTION_TOPICS = 25
"""Fewer than 30 books a connection, as OKX advises."""
_IS_WHOLE = {"snapshot": True, "update": False}


def follows(last: int, starting: bool, update: Update) -> bool | None:
    """A sequence may be set back after maintenance: then seqId < prevSeqId, and prevSeqId still joins."""
    if update.before == last:
        return True
    return None if update.last == last else False


def links(url: str, instruments: Sequence[Instrument]) -> list[Link]:
    made = []
    for at in range(0, len(instruments), _CONNECTION_TOPICS):
        part = {each.native_id: each for each in instruments[at : at + _CONNECTION_TOPICS]}
        made.append(Link(url, [(request("subscribe", _CHANNEL, list(part)), list(part))], part, read, _begin))
    return made


def _begin(link: Link) -> Subscribed:
    def again(name: str) -> Sequence[str]:
        return tuple(request(operation, _CHANNEL, [name]) for operation in ("unsubscribe", "subscribe"))

    return Books(link.instruments, [names for _, names in link.requests], follows, again)


@strict("OKX book stream")
def read(texts: Sequence[str], books: Any) -> list[StreamItem]:
    messages: list[Any] = parsed(texts)
    # an unsubscription is half of asking for a snapshot again
    said_so = [each for each in messages if "event" in each and each["event"] != "unsubscribe"]
    items = [state for each in said_so for state in subscription_states(each, books, _CHANNEL)]
    pushed = (each for each in messages if "data" in each)
    taken: list[StreamItem] = books.take(each_update(pushed, lambda each: each["arg"]["instId"], _updates))
    return items + taken


def _updates(message: Mapping[str, Any]) -> list[Update]:
    name, whole = message["arg"]["instId"], _IS_WHOLE[message["action"]]
    return [
        Update(name, int(row["ts"]), row["bids"], row["asks"], last=int(row["seqId"]), before=_before(row), whole=whole)
        for row in message["data"]
    ]


def _before(row: Any) -> int:
    """A snapshot needs no predecessor, and does not always name one (EXCHANGES C4)."""
    return int(row.get("prevSeqId") or -1)
