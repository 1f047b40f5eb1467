"""Binance's pages of trades and of aggregate trades."""

from __future__ import annotations

from typing import Any

import numpy as np

from coinmon_emulator.market.decimals import fixed
from coinmon_emulator.market.market import HOUR, Column, Listed, MarketKind, Prints
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.reply import Query, Reply
from coinmon_emulator.venues.binance.query import instrument, integer, limit, refuse

LAST_MOMENT = 1 << 62


def recent(view: WorldNow, kind: MarketKind, query: Query) -> Reply:
    one = instrument(view, kind, query)
    return Reply(_fills(one, view.spoiled(view.latest(one, limit(query, kind, 500, 1000)))))


def historical(view: WorldNow, kind: MarketKind, query: Query) -> Reply:
    """Older trades by id; USD-M wants a key for it, and nobody here has one."""
    if kind == "perp":
        raise refuse(-2014, "API-key format invalid.", 401)
    one = instrument(view, kind, query)
    count = limit(query, kind, 500, 1000)
    start = integer(query, "fromId")
    if start is None:
        return Reply(_fills(one, view.spoiled(view.latest(one, count))))
    low = view.market.at_id(one, start)
    return Reply(_fills(one, view.spoiled(view.rows(one, low, low + count))))


def _fills(one: Listed, trades: Prints) -> list[dict[str, Any]]:
    spot = one.kind == "spot"
    places = 8 if spot else one.price_text + one.size_text
    flag = "isBestMatch" if spot else "isRPITrade"
    return [
        {
            "id": trade_id,
            "price": fixed(price, one.price_digits, one.price_text),
            "qty": fixed(size, one.size_digits, one.size_text),
            "quoteQty": fixed(price * size, one.quote_digits, places),
            "time": time,
            "isBuyerMaker": side < 0,
            flag: spot,
        }
        for trade_id, time, price, size, side in trades.rows()
    ]


class Aggregates:
    """One instrument's aggregate trades, counted from 0; an unfinished one is not there yet."""

    def __init__(self, view: WorldNow, one: Listed) -> None:
        self._view = view
        self._one = one
        self._seen = view.seen(one)
        index = view.aggregates(one)
        self._starts: Column | None = None
        self._first = 0
        self.count = self._seen
        if index is not None:
            self._first, self._starts = index
            self.count = int(np.searchsorted(self._starts, self._seen, side="left"))
            ends = view.market.before(one, LAST_MOMENT) if self.count == len(index[1]) else int(index[1][self.count])
            if ends > self._seen:
                self.count -= 1

    def from_id(self, aggregate_id: int) -> int:
        if self._starts is None:
            return self._view.market.at_id(self._one, aggregate_id)
        return max(0, aggregate_id - self._first)

    def from_time(self, ms: int) -> int:
        """How many aggregates began before `ms`."""
        position = self._view.market.before(self._one, ms)
        return position if self._starts is None else int(np.searchsorted(self._starts, position, side="left"))

    def page(self, low: int, high: int) -> list[dict[str, Any]]:
        high = min(high, self.count)
        low = max(0, low)
        if low >= high:
            return []
        if self._starts is None:
            trades = self._view.spoiled(self._view.rows(self._one, low, high))
            first = trades.id if trades.first is None else trades.first
            last = trades.id if trades.last is None else trades.last
            return self._rows(trades, trades.size, first, last)
        starts = self._starts[low:high]
        end = self._seen if high == len(self._starts) else int(self._starts[high])
        trades = self._view.rows(self._one, int(starts[0]), end)
        edges = starts - starts[0]
        ends = np.append(edges[1:], len(trades)) - 1
        heads = trades.take(edges)
        named = Prints(np.arange(low, high) + self._first, heads.time, heads.price, heads.size, heads.side)
        sizes = np.add.reduceat(trades.size, edges)
        # Faults work on aggregate ids; they need the sums to travel along.
        whole = Prints(named.id, named.time, named.price, sizes, named.side, trades.id[edges], trades.id[ends])
        whole = self._view.spoiled(whole)
        assert whole.first is not None
        assert whole.last is not None
        return self._rows(whole, whole.size, whole.first, whole.last)

    def _rows(self, trades: Prints, sizes: Column, first: Column, last: Column) -> list[dict[str, Any]]:
        one = self._one
        found = []
        columns = zip(trades.rows(), sizes.tolist(), first.tolist(), last.tolist(), strict=True)
        for (aggregate_id, time, price, _, side), size, first_id, last_id in columns:
            quantity = fixed(size, one.size_digits, one.size_text)
            row: dict[str, Any] = {"a": aggregate_id, "p": fixed(price, one.price_digits, one.price_text)}
            row["q"] = quantity
            if one.kind == "perp":
                row["nq"] = quantity
            row |= {"f": first_id, "l": last_id, "T": time, "m": side < 0}
            if one.kind == "spot":
                row["M"] = True
            found.append(row)
        return found


def aggregated(view: WorldNow, kind: MarketKind, query: Query) -> Reply:
    """aggTrades: by id, or by a window of time, or the latest."""
    one = instrument(view, kind, query)
    count = limit(query, kind, 500, 1000)
    from_id, start, end = (integer(query, name) for name in ("fromId", "startTime", "endTime"))
    if from_id is not None and (start is not None or end is not None):
        raise refuse(-1128, "Combination of optional parameters invalid.")
    if start is not None and end is not None:
        if end < start:
            raise refuse(-1130, "Data sent for parameter 'endTime' is not valid.")
        if kind == "perp" and end - start >= HOUR:
            raise refuse(-1127, "More than 1 hours between startTime and endTime.")
    found = Aggregates(view, one)
    floor = 0
    if kind == "perp":
        floor = found.from_time(view.now - 48 * HOUR)
        if start is not None and start < view.now - 48 * HOUR:
            raise refuse(-1130, "Data sent for parameter 'startTime' is not valid: only the past 48 hours are served.")
    if from_id is not None:
        reach = view.spoil.ids_reach_hours
        if reach is not None and found.from_id(from_id) < found.from_time(view.now - reach * HOUR):
            return Reply([])
        low = max(found.from_id(from_id), floor)
        return Reply(found.page(low, low + count))
    high = found.count if end is None else min(found.count, found.from_time(end + 1))
    if start is None:
        return Reply(found.page(max(floor, high - count), high))
    low = max(found.from_time(start), floor)
    return Reply(found.page(low, min(high, low + count)))
