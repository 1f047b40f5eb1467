"""Hyperliquid's channels of a coin: trades, books of twenty levels, candles, best prices, figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from coinmon_emulator.market.feeds import DueFeed, FeedMessage, FeedRow, Periodic, Trading
from coinmon_emulator.market.intervals import UTC_INTERVALS
from coinmon_emulator.market.market import Listed
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.socket import SocketPlace
from coinmon_emulator.venues.hyperliquid import assets
from coinmon_emulator.venues.hyperliquid.rest import DEPTH, RECENT_TRADES, candle, trade

CHANNELS = ("trades", "l2Book", "candle", "bbo", "activeAssetCtx")
BOOK_INTERVAL_MS = 500
CANDLE_INTERVAL_MS = 1000
"""A candle is told with the trades that change it, and this often at most."""
FIGURES_INTERVAL_MS = 3000


class HyperliquidStreams:
    def __init__(self, place: SocketPlace) -> None:
        self._place = place

    def feed(self, channel: str, coin: str, interval: str) -> DueFeed:
        one = self._place.ever_listed["perp", coin]
        market, now = self._place.market, self._place.now()
        if channel == "trades":
            return HyperliquidTrades(self._place, one)
        if channel == "candle":
            return Periodic(CANDLE_INTERVAL_MS, now, lambda at: self._candle(one, interval, at))
        if channel == "activeAssetCtx":

            def figures(at: int) -> Sequence[FeedMessage]:
                told = {"coin": one.native, "ctx": assets.context(WorldNow(market, at), one)}
                return (_message(at, channel, told, at // FIGURES_INTERVAL_MS),)

            return Periodic(FIGURES_INTERVAL_MS, now, figures, figures)
        depth = DEPTH if channel == "l2Book" else 1

        def book(at: int) -> Sequence[FeedMessage]:
            found = market.book(one, at, depth) if one.trades_at(at) else None
            if found is None:
                return ()
            told = assets.levels(one, found)
            if channel == "bbo":
                told = {
                    "coin": one.native, "time": found.time,
                    "bbo": [side[0] if side else None for side in told["levels"]],
                }  # fmt: skip
            return (_message(at, channel, told, at // BOOK_INTERVAL_MS),)

        return Periodic(BOOK_INTERVAL_MS, now, book, book)

    def _candle(self, one: Listed, interval: str, at: int) -> Sequence[FeedMessage]:
        """The candle that is open, or the one that ended since, where something traded in the last second."""
        market, width = self._place.market, UTC_INTERVALS[interval]
        if market.before(one, at) == market.before(one, at - CANDLE_INTERVAL_MS):
            return ()
        view, opened = WorldNow(market, at - 1), width.floor(at - 1)
        rows = view.bars(one, width, opened, at).rows()
        data = [candle(one, interval, width.after(row[0]), row) for row in rows]
        return [_message(at, "candle", each, at // CANDLE_INTERVAL_MS) for each in data]


class HyperliquidTrades(Trading):
    """Trades as they happen; a new subscriber gets the last ten first."""

    def __init__(self, place: SocketPlace, one: Listed) -> None:
        super().__init__(place.market, one, place.now(), self._told)

    def _told(self, rows: list[FeedRow]) -> list[FeedMessage]:
        """Trades of one moment come together."""
        found: list[FeedMessage] = []
        begin = 0
        for end in range(1, len(rows) + 1):
            if end == len(rows) or rows[end][1] != rows[begin][1]:
                data = [trade(self._one, row) for row in rows[begin:end]]
                found.append(_message(rows[begin][1], "trades", data, rows[end - 1][0]))
                begin = end
        return found

    def greeting(self) -> Sequence[FeedMessage]:
        following = self._position - len(self._rows)
        last = self._market.rows(self._one, max(0, following - RECENT_TRADES), following).newest_first()
        if not len(last):
            return ()
        return (_message(int(last.time[0]), "trades", [trade(self._one, row) for row in last.rows()], None),)


def _message(at: int, channel: str, data: Any, number: int | None) -> FeedMessage:
    return FeedMessage(at, orjson.dumps({"channel": channel, "data": data}), number)
