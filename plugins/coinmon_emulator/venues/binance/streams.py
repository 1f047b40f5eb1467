"""Binance's streams: what each says, wrapped in {"stream", "data"} where the connection is a combined one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import orjson

from coinmon_emulator.market.decimals import fixed
from coinmon_emulator.market.feeds import (
    CHUNK,
    Booking,
    DueFeed,
    FeedMessage,
    FeedRow,
    Periodic,
    RecordedFeed,
    SilentFeed,
    Trading,
)
from coinmon_emulator.market.ladder import LEVELS, STEP, Ladder, changes, levels
from coinmon_emulator.market.market import Listed, MarketKind, Prints
from coinmon_emulator.market.world import World
from coinmon_emulator.server.socket import SocketPlace

NAME = re.compile(r"(?P<symbol>\w+)@(?P<event>[a-zA-Z]+)(@(?P<speed>0ms|100ms|250ms|500ms|1s))?")
EVERY = re.compile(r"!(?P<event>markPrice|forceOrder)@arr(@(?P<speed>1s))?")
AGGREGATE_MS = 100
SPOT = {"aggTrade", "trade", "depth", "bookTicker"}
PERP_PUBLIC = {"trade", "depth", "bookTicker"}
PERP_MARKET = {"aggTrade", "markPrice", "forceOrder"}
# Books move in steps of 100 ms: the nearest that is a multiple of it.
DEPTH_EVERY: dict[MarketKind, dict[str | None, int]] = {
    "spot": {None: 1000, "100ms": 100},
    "perp": {None: 200, "0ms": 100, "100ms": 100, "250ms": 200, "500ms": 500},
}
Wrap = Callable[[bytes], bytes]


class BinanceStreams:
    """The streams of one market, as one path knows them."""

    def __init__(self, place: SocketPlace, kind: MarketKind, known: set[str]) -> None:
        self.kind: MarketKind = kind
        self._place = place
        self._known = known

    def feed(self, name: str, combined: bool) -> DueFeed:
        head = b'{"stream":' + orjson.dumps(name) + b',"data":'

        def wrap(data: bytes) -> bytes:
            return head + data + b"}" if combined else data

        every = EVERY.fullmatch(name)
        if every is not None and every["event"] in self._known:
            perps = self._place.of_kind("perp")
            return self._of_all(perps, every["event"], every["speed"], wrap)
        matched = NAME.fullmatch(name)
        one = None if matched is None else self._place.find(self.kind, matched["symbol"].upper())
        if matched is None or one is None or matched["event"] not in self._known:
            return SilentFeed()
        return self._of_one(one, matched["event"], matched["speed"], wrap)

    def _of_all(self, perps: Sequence[Listed], event: str, speed: str | None, wrap: Wrap) -> DueFeed:
        market, now = self._place.market, self._place.now()
        if event == "forceOrder":
            return Periodic(1000, now, lambda at: [m for one in perps for m in force_orders(market, one, at, wrap)])

        def marks(at: int) -> Sequence[FeedMessage]:
            return (
                FeedMessage(at, wrap(orjson.dumps([mark for one in perps if (mark := mark_price(market, one, at))]))),
            )

        return Periodic(1000 if speed else 3000, now, marks)

    def _of_one(self, one: Listed, event: str, speed: str | None, wrap: Wrap) -> DueFeed:
        market, now = self._place.market, self._place.now()
        recorded = {"depth": "depthUpdate", "markPrice": "markPriceUpdate"}.get(event, event)
        kept = None if event in ("aggTrade", "forceOrder") else market.recorded(one, recorded)
        if kept is not None:
            return RecordedFeed(kept, now, wrap)
        if event == "aggTrade":
            return Aggregating(market, one, now, lambda rows: aggregates(one, rows, wrap))
        if event == "trade":
            return Trading(market, one, now, lambda rows: fills(one, rows, wrap))
        if event == "forceOrder":
            return Periodic(1000, now, lambda at: force_orders(market, one, at, wrap))
        if event == "markPrice":

            def mark(at: int) -> Sequence[FeedMessage]:
                told = mark_price(market, one, at)
                return () if told is None else (FeedMessage(at, wrap(orjson.dumps(told))),)

            return Periodic(1000 if speed == "1s" else 3000, now, mark)
        every, depth = (STEP, 1) if event == "bookTicker" else (DEPTH_EVERY[self.kind].get(speed, STEP), LEVELS)
        update = best if event == "bookTicker" else difference
        return Booking(
            market,
            one,
            now,
            every=every,
            depth=depth,
            snapshot=lambda book: None,
            update=lambda states: FeedMessage(
                states[-1].time, wrap(orjson.dumps(update(one, states))), states[-1].step
            ),
        )


class Aggregating(Trading):
    """Aggregate trades once they are complete; rows are (a, due, price, size, side, first, last, time)."""

    def _begin(self, now: int) -> int:
        index = self._market.aggregates(self._one)
        if index is None:
            return super()._begin(now)
        begun = self._market.before(self._one, now + 1 - self._delay)
        return int(np.searchsorted(index[1], begun, side="left"))

    @property
    def _delay(self) -> int:
        """A futures aggregate is open for 100 ms, a spot one only for its own moment."""
        return AGGREGATE_MS if self._one.kind == "perp" else 0

    def _fetch(self, low: int) -> Sequence[FeedRow]:
        index = self._market.aggregates(self._one)
        if index is None:
            trades = self._market.rows(self._one, low, low + CHUNK)
            first = trades.id if trades.first is None else trades.first
            last = trades.id if trades.last is None else trades.last
            return self._rows_of(trades, trades.size, first.tolist(), last.tolist(), 0)
        first_id, starts = index
        chosen = starts[low : low + CHUNK]
        if not len(chosen):
            return ()
        end = int(starts[low + CHUNK]) if low + CHUNK < len(starts) else 1 << 62
        trades = self._market.rows(self._one, int(chosen[0]), end)
        edges = chosen - chosen[0]
        ends = np.append(edges[1:], len(trades)) - 1
        heads = trades.take(edges)
        named = Prints(np.arange(low, low + len(chosen)) + first_id, heads.time, heads.price, heads.size, heads.side)
        sizes = np.add.reduceat(trades.size, edges)
        return self._rows_of(named, sizes, trades.id[edges].tolist(), trades.id[ends].tolist(), self._delay)

    @staticmethod
    def _rows_of(trades: Prints, sizes: Any, first: list[int], last: list[int], delay: int) -> list[FeedRow]:
        return [
            (trade_id, time + delay, price, size, side, begin, end, time)
            for (trade_id, time, price, _, side), size, begin, end in zip(
                trades.rows(), sizes.tolist(), first, last, strict=True
            )
        ]


def margin_code(one: Listed) -> int:
    """What all-market streams tell USD-margined (1) and coin-margined (2) contracts apart by (EXCHANGES C10)."""
    return 1 if one.odd.get("marginAsset", one.quote) == one.quote else 2


def aggregates(one: Listed, rows: list[FeedRow], wrap: Wrap) -> list[FeedMessage]:
    found = []
    for trade_id, due, price, size, side, first, last, time in rows:
        quantity = fixed(size, one.size_digits, one.size_text)
        told: dict[str, Any] = {"e": "aggTrade", "E": due, "s": one.native, "a": trade_id}
        told["p"] = fixed(price, one.price_digits, one.price_text)
        told["q"] = quantity
        if one.kind == "perp":
            told |= {"nq": quantity, "f": first, "l": last, "T": time, "m": side < 0, "st": margin_code(one)}
        else:
            told |= {"f": first, "l": last, "T": time, "m": side < 0, "M": True}
        found.append(FeedMessage(due, wrap(orjson.dumps(told)), trade_id))
    return found


def fills(one: Listed, rows: list[FeedRow], wrap: Wrap) -> list[FeedMessage]:
    found = []
    for trade_id, time, price, size, side in rows:
        told: dict[str, Any] = {"e": "trade", "E": time}
        if one.kind == "perp":
            told["T"] = time
        told |= {"s": one.native, "t": trade_id, "p": fixed(price, one.price_digits, one.price_text)}
        told["q"] = fixed(size, one.size_digits, one.size_text)
        told |= {"X": "MARKET", "m": side < 0} if one.kind == "perp" else {"T": time, "m": side < 0, "M": True}
        found.append(FeedMessage(time, wrap(orjson.dumps(told)), trade_id))
    return found


def mark_price(market: World, one: Listed, at: int) -> dict[str, Any] | None:
    mark = market.mark(one, at)
    if mark is None:
        return None
    return {
        "e": "markPriceUpdate",
        "E": at,
        "s": one.native,
        "p": f"{mark.mark:.8f}",
        "ap": f"{mark.mark:.8f}",
        "P": f"{mark.index:.8f}",
        "i": f"{mark.index:.8f}",
        "r": f"{mark.rate:.8f}",
        "T": mark.next_ms,
        "st": margin_code(one),
    }


def force_orders(market: World, one: Listed, at: int, wrap: Wrap) -> Sequence[FeedMessage]:
    """Only the latest one of the second before, as the venue pushes them."""
    forced = market.liquidations(one, at - 1000, at)
    if not len(forced):
        return ()
    _, time, price, size, side = next(forced.take(slice(-1, None)).rows())
    quantity = fixed(size, one.size_digits, one.size_text)
    text = fixed(price, one.price_digits, one.price_text)
    order = {
        "s": one.native,
        "S": "SELL" if side < 0 else "BUY",
        "o": "LIMIT",
        "f": "IOC",
        "q": quantity,
        "p": text,
        "ap": text,
        "X": "FILLED",
        "l": quantity,
        "z": quantity,
        "T": time,
        "ps": one.native,
        "st": margin_code(one),
    }
    return (FeedMessage(at, wrap(orjson.dumps({"e": "forceOrder", "E": at, "o": order})), at // 1000),)


def difference(one: Listed, states: Sequence[Ladder]) -> dict[str, Any]:
    old, new = states[0], states[-1]
    told: dict[str, Any] = {"e": "depthUpdate", "E": new.time}
    if one.kind == "perp":
        # Futures ids skip some between two events: only pu joins them.
        told |= {"T": new.time, "s": one.native, "U": old.update_id + 2, "u": new.update_id, "pu": old.update_id}
    else:
        told |= {"s": one.native, "U": old.update_id + 1, "u": new.update_id}
    told["b"] = _texts(one, changes(states, "bids"))
    told["a"] = _texts(one, changes(states, "asks"))
    return told


def best(one: Listed, states: Sequence[Ladder]) -> dict[str, Any]:
    new = states[-1]
    told: dict[str, Any] = {"e": "bookTicker"} if one.kind == "perp" else {}
    told |= {"u": new.update_id, "s": one.native}
    for side, price, size in ((new.bids, "b", "B"), (new.asks, "a", "A")):
        told[price], told[size] = _texts(one, levels(side)[:1])[0]
    return told | ({"T": new.time, "E": new.time} if one.kind == "perp" else {})


def _texts(one: Listed, found: list[tuple[int, int]]) -> list[list[str]]:
    return [
        [fixed(price, one.price_digits, one.price_text), fixed(size, one.size_digits, one.size_text)]
        for price, size in found
    ]
