"""Scenes of pairs, made once for all who look at the same moment."""

import asyncio
from collections import OrderedDict
from typing import Any

import orjson

from coinmon.command import CANDLES, ConfigError, Market, MarketReader, NoDataError, View, iso, scene
from coinmon_desk._absent import Absent, absent
from coinmon_desk._address import Address

_KEPT_SCENES = 6
_MAX_CONCURRENT_SCENES = 1
"""Scenes that are made at the same time: each takes a core for a while, and the scan has to have one."""


class Scenes:
    """As JSON, the newest ones kept."""

    def __init__(self, reader: MarketReader) -> None:
        self._reader = reader
        self._made: OrderedDict[Any, bytes] = OrderedDict()
        self._turn = asyncio.Semaphore(_MAX_CONCURRENT_SCENES)

    async def json(self, symbol: str, address: Address, present: int) -> bytes:
        """present: the moment that stands for now."""
        moment = present if address.at is None else address.at
        key = (symbol, address.market, address.candle, moment, address.lang, address.zone)
        async with self._turn:
            if key not in self._made:
                self._made[key] = await asyncio.to_thread(self._drawn, symbol, address, moment, present)
            self._made.move_to_end(key)
            while len(self._made) > _KEPT_SCENES:
                self._made.popitem(last=False)
            return self._made[key]

    def _drawn(self, symbol: str, address: Address, moment: int, present: int) -> bytes:
        market = self._reader.market(symbol, moment)
        try:
            report = self._reader.report(symbol, moment)
        except NoDataError as error:
            instruments = [view.instrument for view in market.views]
            raise Absent(str(error), absent(self._reader, instruments, moment, address.lang)) from None
        view = chosen(report.market, address.market)
        made = scene(report, address.lang, view, address.zone, CANDLES.get(address.candle or ""))
        made |= {
            "markets": [*report.market.merged, *(each.instrument.id for each in report.market.views)],
            "market": address.market, "failed": sorted(report.failed.items()),
            "first": self._first(report.market), "now": iso(moment), "now_s": moment // 1000,
            "present": present // 1000,
        }  # fmt: skip
        return orjson.dumps(made, option=orjson.OPT_SERIALIZE_NUMPY)

    def _first(self, market: Market) -> int:
        """The first minute that can be gone back to, seconds."""
        span = [self._reader.span(view.instrument) for view in market.views]
        return min((each[0] for each in span if each), default=market.now) // 1000


def chosen(market: Market, name: str | None) -> View | None:
    """Which view an address means: all venues of a kind, or one instrument."""
    if name is None:
        return None
    if name in ("spot", "perp"):
        found = {str(kind): view for kind, view in market.merged.items()}
        if name in found:
            return found[name]
    for view in market.views:
        if view.instrument.id == name:
            return view
    there = ", ".join([*map(str, market.merged), *(view.instrument.id for view in market.views)])
    raise ConfigError(f"market: {name!r} is not one of {market.pair}; there is {there}")
