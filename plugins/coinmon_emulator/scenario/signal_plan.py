"""The scenario `signals`: one event for each kind of signal, hours of them, each in a pair that is quiet before it."""

from __future__ import annotations

import numpy as np

from coinmon_emulator.market.market import DAY, MINUTE, Listed
from coinmon_emulator.scenario.paths import Paths
from coinmon_emulator.scenario.plan import HalfVolume, Leg, Plan

SIGNALS_AT = 1_768_525_220_000
"""2026-01-16T01:00:20Z: the whole day before is known, and candles of a quarter of an hour begin here."""
LASTS = 500
"""Minutes after which the last event is over and out of every window."""
UNHEARD = 85
"""Minutes without a signal after which it is told anew: a window of 50, and half an hour of cooldown."""


class SignalPlan(Plan):
    """Events with price, open interest and funding led where they have to be; `start` is a full hour's minute."""

    def __init__(self, seed: int, instruments: list[Listed], start: int, paths: Paths, half: HalfVolume):
        self._paths = paths
        super().__init__(seed, instruments, start, start + LASTS, half)

    def _fill(self, start: int, minutes: int) -> None:
        jitter = [self._jitter(4) for _ in range(8)]
        self._global_sync("BTC", start + 4 + jitter[0], 15, bybit_rows=3)
        self._everybody_sells("BTC", start + 95 + jitter[1], 12)
        self._key_level("BTC", start + 180)
        self._us_accumulation("ETH", start + 4 + jitter[2], 30, 1.6e6)
        self._burst("ETH", start + 100 + 5 * jitter[3], 1)
        self._burst("ETH", start + 200 + 5 * jitter[4], -1)
        self._long_trap("SOL", start + 2 + jitter[5], 6)
        self._divergence("SOL", start + 30)
        self._funding("SOL", start + 60, 60)
        self._whale("SOL", start + 205 + jitter[6], "okx", -6.5e5)
        self._build_up("SOL", start + 230)
        self._swing("XRP", start)
        self._stacked("XRP", start + 225)
        self._spike("DOGE", start + 10)
        self._climb("DOGE", start + 70)
        self._absorbed("DOGE", start + 200)
        self._accumulated("ADA", start + 20)
        self._hedge("ADA", start + 145)
        self._cascade("ADA", start + 200 + jitter[7])
        self._mild("SOL", "coinbase", start + 2 + jitter[5] - UNHEARD, UNHEARD)
        late = [start + 320 + self._jitter(4) for _ in range(5)]
        self._parted("BTC", late[0], 30)
        self._squeeze("ETH", late[1], 60)
        self._premium("XRP", late[2], 30)
        self._jump("DOGE", late[3], 30)
        self._vacuum("ADA", late[4], 20)
        self._broad(start + 435, 35)

    def _perp(self, venue: str, base: str, net: float, rows: int) -> Leg:
        return Leg(self._perps[venue, base], net, rows)

    def _everybody_sells(self, base: str, minute: int, minutes: int) -> None:
        legs = [self._leg(venue, base, -24_000.0, 2) for venue in ("binance", "okx", "bybit", "coinbase")]
        self._add(("consensus_change",), base, minute, minutes, *legs)

    def _burst(self, base: str, minute: int, way: int) -> None:
        """A run of 1.6% in five minutes, on one venue's volume."""
        self._paths.drive(base, minute, {5: way * 0.016, 15: way * 0.016})
        net = way * 8 * self._half(self._spots["binance", base]) / 10
        self._add(("early_pump" if way > 0 else "panic_dump",), base, minute, 5, self._leg("binance", base, net, 60))

    def _spike(self, base: str, minute: int) -> None:
        amount = 8 * self._half(self._spots["binance", base]) / 10
        legs = [self._leg("binance", base, way * amount, 16) for way in (1, -1)]
        self._paths.drive(base, minute, {5: 0.0002})
        self._add(("volume_spike",), base, minute, 5, *legs)

    def _climb(self, base: str, minute: int) -> None:
        """Up 2.4% in an hour, by and by."""
        self._paths.drive(base, minute, {60: 0.024, 70: 0.024})
        net = 0.6 * self._half(self._spots["binance", base])
        self._add(("steady_growth",), base, minute, 60, self._leg("binance", base, net, 2))

    def _absorbed(self, base: str, minute: int) -> None:
        """Heavy selling for five minutes, and price stays where it is."""
        self._paths.drive(base, minute, {5: 0.0, 10: 0.0})
        net = -5 * self._half(self._spots["binance", base]) / 10
        self._add(("absorption",), base, minute, 5, self._leg("binance", base, net, 12))

    def _accumulated(self, base: str, minute: int) -> None:
        self._paths.drive(base, minute, {30: 0.0, 45: 0.0})
        net = 1.6 * self._half(self._spots["binance", base]) * 30 / 50
        self._add(("accumulation",), base, minute, 30, self._leg("binance", base, net, 3))

    def _hedge(self, base: str, minute: int) -> None:
        """Spot bought, perpetuals sold, positions up by as much, price still, funding below zero."""
        self._paths.drive(base, minute, {25: 0.0, 40: 0.0})
        self._paths.build(base, minute, 25, 0.015)
        self._paths.rates[base] = (minute, minute + 60, -0.0001)
        spot = [self._leg(venue, base, net, 3) for venue, net in (("binance", 1.2e6), ("okx", 7e5))]
        perps = [self._perp(venue, base, net, 3) for venue, net in (("binance", -9e5), ("okx", -5e5))]
        self._add(("derivative_hedge",), base, minute, 25, *spot, *perps)

    def _funding(self, base: str, minute: int, minutes: int) -> None:
        self._paths.rates[base] = (minute, minute + minutes, 0.001)
        self._add(("funding_extreme",), base, minute, minutes)

    def _build_up(self, base: str, minute: int) -> None:
        self._paths.drive(base, minute, {30: 0.025, 50: 0.025})
        self._paths.build(base, minute, 30, 0.04)
        self._add(("oi_quadrant_shift",), base, minute, 30)

    def _swing(self, base: str, minute: int) -> None:
        """A swing high five quarters of an hour old that is swept in one candle and broken in another."""
        peak = 0.015
        points = {75: 0.001, 82: peak, 90: 0.010, 165: 0.002, 172: peak + 0.003, 179: 0.008, 180: 0.008, 195: 0.006}
        self._paths.drive(base, minute, points | {209: peak + 0.006, 225: peak + 0.006})
        self._add(("liquidity_sweep",), base, minute + 165, 15)
        self._add(("structure_break",), base, minute + 195, 15)

    def _divergence(self, base: str, minute: int) -> None:
        """Two highs, the second one higher, with sellers at work between them."""
        points = {45: 0.001, 52: 0.010, 60: 0.008, 105: 0.002, 112: 0.013, 120: 0.010, 165: 0.004}
        self._paths.drive(base, minute, points)
        net = -0.5 * self._half(self._spots["binance", base])
        self._add(("cvd_divergence",), base, minute + 65, 100, self._leg("binance", base, net, 1))

    def _stacked(self, base: str, minute: int) -> None:
        """Buyers at every price of a small rise, and hardly a seller."""
        self._paths.drive(base, minute, {5: 0.0015, 35: 0.0015})
        amount = 2 * self._half(self._spots["binance", base]) * 5 / 50
        legs = [self._leg("binance", base, net, 60) for net in (4 * amount, -0.05 * amount)]
        self._add(("stacked_imbalance",), base, minute, 5, *legs)

    def _key_level(self, base: str, minute: int) -> None:
        """An hour of calm, then price goes to the nearer of yesterday's high and low, and a little beyond."""
        self._paths.drive(base, minute, {66: 0.0})
        day = (self._paths.begin + minute * MINUTE) // DAY * DAY - DAY
        first = (day - self._paths.begin) // MINUTE
        prices = self._paths.price(base, np.arange(first, first + DAY // MINUTE, dtype=np.float64))
        now = float(self._paths.price(base, np.array([float(minute + 66)]))[0])
        ways = [(float(prices.max()) * 1.002) / now - 1, (float(prices.min()) * 0.998) / now - 1]
        # one that price is at or beyond already is no goal
        goals = [way for way, side in zip(ways, (1, -1), strict=True) if way * side > 0.004]
        goal = min(goals, key=abs)
        self._paths.drive(base, minute + 66, {8: goal, 30: goal})
        self._add(("key_level_touch",), base, minute + 66, 8)

    def _mild(self, base: str, venue: str, minute: int, minutes: int) -> None:
        """No event: a little buying, so that chance does not make the venue a seller before one."""
        self._add((), base, minute, minutes, self._leg(venue, base, 40.0 * minutes, 1))

    def _parted(self, base: str, minute: int, minutes: int) -> None:
        """Spot is bought while perpetuals are sold, and nobody's position grows."""
        spot = [self._leg(venue, base, net, 3) for venue, net in (("binance", 2.5e5), ("okx", 1.5e5))]
        perps = [self._perp(venue, base, net, 3) for venue, net in (("binance", -2.5e5), ("bybit", -1.5e5))]
        self._add(("spot_perp_divergence",), base, minute, minutes, *spot, *perps)

    def _squeeze(self, base: str, minute: int, minutes: int) -> None:
        """Longs pay 40% a year, short of `funding_extreme`, and build up."""
        self._paths.build(base, minute, minutes, 0.05)
        self._paths.rates[base] = (minute, minute + minutes, 0.00037)
        self._add(("funding_squeeze",), base, minute, minutes)

    def _premium(self, base: str, minute: int, minutes: int) -> None:
        self._paths.premiums[self._spots["coinbase", base].key] = (minute, minute + minutes, 0.0025)
        self._add(("us_premium",), base, minute, minutes)

    def _jump(self, base: str, minute: int, minutes: int) -> None:
        """Positions grow by 6%, and price stands from 50 minutes before they are all there."""
        self._paths.drive(base, minute - 20, {20: 0.0, 20 + minutes: 0.0, 50 + minutes: 0.0})
        self._paths.build(base, minute, minutes, 0.06)
        self._add(("oi_jump",), base, minute, minutes)

    def _vacuum(self, base: str, minute: int, minutes: int) -> None:
        """A fifth of the orders is left on every venue."""
        self._paths.thinned[base] = (minute, minute + minutes, 0.2)
        self._add(("liquidity_vacuum",), base, minute, minutes)

    def _broad(self, minute: int, minutes: int) -> None:
        """Money goes into every pair, 9% of an hour's volume, all of it on one venue: no consensus of venues."""
        bases = sorted({base for _, base in self._spots})
        halves = [(base, self._half(one)) for (_, base), one in self._spots.items()]
        hours = {base: 2.4 * sum(half for each, half in halves if each == base) for base in bases}
        legs = [self._leg("binance", base, 0.09 * hours[base], 12) for base in bases]
        # it is told on BTC, whose leg comes first
        self._add(("breadth",), "BTC", minute, minutes, *sorted(legs, key=lambda leg: leg.instrument.base != "BTC"))
