"""A recorded book as of a moment: a REST snapshot, and the diffs after it by Binance's own rules."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import orjson

from coinmon_emulator.market.market import Listed, RestingOrders


class BookReplay:
    """Rolls forward as it is asked; a moment before the last one starts it over."""

    def __init__(self, one: Listed, snapshots: Sequence[tuple[int, bytes]], diffs: Sequence[tuple[int, bytes]]) -> None:
        self._one = one
        self._snapshots = sorted(snapshots)
        self._diffs = sorted(diffs, key=lambda diff: diff[0])
        self._restart()

    def _restart(self) -> None:
        self._at = 0
        self._next_diff = 0
        self._next_snapshot = 0
        self._known = False
        self._first = True
        self._update_id = 0
        self._time = 0
        self._sides: dict[str, dict[str, str]] = {"b": {}, "a": {}}

    def at(self, ms: int, depth: int) -> RestingOrders | None:
        """None before the first snapshot, and after a break until the next one."""
        if ms < self._at:
            self._restart()
        self._at = ms
        self._forward(ms)
        if not self._known:
            return None
        return RestingOrders(self._update_id, self._time, self._levels("b", depth), self._levels("a", depth))

    def _levels(self, side: str, depth: int) -> list[tuple[int, int]]:
        found = sorted(self._sides[side].items(), key=lambda level: float(level[0]), reverse=side == "b")[:depth]
        one = self._one
        return [
            (int(Decimal(price).scaleb(one.price_digits)), int(Decimal(size).scaleb(one.size_digits)))
            for price, size in found
        ]

    def _forward(self, ms: int) -> None:
        while True:
            snapshot = self._snapshots[self._next_snapshot] if self._next_snapshot < len(self._snapshots) else None
            diff = self._diffs[self._next_diff] if self._next_diff < len(self._diffs) else None
            if snapshot is not None and snapshot[0] <= ms and not self._known:
                self._take_snapshot(*snapshot)
                self._next_snapshot += 1
            elif diff is not None and diff[0] <= ms:
                if self._known:
                    self._take_diff(*diff)
                elif snapshot is None:
                    return
                self._next_diff += 1
            else:
                return

    def _take_snapshot(self, time: int, raw: bytes) -> None:
        book = orjson.loads(raw)
        self._sides = {"b": dict(book["bids"]), "a": dict(book["asks"])}
        self._update_id = int(book["lastUpdateId"])
        self._time = time
        self._known = self._first = True
        # The diffs that surround a snapshot may be stamped a little earlier than it is.
        self._next_diff = 0

    def _take_diff(self, time: int, raw: bytes) -> None:
        message = orjson.loads(raw.partition(b"\n")[0])
        data = message.get("data", message)
        first, last, before = int(data["U"]), int(data["u"]), data.get("pu")
        spot = before is None
        if last < self._update_id + spot:
            return
        if self._first:
            joined = first <= self._update_id + spot or before == self._update_id
        else:
            joined = first == self._update_id + 1 if spot else before == self._update_id
        if not joined:
            self._known = False
            return
        self._first = False
        for side in ("b", "a"):
            levels = self._sides[side]
            for price, size in data[side]:
                if float(size):
                    levels[price] = size
                else:
                    levels.pop(price, None)
        self._update_id = last
        self._time = time
