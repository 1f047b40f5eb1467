"""Coinbase's channels. A match has the maker's side, a ticker the taker's."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson

from coinmon_emulator.market.decimals import fixed, plain
from coinmon_emulator.market.feeds import Booking, DueFeed, FeedMessage, FeedRow, Periodic, Trading
from coinmon_emulator.market.ladder import STEP, Ladder, changes, levels
from coinmon_emulator.market.market import DAY, Listed
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.socket import SocketPlace
from coinmon_emulator.venues.coinbase.heartbeat import SEQUENCES, LastTrade, heartbeat
from coinmon_emulator.venues.coinbase.rest import moment

CHANNELS = ("matches", "heartbeat", "level2_batch", "ticker")
DAY_INTERVAL_MS = 15_000
"""The figures of 24 hours and 30 days are worked out more seldom than the others."""


class CoinbaseStreams:
    def __init__(self, place: SocketPlace) -> None:
        self._place = place

    def feed(self, channel: str, product: str) -> DueFeed:
        one = self._place.ever_listed["spot", product]
        market, now = self._place.market, self._place.now()
        if channel == "matches":
            return Matches(self._place, one, lambda rows: [match(one, row) for row in rows])
        if channel == "ticker":
            return Matches(self._place, one, Tickers(self._place, one))
        if channel == "heartbeat":
            last = LastTrade(market, one)
            return Periodic(1000, now, lambda at: (heartbeat(one, at, last.before(at + 1)),))
        return Booking(
            market,
            one,
            now,
            every=STEP,
            depth=1 << 30,
            snapshot=lambda book: _snapshot(one, book),
            update=lambda states: _update(one, states),
        )


class Matches(Trading):
    """Trades; the last one before is told at the start."""

    def __init__(self, place: SocketPlace, one: Listed, render: Any) -> None:
        self._told: FeedRow | None = None
        super().__init__(place.market, one, place.now(), self._noted)
        self._rendered = render
        if self._position > len(self._rows):
            before = self._position - len(self._rows)
            self._told = next(place.market.rows(one, before - 1, before).rows())

    def _noted(self, rows: list[FeedRow]) -> list[FeedMessage]:
        if rows:
            self._told = rows[-1]
        found: list[FeedMessage] = self._rendered(rows)
        return found

    def greeting(self) -> Sequence[FeedMessage]:
        if self._told is None:
            return ()
        (message,) = self._rendered([self._told])
        payload = message.payload.replace(b'"type":"match"', b'"type":"last_match"')
        return (FeedMessage(message.time, payload),)


def match(one: Listed, row: FeedRow) -> FeedMessage:
    trade_id, time, price, size, side = row
    told = {
        "type": "match",
        "trade_id": trade_id,
        "maker_order_id": _order_id(one, trade_id, "maker"),
        "taker_order_id": _order_id(one, trade_id, "taker"),
        "side": "sell" if side > 0 else "buy",
        "size": plain(size, one.size_digits),
        "price": plain(price, one.price_digits),
        "product_id": one.native,
        "sequence": trade_id * SEQUENCES,
        "time": moment(time),
    }
    return FeedMessage(time, orjson.dumps(told), trade_id)


def _order_id(one: Listed, trade_id: int, role: str) -> str:
    digest = hashlib.blake2b(f"{one.native}{trade_id}{role}".encode(), digest_size=16).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:]}"


class Tickers:
    """A ticker for each match."""

    def __init__(self, place: SocketPlace, one: Listed) -> None:
        self._market = place.market
        self._one = one
        self._figures: dict[str, str] = {}
        self._until = 0

    def __call__(self, rows: list[FeedRow]) -> list[FeedMessage]:
        return [self._ticker(row) for row in rows]

    def _ticker(self, row: FeedRow) -> FeedMessage:
        one = self._one
        trade_id, time, price, size, side = row
        view = WorldNow(self._market, time)
        if time >= self._until:
            self._until = time + DAY_INTERVAL_MS
            self._figures = self._day(view)
        book = view.book(one, 1)
        told: dict[str, Any] = {
            "type": "ticker",
            "sequence": trade_id * SEQUENCES,
            "product_id": one.native,
            "price": plain(price, one.price_digits),
            **self._figures,
        }
        for name, side_of in (("bid", book.bids if book else []), ("ask", book.asks if book else [])):
            best = side_of[0] if side_of else (price, 0)
            told[f"best_{name}"] = plain(best[0], one.price_digits)
            told[f"best_{name}_size"] = fixed(best[1], one.size_digits, 8)
        told |= {"side": "buy" if side > 0 else "sell", "time": moment(time), "trade_id": trade_id}
        told["last_size"] = plain(size, one.size_digits)
        return FeedMessage(time, orjson.dumps(told), trade_id)

    def _day(self, view: WorldNow) -> dict[str, str]:
        one = self._one
        day = view.day(one)
        assert day is not None
        month = view.between(one, max(view.market.begins(one), view.now - 30 * DAY), view.now + 1)
        return {
            "open_24h": plain(day.open, one.price_digits),
            "volume_24h": plain(day.volume, one.size_digits),
            "low_24h": plain(day.low, one.price_digits),
            "high_24h": plain(day.high, one.price_digits),
            "volume_30d": plain(int(month.size.sum()), one.size_digits),
        }


def _snapshot(one: Listed, book: Ladder) -> FeedMessage:
    told = {
        "type": "snapshot",
        "product_id": one.native,
        "asks": _texts(one, levels(book.asks)),
        "bids": _texts(one, levels(book.bids)),
        "time": moment(book.time),
    }
    return FeedMessage(book.time, orjson.dumps(told))


def _update(one: Listed, states: Sequence[Ladder]) -> FeedMessage:
    new = states[-1]
    changed = [["buy", *each] for each in _texts(one, changes(states, "bids"))]
    changed += [["sell", *each] for each in _texts(one, changes(states, "asks"))]
    told = {"type": "l2update", "product_id": one.native, "changes": changed, "time": moment(new.time)}
    return FeedMessage(new.time, orjson.dumps(told), new.step)


def _texts(one: Listed, found: list[tuple[int, int]]) -> list[list[str]]:
    return [
        [fixed(price, one.price_digits, one.price_text), fixed(size, one.size_digits, one.size_text)]
        for price, size in found
    ]
