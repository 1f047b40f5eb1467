"""The events of the scenario `default`: weeks of them before the start, with prices and perpetuals that follow."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from coinmon_emulator.market.market import Listed
from coinmon_emulator.scenario.paths import Paths
from coinmon_emulator.scenario.plan import HalfVolume, Leg, Plan

_BASES = ("BTC", "SOL", "ETH", "XRP", "DOGE", "ADA")
_EVERY_MINUTES = 45
"""From one event of the past to the next; a pair comes round once its last one has left the window."""
_FURTHER_EVERY_MINUTES, _FURTHER_GIVEN_BACK = 150, 40
"""From one event of a pair to its next in the weeks before these two days: enough of them for records."""
_CALM_MINUTES = 240
"""Before the start; they belong to the events of the start alone."""
_HELD, _GIVEN_BACK = 60, 150
"""Minutes that a price stays where flow has moved it, and in which it comes back: prices go nowhere in the long run."""
_PERP_SHARE = 0.6
"""Of a venue's flow, in its perpetual."""


class _Followed(NamedTuple):
    base: str
    minute: int
    minutes: int
    legs: tuple[Leg, ...]


class DefaultPlan(Plan):
    """As `Plan`; what follows an event in perpetuals is added behind all of them, so that these stay what they were."""

    def __init__(self, seed: int, instruments: list[Listed], paths: Paths, half: HalfVolume) -> None:
        self._past, self._long_past = (np.random.default_rng([seed, salt]) for salt in (29, 31))
        self._paths = paths
        self._followed: list[_Followed] = []
        super().__init__(seed, instruments, paths.start_minute, paths.minutes, half)

    def _fill(self, start: int, minutes: int) -> None:
        super()._fill(start, minutes)
        self._two_days(start)
        for each in self._followed:
            self._add((), each.base, each.minute, each.minutes, *each.legs)
        # behind all others: these stay what they were
        self._weeks()

    def _weeks(self) -> None:
        # the last one's price is back before the two days begin
        end = self._paths.further - _FURTHER_EVERY_MINUTES
        for at in range(_FURTHER_EVERY_MINUTES, end, _FURTHER_EVERY_MINUTES):
            for base in _BASES:
                minute, kind = at + int(self._long_past.integers(0, 30)), self._long_past.integers(0, 10)
                if kind < 4:
                    self._global_sync(base, minute, 10, bybit_rows=2)
                elif kind < 7:
                    self._everybody_sells(base, minute, 10)
                else:
                    self._us_accumulation(base, minute, 12, float(self._long_past.uniform(1.3e6, 2.2e6)))

    def _two_days(self, start: int) -> None:
        first = self._paths.further + _EVERY_MINUTES
        for slot, at in enumerate(range(first, start - _CALM_MINUTES, _EVERY_MINUTES)):
            base, minute = _BASES[slot % len(_BASES)], at + int(self._past.integers(0, 5))
            kind = self._past.integers(0, 10)
            if kind < 4:
                self._global_sync(base, minute, 10, bybit_rows=2)
            elif kind < 6:
                self._everybody_sells(base, minute, 10)
            elif kind < 8:
                self._us_accumulation(base, minute, 12, float(self._past.uniform(1.3e6, 2.2e6)))
            elif kind < 9:
                self._long_trap(base, minute, 8)
            else:
                venue, side = str(self._past.choice(self._venues(base))), self._past.choice((-1, 1))
                self._whale(base, minute, venue, float(side * self._past.uniform(3e5, 9e5)))

    def _venues(self, base: str) -> list[str]:
        return [venue for venue, each in self._spots if each == base]

    def _global_sync(self, base: str, minute: int, minutes: int, bybit_rows: int) -> None:
        super()._global_sync(base, minute, minutes, bybit_rows)
        self._moves(base, minute, minutes, 0.004)
        self._perps_follow(base, minute, minutes, 0.55 * _PERP_SHARE)

    def _everybody_sells(self, base: str, minute: int, minutes: int) -> None:
        legs = []
        for venue in self._venues(base):
            net = max(36_000.0, 0.55 * self._half(self._spots[venue, base]))
            legs.append(self._leg(venue, base, -net, max(2, round(net / minutes / 30_000))))
        self._add(("consensus_change",), base, minute, minutes, *legs)
        self._moves(base, minute, minutes, -0.004)
        self._perps_follow(base, minute, minutes, -0.55 * _PERP_SHARE)

    def _us_accumulation(self, base: str, minute: int, minutes: int, net: float) -> None:
        super()._us_accumulation(base, minute, minutes, net)
        self._moves(base, minute, minutes, 0.003)
        self._perps_follow(base, minute, minutes, 0.2 * _PERP_SHARE)

    def _moves(self, base: str, minute: int, minutes: int, share: float) -> None:
        """The price goes with the money, stays, and comes back by and by."""
        if minute < self._paths.further:
            self._paths.bump(base, minute, (minutes, minutes + _HELD, minutes + _HELD + _FURTHER_GIVEN_BACK), share)
            return
        self._paths.lift(base, minute, minutes, share)
        self._paths.lift(base, minute + minutes + _HELD, _GIVEN_BACK, 1 / (1 + share) - 1)

    def _perps_follow(self, base: str, minute: int, minutes: int, share: float) -> None:
        if minute < self._paths.further:
            return
        legs = []
        for venue in ("binance", "okx", "bybit"):
            one = self._perps[venue, base]
            net = share * self._half(one)
            legs.append(Leg(one, net, max(2, round(abs(net) / minutes / 30_000))))
        self._followed.append(_Followed(base, minute, minutes, tuple(legs)))
