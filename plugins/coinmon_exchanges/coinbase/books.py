"""Coinbase Exchange's level2_batch (EXCHANGES 3.5): a snapshot of the whole book, then changes without any number.

A lost message shows only where the book crosses; so the snapshot is asked for again every few minutes.
"""

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

from coinmon.exchange import Instrument
from coinmon_exchanges._columns import iso_times, strict
from coinmon_exchanges._entries import check_is_list
from coinmon_exchanges._stream.local_book import Update
from coinmon_exchanges._stream.rows import StreamItem, parsed
from coinmon_exchanges._stream.socket import Link
from coinmon_exchanges._stream.subscribed_books import Books, each_update
from coinmon_exchanges.coinbase.trades import refused, request

_CONNECTION_TOPICS = 20
_CHANNELS = ("level2_batch", "heartbeat")
"""Heartbeats tell a quiet connection from a dead one."""
_RENEW_AFTER_S = 300.0
"""Seconds that a book which proves nothing is trusted for."""


class CoinbaseBooks(Books):
    def __init__(self, link: Link) -> None:
        super().__init__(link.instruments, [names for _, names in link.requests], follows, _again)
        self._renew_at = monotonic() + _RENEW_AFTER_S

    def requests_due(self) -> Sequence[str]:
        if monotonic() < self._renew_at:
            return super().requests_due()
        self._renew_at = monotonic() + _RENEW_AFTER_S
        return [text for name in self.local_books for text in _again(name)]


def follows(last: int, starting: bool, update: Update) -> bool | None:
    return True


def links(url: str, instruments: Sequence[Instrument]) -> list[Link]:
    made = []
    for at in range(0, len(instruments), _CONNECTION_TOPICS):
        part = {each.native_id: each for each in instruments[at : at + _CONNECTION_TOPICS]}
        text = request("subscribe", list(part), _CHANNELS)
        made.append(Link(url, [(text, list(part))], part, read, CoinbaseBooks))
    return made


def _again(name: str) -> Sequence[str]:
    return tuple(request(operation, [name], ["level2_batch"]) for operation in ("unsubscribe", "subscribe"))


@strict("Coinbase book stream")
def read(texts: Sequence[str], books: Any) -> list[StreamItem]:
    messages: list[Any] = parsed(texts)
    items: list[StreamItem] = []
    for each in messages:
        if each["type"] == "subscriptions":
            named = {name for one in each["channels"] if one["name"] == "level2_batch" for name in one["product_ids"]}
            items.append(books.state(sorted(named), True))
        elif each["type"] == "error":
            items += refused(each, books, _CHANNELS)
    changes = (each for each in messages if each["type"] in ("snapshot", "l2update"))
    taken: list[StreamItem] = books.take(each_update(changes, lambda each: each["product_id"], _updates))
    return items + taken


def _updates(message: Mapping[str, Any]) -> list[Update]:
    if message["type"] == "snapshot":
        return [Update(message["product_id"], _time(message), message["bids"], message["asks"], whole=True)]
    sides: dict[str, list[Any]] = {"buy": [], "sell": []}
    check_is_list(message["changes"])
    for side, price, size in message["changes"]:
        sides[side].append((price, size))
    return [Update(message["product_id"], _time(message), sides["buy"], sides["sell"])]


def _time(message: Mapping[str, Any]) -> int:
    """Snapshots did not always carry one."""
    return int(iso_times([message["time"]])[0]) if message.get("time") else 0
