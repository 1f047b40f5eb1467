"""What Coinbase says of an instrument each second: its last trade, so that who lost one knows."""

from __future__ import annotations

from bisect import bisect_left

import orjson

from coinmon_emulator.market.feeds import CHUNK, FeedMessage
from coinmon_emulator.market.market import Listed
from coinmon_emulator.market.world import World
from coinmon_emulator.venues.coinbase.rest import moment

SEQUENCES = 20
"""Messages a trade takes in the product's sequence."""


class LastTrade:
    """The last trade before moments that go on; some trades are looked up at once, not one each second."""

    def __init__(self, market: World, one: Listed) -> None:
        self._market = market
        self._one = one
        self._ids: list[int] = []
        self._times: list[int] = []

    def before(self, moment_ms: int) -> tuple[int, int] | None:
        """Its id and its time in ms."""
        if not self._times or not self._times[0] < moment_ms <= self._times[-1]:
            first = max(0, self._market.before(self._one, moment_ms) - 1)
            rows = self._market.rows(self._one, first, first + CHUNK)
            self._ids, self._times = rows.id.tolist(), rows.time.tolist()
        place = bisect_left(self._times, moment_ms) - 1
        return None if place < 0 else (self._ids[place], self._times[place])


def heartbeat(one: Listed, at: int, last: tuple[int, int] | None) -> FeedMessage:
    trade_id, time = last or (0, at)
    told = {
        "type": "heartbeat",
        "last_trade_id": trade_id,
        "product_id": one.native,
        "sequence": trade_id * SEQUENCES + min(SEQUENCES - 1, (at - time) // 1000),
        "time": moment(at),
    }
    return FeedMessage(at, orjson.dumps(told))
