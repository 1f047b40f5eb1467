"""What every made-up market shares: prices, books, marks and open interest, all from a seed."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from coinmon_emulator.market.ladder import STEP, Ladder, ladder
from coinmon_emulator.market.market import MINUTE, Listed, MarkPrice, RestingOrders, Settlement
from coinmon_emulator.scenario.coins import MadeUpCoin
from coinmon_emulator.scenario.paths import Paths

STARTS_AT = 1_768_478_420_000  # 2026-01-15T12:00:20Z, 20 seconds into a minute: the last closed one has settled.
BEFORE = 26 * 60
EARLIER = 24 * 60
FURTHER = 36 * 24 * 60
"""Both whole numbers of blocks of trades (`flow.BLOCK`)."""
AFTER = 14 * 24 * 60


class MadeUpMarket:
    """A market of coins whose prices walk; what trades in it is for others to say.

    before: minutes of its past before the clock starts. earlier: minutes before these, which change nothing after them.
    after: minutes of its future.
    further: minutes before the earlier ones, of few and large trades.
    """

    def __init__(
        self,
        seed: int,
        coins: Sequence[MadeUpCoin],
        instruments: Sequence[Listed],
        before: int = BEFORE,
        earlier: int = 0,
        after: int = AFTER,
        further: int = 0,
    ) -> None:
        self.seed = seed
        self.opens_at = STARTS_AT
        self._instruments = instruments
        self._coins = {coin.base: coin for coin in coins}
        start = STARTS_AT - STARTS_AT % MINUTE
        past = before + earlier + further
        self.paths = Paths(seed, start - past * MINUTE, past + after, past, coins, earlier + further, further)
        self._ladders: dict[Listed, Ladder] = {}

    @property
    def instruments(self) -> Sequence[Listed]:
        return self._instruments

    def _coin(self, instrument: Listed) -> MadeUpCoin:
        return self._coins[instrument.base]

    def aggregates(self, instrument: Listed) -> None:
        return None

    def book(self, instrument: Listed, at: int, depth: int) -> RestingOrders:
        return self.ladder(instrument, at // STEP).book(depth)

    def ladder(self, instrument: Listed, step: int) -> Ladder:
        known = self._ladders.get(instrument)
        if known is None or known.step != step:
            coin = self._coin(instrument)
            minute = np.array([(step * STEP - self.paths.begin) / MINUTE])
            fair = float((self.paths.price(instrument.base, minute) * self.paths.basis(instrument, minute))[0])
            salt = zlib.crc32(instrument.key.encode()) + (self.seed << 32)
            usual = self.paths.resting(instrument.base, float(minute[0]))
            known = self._ladders[instrument] = ladder(instrument, salt, fair, coin.price, usual, step)
        return known

    def recorded(self, instrument: Listed, event: str) -> None:
        return None

    def mark(self, instrument: Listed, at: int) -> MarkPrice | None:
        return self.paths.mark(instrument, at) if instrument.kind == "perp" and instrument.trades_at(at) else None

    def open_interest(self, instrument: Listed, at: int) -> float | None:
        if instrument.kind != "perp" or not instrument.trades_at(at):
            return None
        return self.paths.open_interest(instrument, at)

    def settlements(self, instrument: Listed, start: int, end: int) -> list[Settlement] | None:
        return self.paths.settlements(instrument, start, end) if instrument.kind == "perp" else None
