"""The events a scenario plants: what, where, when and how large."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from coinmon_emulator.market.clock import utc_text
from coinmon_emulator.market.market import MINUTE, Listed

# A venue's half of the volume of 50 quiet minutes, against which a one-sided flow must stand out.
HalfVolume = Callable[[Listed], float]


@dataclass(frozen=True, slots=True)
class Leg:
    """One venue's share of an event: net taker quote, spread over rows in each minute."""

    instrument: Listed
    net: float
    rows: int
    one_order: bool = False
    forced: bool = False
    """Liquidations: sells of the exchange for longs that ran out of margin."""


@dataclass(frozen=True, slots=True)
class PlantedEvent:
    number: int
    kinds: tuple[str, ...]
    base: str
    minute: int
    minutes: int
    legs: tuple[Leg, ...]

    def told(self, begin: int) -> list[dict[str, Any]]:
        """How /emulator/truth tells it: one entry for each kind of signal."""
        start = begin + self.minute * MINUTE
        end = start + self.minutes * MINUTE
        # What buys a cascade back is part of the event, and none of what it is told as.
        legs = [leg for leg in self.legs if leg.forced] or self.legs
        return [
            {
                "kind": kind,
                "pair": f"{self.base}USDT",
                "start": utc_text(start),
                "end": utc_text(end),
                "start_ms": start,
                "end_ms": end,
                "venues": {leg.instrument.venue: round(leg.net, 2) for leg in legs},
                "instruments": [leg.instrument.key for leg in legs],
                "size": round(max((abs(leg.net) for leg in legs), default=0.0), 2),
                "side": None if not legs else "buy" if legs[0].net > 0 else "sell",
            }
            for kind in self.kinds
        ]


class Plan:
    """All events of a scenario, in order of time."""

    def __init__(self, seed: int, instruments: list[Listed], start_minute: int, minutes: int, half: HalfVolume):
        self._rng = np.random.default_rng([seed, 23])
        self._spots = {(one.venue, one.base): one for one in instruments if one.kind == "spot"}
        self._perps = {(one.venue, one.base): one for one in instruments if one.kind == "perp"}
        self._half = half
        self.events: list[PlantedEvent] = []
        self._fill(start_minute, minutes)
        self.events.sort(key=lambda event: event.minute)

    def _fill(self, start: int, minutes: int) -> None:
        self._before(start)
        self._after(start, minutes)
        for minute in (start - 16, *range(start + 6, minutes - 20, 60)):
            self._cascade("ADA", minute)

    def _add(self, kinds: tuple[str, ...], base: str, minute: int, minutes: int, *legs: Leg) -> None:
        self.events.append(PlantedEvent(len(self.events), kinds, base, minute, minutes, legs))

    def _leg(self, venue: str, base: str, net: float, rows: int, one_order: bool = False) -> Leg:
        return Leg(self._spots[venue, base], net, rows, one_order)

    def _jitter(self, most: int) -> int:
        return int(self._rng.integers(0, most + 1))

    def _before(self, start: int) -> None:
        """Inside the 50 closed minutes before the clock starts, ended three minutes before it."""
        self._global_sync("BTC", start - 35 + self._jitter(4), 15, bybit_rows=1)
        self._us_accumulation("ETH", start - 44 + self._jitter(4), 30, 1.6e6)
        self._long_trap("SOL", start - 30 + self._jitter(4), 14)
        self._whale("XRP", start - 22 + self._jitter(4), "binance", 6.5e5)
        # Below any whale threshold: it must not be reported.
        decoy = self._leg("okx", "DOGE", 1.5e5, 4, one_order=True)
        self._add(("decoy",), "DOGE", start - 11 + self._jitter(4), 1, decoy)

    def _after(self, start: int, minutes: int) -> None:
        """One event about every 17 minutes; a pair comes round once its last one has left the window."""
        order = ("ADA", "DOGE", "XRP", "SOL", "BTC", "ETH")
        slot = 0
        while (minute := start + 4 + slot * 17 + self._jitter(3)) < minutes - 20:
            base = order[slot % len(order)]
            kind = self._jitter(3)
            if kind == 0:
                self._global_sync(base, minute, 5, bybit_rows=3)
            elif kind == 1:
                self._us_accumulation(base, minute, 8, float(self._rng.uniform(1.3e6, 2.2e6)))
            elif kind == 2:
                self._long_trap(base, minute, 6)
            else:
                venue = ("binance", "okx", "coinbase")[self._jitter(2)]
                side = 1 if self._jitter(1) else -1
                self._whale(base, minute, venue, side * float(self._rng.uniform(3e5, 9e5)))
            slot += 1

    def _global_sync(self, base: str, minute: int, minutes: int, bybit_rows: int) -> None:
        legs = []
        for venue in ("binance", "okx", "bybit", "coinbase"):
            net = max(36_000.0, 0.55 * self._half(self._spots[venue, base]))
            # No single row may look like a whale.
            rows = bybit_rows if venue == "bybit" else max(2, round(net / minutes / 30_000))
            legs.append(self._leg(venue, base, net, rows))
        self._add(("global_sync_bullish", "consensus_change"), base, minute, minutes, *legs)

    def _us_accumulation(self, base: str, minute: int, minutes: int, net: float) -> None:
        rows = max(2, round(net / minutes / 40_000))
        self._add(("us_accumulation",), base, minute, minutes, self._leg("coinbase", base, net, rows))

    def _long_trap(self, base: str, minute: int, minutes: int) -> None:
        legs = [self._leg(venue, base, 80_000.0, 2) for venue in ("binance", "okx")]
        self._add(("long_trap",), base, minute, minutes, *legs, self._leg("coinbase", base, -60_000.0, 2))

    def _cascade(self, base: str, minute: int) -> None:
        """Longs sold out on three venues and bought back at once: the flow of the minutes stays even."""
        legs = []
        for venue, net in (("binance", 6e5), ("okx", 3e5), ("bybit", 4e5)):
            one = self._perps[venue, base]
            legs += [Leg(one, -net, round(net / 60_000), forced=True), Leg(one, net, round(net / 60_000))]
        self._add(("liquidation_cascade",), base, minute, 3, *legs)

    def _whale(self, base: str, minute: int, venue: str, net: float) -> None:
        self._add(("whale",), base, minute, 1, self._leg(venue, base, net, 7, one_order=True))
