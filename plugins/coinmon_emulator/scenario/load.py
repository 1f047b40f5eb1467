"""A market for measuring: any number of instruments, any rate of trades, each worked out from its number alone."""

from __future__ import annotations

import re
import zlib
from typing import Any

import numpy as np

from coinmon_emulator.market.ladder import mix
from coinmon_emulator.market.market import HOUR, MINUTE, Column, Listed, Prints
from coinmon_emulator.scenario.listing import LOAD, many
from coinmon_emulator.scenario.made import MadeUpMarket
from coinmon_emulator.venues.folders import VENUES

RATE = 5000
HISTORY = HOUR
SHAPE = re.compile(r"load(:(?P<settings>[a-z]+=[0-9]+(,[a-z]+=[0-9]+)*))?")
EXPECTED = "load or load:rate=5000,okx=559,binance=400,bybit=400,coinbase=200"
TRADES_TOGETHER = 5
"""One trade in so many is the second fill of the order before it: same time, price and side."""


class Load(MadeUpMarket):
    """Trades at an even pace for ever; the first instruments of a venue are the busiest."""

    def __init__(self, spec: str = "load", seed: int = 1) -> None:
        matched = SHAPE.fullmatch(spec)
        if matched is None:
            raise ValueError(f"scenario {spec!r} is not of the shape {EXPECTED}")
        told = {name: int(number) for name, number in re.findall(r"([a-z]+)=([0-9]+)", spec)}
        unknown = told.keys() - {"rate", *VENUES}
        rate = told.pop("rate", RATE)
        if unknown or rate <= 0:
            raise ValueError(f"scenario {spec!r}: expected {EXPECTED}, the rate above 0")
        coins, instruments = many({**LOAD, **told})
        if not instruments:
            raise ValueError(f"scenario {spec!r} has no instruments")
        super().__init__(seed, coins, instruments)
        self.title = f"{len(instruments)} instruments at {rate} trades a second, seed {seed}"
        self._begin = self.opens_at - HISTORY
        place = {coin.base: number for number, coin in enumerate(coins)}
        weights = {one: (place[one.base] + 5) ** -0.8 for one in instruments}
        whole = sum(weights.values())
        self._period = {one: 1000 * whole / (weight * rate) for one, weight in weights.items()}
        self._salt = {one: np.uint64(zlib.crc32(one.key.encode()) + (seed << 32)) for one in instruments}

    def begins(self, instrument: Listed) -> int:
        return self._begin

    def _first_id(self, instrument: Listed) -> int:
        return 10_000_000 + int(self._salt[instrument]) % 1_000_000_000

    def _orders(self, places: Column) -> Column:
        """The place of the first fill of each one's order."""
        found: Column = places - (places % TRADES_TOGETHER == 1)
        return found

    def _times(self, instrument: Listed, orders: Column, drawn: Column) -> Column:
        share = (drawn >> 33) * 2.0**-30
        found: Column = self._begin + ((orders + 0.8 * share) * self._period[instrument]).astype(np.int64)
        return found

    def _drawn(self, instrument: Listed, orders: Column) -> Column:
        """63 random bits for each."""
        words = mix(orders.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + self._salt[instrument])
        return (words >> np.uint64(1)).astype(np.int64)

    def before(self, instrument: Listed, ms: int) -> int:
        near = int((ms - self._begin) / self._period[instrument])
        places = np.arange(max(0, near - 4), max(0, near + 4))
        orders = self._orders(places)
        times = self._times(instrument, orders, self._drawn(instrument, orders))
        return int(max(0, near - 4) + np.count_nonzero(times < ms))

    def at_id(self, instrument: Listed, trade_id: int) -> int:
        return max(0, trade_id - self._first_id(instrument))

    def rows(self, instrument: Listed, low: int, high: int) -> Prints:
        places = np.arange(max(0, low), max(0, low, high))
        orders = self._orders(places)
        drawn = self._drawn(instrument, orders)
        time = self._times(instrument, orders, drawn)
        side = (drawn & 1) * 2 - 1
        minute = (time - self.paths.begin) / MINUTE
        fair = self.paths.price(instrument.base, minute) * self.paths.basis(instrument, minute)
        ticks = fair * (10**instrument.price_digits / instrument.tick)
        price = np.rint(ticks + side * np.maximum(0.5, ticks * 2e-5)).astype(np.int64) * instrument.tick
        coin = self._coin(instrument)
        usual = coin.trade_quote / coin.price * 10.0**instrument.size_digits / instrument.lot
        # Fills of one order have sizes of their own.
        share = (self._drawn(instrument, places + (1 << 40)) >> 33) * 2.0**-30
        lots = np.maximum(1, usual * np.exp2((share - 0.5) * 4)).astype(np.int64)
        return Prints(self._first_id(instrument) + places, time, price, lots * instrument.lot, side)

    def liquidations(self, instrument: Listed, start: int, end: int) -> Prints:
        return Prints.join([])

    def planted(self, until: int) -> list[dict[str, Any]]:
        return []
