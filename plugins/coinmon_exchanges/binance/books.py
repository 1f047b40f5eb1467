"""Binance's diff depth streams and their REST snapshots (EXCHANGES 3.1, 3.2).

Spot: updates count on by U = u before + 1. USD-M: `pu` is the `u` of the message before.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import Any

from loguru import logger

from coinmon.exchange import CoinmonError, DecodeError, Instrument
from coinmon_exchanges._columns import strict
from coinmon_exchanges._stream.local_book import LocalBook, Update
from coinmon_exchanges._stream.rows import StreamItem, Subscribed, parsed
from coinmon_exchanges._stream.socket import Link
from coinmon_exchanges._stream.subscribed_books import Books, each_update
from coinmon_exchanges.binance.trades import subscribe, subscription_states

LIMITS = {"spot": 5000, "perp": 1000}
"""Levels of a snapshot: the most there are."""
_WEIGHTS = {"spot": {100: 5, 500: 25, 1000: 50, 5000: 250}, "perp": {50: 2, 100: 5, 500: 10, 1000: 20}}
"""Weights of the sizes of a snapshot."""
_CHANNEL = "@depth@100ms"
_CONNECTION_TOPICS = 100
_MAX_CONCURRENT_SNAPSHOTS = 2
_SNAPSHOT_RETRY_S = 10.0
"""Seconds until a snapshot that could not be had is asked for again."""

Fetch = Callable[[Instrument, int], Awaitable[Any]]
"""Ask for a snapshot of so many levels a side."""


def snapshot_size(kind: str, depth: int) -> tuple[int, int]:
    """The size of a snapshot that has so many levels a side, or the largest there is, and its weight."""
    sizes = _WEIGHTS[kind]
    size = next((each for each in sizes if each >= depth), max(sizes))
    return size, sizes[size]


def follows_spot(last: int, starting: bool, update: Update) -> bool | None:
    if update.last <= last:
        return None if starting or update.last == last else False
    return update.first <= last + 1


def follows_usdm(last: int, starting: bool, update: Update) -> bool | None:
    if starting:
        # the event that the snapshot stands in, or the one right after it
        return None if update.last < last else update.first <= last or update.before == last
    if update.before == last:
        return True
    return None if update.last == last else False


FOLLOWS = {"spot": follows_spot, "perp": follows_usdm}


class BinanceBooks(Books):
    """Differences wait until a snapshot has come that they follow."""

    def __init__(self, link: Link, kind: str, fetch: Fetch) -> None:
        super().__init__(link.instruments, [names for _, names in link.requests], FOLLOWS[kind])
        self._limit = LIMITS[kind]
        self._fetch = fetch
        self._slots = asyncio.Semaphore(_MAX_CONCURRENT_SNAPSHOTS)
        self._asking: dict[str, asyncio.Task[None]] = {}

    def without_snapshot(self, local: LocalBook, update: Update) -> None:
        local.waiting.append(update)

    def requests_due(self) -> Sequence[str]:
        for name, local in self.local_books.items():
            if local.sound and local.left_snapshot():
                local.await_snapshot(0.0)
            if not local.sound and local.waiting and name not in self._asking and monotonic() >= local.resubscribe_at:
                task = self._asking[name] = asyncio.create_task(self._ask(name, local))
                task.add_done_callback(partial(self._asked, name))
        return Subscribed.requests_due(self)

    def _asked(self, name: str, _: "asyncio.Task[None]") -> None:
        del self._asking[name]

    async def _ask(self, name: str, local: LocalBook) -> None:
        try:
            async with self._slots:
                payload = await self._fetch(local.instrument, self._limit)
            self.started(name, payload, self._limit)
        except CoinmonError:
            # the session has tried several times: others come first
            local.resubscribe_at = monotonic() + _SNAPSHOT_RETRY_S
        except Exception as error:
            # a bug of ours costs this snapshot, is said, and is not tried again at once
            local.resubscribe_at = monotonic() + _SNAPSHOT_RETRY_S
            logger.opt(exception=error).error("[BINANCE] the order book of {} could not be begun", local.instrument.id)

    def started(self, name: str, payload: Any, limit: int) -> None:
        """A snapshot came: what follows it is put on it; one that is older than the stream is asked for again."""
        local = self.local_books[name]
        waiting, local.waiting = local.waiting, []
        snapshot, known = read_snapshot(name, payload, limit)
        if not local.load(snapshot, known, starting=True):
            raise DecodeError(f"Binance depth: a level of {name} is not in the venue's format")
        if not all(local.take(each, self._follows) for each in waiting):
            local.await_snapshot(0.25)
            local.waiting = waiting

    def stop(self) -> None:
        for task in self._asking.values():
            task.cancel()


@strict("Binance depth")
def read_snapshot(name: str, payload: Any, limit: int) -> tuple[Update, tuple[float, float] | None]:
    """The snapshot, and the prices it reaches to where it is cut off."""
    bids, asks = payload["bids"], payload["asks"]
    cut = len(bids) >= limit or len(asks) >= limit
    known = (
        float(bids[-1][0]) if len(bids) >= limit else 0.0,
        float(asks[-1][0]) if len(asks) >= limit else float("inf"),
    )
    moment = int(payload.get("T", 0))
    snapshot = Update(name, moment, bids, asks, last=int(payload["lastUpdateId"]), whole=True)
    return snapshot, known if cut else None


Begun = dict[tuple[str, str], BinanceBooks]


def links(url: str, instruments: Sequence[Instrument], kind: str, fetch: Fetch, begun: Begun) -> list[Link]:
    """begun: gets the books of each connection when it is made."""

    def begin(link: Link) -> Subscribed:
        key = link.url, link.requests[0][0]
        if key in begun:
            begun[key].stop()
        begun[key] = BinanceBooks(link, kind, fetch)
        return begun[key]

    made = []
    for at in range(0, len(instruments), _CONNECTION_TOPICS):
        part = {each.native_id: each for each in instruments[at : at + _CONNECTION_TOPICS]}
        made.append(Link(url, [(subscribe(0, list(part), _CHANNEL), list(part))], part, read, begin))
    return made


@strict("Binance depth stream")
def read(texts: Sequence[str], books: Any) -> list[StreamItem]:
    messages: list[Any] = parsed(texts)
    others = [each for each in messages if each.get("e") != "depthUpdate"]
    items = [state for each in others for state in subscription_states(each, books, _CHANNEL)]
    depths = [each for each in messages if each.get("e") == "depthUpdate"]
    items += books.take(each_update(depths, lambda each: each["s"], updates))
    return items


def updates(message: Mapping[str, Any]) -> list[Update]:
    first, last, before = int(message["U"]), int(message["u"]), int(message.get("pu") or 0)
    return [Update(message["s"], int(message["E"]), message["b"], message["a"], first, last, before)]
