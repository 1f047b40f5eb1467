"""Bybit's topics."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import orjson

from coinmon_emulator.market.decimals import fixed, plain
from coinmon_emulator.market.feeds import Booking, DueFeed, FeedMessage, FeedRow, Periodic, SilentFeed, Trading
from coinmon_emulator.market.ladder import Ladder, changes, levels
from coinmon_emulator.market.market import Listed, MarketKind
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.socket import SocketPlace
from coinmon_emulator.venues.bybit.market import derivatives, ticker
from coinmon_emulator.venues.bybit.rest import exec_id

TOPIC = re.compile(r"(publicTrade|tickers|allLiquidation|orderbook\.(?P<depth>1|50|200|1000))\.(?P<symbol>[A-Z0-9-]+)")
# Books move in steps of 100 ms; the deepest stream takes every other one.
BOOK_EVERY = {1: 100, 50: 100, 200: 100, 1000: 200}
TICKER_INTERVAL_MS = 1000
DAY_INTERVAL_MS = 15_000
"""The figures of 24 hours are worked out more seldom than the others."""
LIQUIDATIONS_INTERVAL_MS = 500


class BybitStreams:
    def __init__(self, place: SocketPlace, kind: MarketKind) -> None:
        self._place = place
        self._kind = kind

    def knows(self, topic: str) -> bool:
        matched = TOPIC.fullmatch(topic)
        if matched is None or (self._kind == "spot" and matched[1] == "allLiquidation"):
            return False
        return self._place.find(self._kind, matched["symbol"]) is not None

    def feed(self, topic: str) -> DueFeed:
        matched = TOPIC.fullmatch(topic)
        one = None if matched is None else self._place.find(self._kind, matched["symbol"])
        if matched is None or one is None:
            return SilentFeed()
        market, now = self._place.market, self._place.now()
        if matched[1] == "publicTrade":
            return Trading(market, one, now, PrintMessages(one, topic))
        if matched[1] == "tickers":
            return self._tickers(one, topic, now)
        if matched[1] == "allLiquidation":
            return Periodic(LIQUIDATIONS_INTERVAL_MS, now, lambda at: self._liquidations(one, topic, at))
        depth = int(matched["depth"])
        every = BOOK_EVERY[depth]
        return Booking(
            market,
            one,
            now,
            every=every,
            depth=depth,
            snapshot=lambda book: _book(one, topic, every, book, "snapshot", levels(book.bids), levels(book.asks)),
            update=lambda states: _book(
                one, topic, every, states[-1], "delta", changes(states, "bids"), changes(states, "asks")
            ),
        )

    def _liquidations(self, one: Listed, topic: str, at: int) -> Sequence[FeedMessage]:
        forced = self._place.market.liquidations(one, at - LIQUIDATIONS_INTERVAL_MS, at)
        data = [
            {
                "T": time,
                "s": one.native,
                # The position's side: what was sold out was long.
                "S": "Buy" if side < 0 else "Sell",
                "v": plain(size, one.size_digits),
                "p": fixed(price, one.price_digits, one.price_text),
            }
            for _, time, price, size, side in forced.rows()
        ]
        if not data:
            return ()
        told = {"topic": topic, "type": "snapshot", "ts": at, "data": data}
        return (FeedMessage(at, orjson.dumps(told), at // LIQUIDATIONS_INTERVAL_MS),)

    def _tickers(self, one: Listed, topic: str, now: int) -> DueFeed:
        market = self._place.market
        known: dict[str, Any] = {}

        def tell(at: int, kind: str, data: dict[str, Any]) -> FeedMessage:
            told = {"topic": topic, "type": kind, "data": data, "cs": 3 * (at // 100), "ts": at}
            return FeedMessage(at, orjson.dumps(told), at // TICKER_INTERVAL_MS)

        def whole(at: int) -> dict[str, Any]:
            row = ticker(WorldNow(market, at), one) or {"symbol": one.native}
            if one.kind == "spot":
                # The stream of spot has no best prices.
                return {key: value for key, value in row.items() if not key.startswith(("bid1", "ask1"))}
            return {"symbol": one.native, "tickDirection": "ZeroPlusTick", **row}

        def first(at: int) -> Sequence[FeedMessage]:
            if not known:
                known.update(whole(at))
            return (tell(at, "snapshot", known),)

        def render(at: int) -> Sequence[FeedMessage]:
            if one.kind == "spot":
                return (tell(at, "snapshot", whole(at)),)
            new = whole(at) if at % DAY_INTERVAL_MS == 0 or not known else derivatives(WorldNow(market, at), one)
            changed = {key: value for key, value in new.items() if known.get(key) != value}
            known.update(changed)
            return (tell(at, "delta", {"symbol": one.native, **changed}),) if changed else ()

        return Periodic(TICKER_INTERVAL_MS, now, render, first)


class PrintMessages:
    """Trades of one millisecond in one message; linear ones say which way the price went."""

    def __init__(self, one: Listed, topic: str) -> None:
        self._one = one
        self._topic = topic
        self._last = 0
        self._direction = "ZeroPlusTick"

    def __call__(self, rows: list[FeedRow]) -> list[FeedMessage]:
        found: list[FeedMessage] = []
        place = 0
        while place < len(rows):
            end = place + 1
            while end < len(rows) and rows[end][1] == rows[place][1]:
                end += 1
            time = rows[place][1]
            data = [self._print(row) for row in rows[place:end]]
            told = {"topic": self._topic, "type": "snapshot", "ts": time, "data": data}
            found.append(FeedMessage(time, orjson.dumps(told), rows[end - 1][0]))
            place = end
        return found

    def _print(self, row: FeedRow) -> dict[str, Any]:
        one = self._one
        trade_id, time, price, size, side = row
        told: dict[str, Any] = {"T": time, "s": one.native, "S": "Buy" if side > 0 else "Sell"}
        told |= {"v": plain(size, one.size_digits), "p": fixed(price, one.price_digits, one.price_text)}
        if one.kind == "perp":
            if price == self._last:
                self._direction = "ZeroMinusTick" if "Minus" in self._direction else "ZeroPlusTick"
            else:
                self._direction = "PlusTick" if price > self._last else "MinusTick"
            self._last = price
            told["L"] = self._direction
        return told | {"i": exec_id(one, trade_id), "BT": False, "RPI": False, "seq": 3 * trade_id + 7}


def _book(
    one: Listed,
    topic: str,
    every: int,
    book: Ladder,
    kind: str,
    bids: list[tuple[int, int]],
    asks: list[tuple[int, int]],
) -> FeedMessage:
    data = {
        "s": one.native,
        "b": _texts(one, bids),
        "a": _texts(one, asks),
        "u": book.time // every,
        "seq": 3 * book.update_id,
    }
    told = {"topic": topic, "type": kind, "ts": book.time, "data": data, "cts": book.time}
    return FeedMessage(book.time, orjson.dumps(told), None if kind == "snapshot" else book.step)


def _texts(one: Listed, found: list[tuple[int, int]]) -> list[list[str]]:
    return [[fixed(price, one.price_digits, one.price_text), plain(size, one.size_digits)] for price, size in found]
