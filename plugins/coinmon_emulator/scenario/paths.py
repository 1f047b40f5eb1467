"""Where prices go: one walk for the whole market, a few others, and a mixture for each coin."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from coinmon_emulator.market.market import HOUR, MINUTE, Listed, MarkPrice, Settlement
from coinmon_emulator.scenario.coins import MadeUpCoin
from coinmon_emulator.scenario.listing import listing_of

Floats = NDArray[np.float64]
OWN_WALKS = 16


@dataclass(slots=True)
class Paths:
    """Price, mark, funding and open interest of every coin at any moment of the scenario."""

    seed: int
    begin: int
    minutes: int
    start_minute: int
    coins: Sequence[MadeUpCoin]
    earlier: int = 0
    """Minutes put before a market that stays the same from there on, bit for bit."""
    further: int = 0
    """The first of these, put before the others in the same way."""
    common: Floats = field(init=False)
    own: Floats = field(init=False)
    at: dict[str, int] = field(init=False)
    """Which walk a coin follows."""
    coin: dict[str, MadeUpCoin] = field(init=False)
    # What a plan makes of a coin beside the walks: log price and log open interest to add, by minute; and funding.
    shifts: dict[str, Floats] = field(default_factory=dict)
    positions: dict[str, Floats] = field(default_factory=dict)
    rates: dict[str, tuple[int, int, float]] = field(default_factory=dict)
    # First minute, the one after the last, and a share: by which a venue pays more; that is left of the books.
    premiums: dict[str, tuple[int, int, float]] = field(default_factory=dict)
    """By instrument key."""
    thinned: dict[str, tuple[int, int, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rng = np.random.default_rng([self.seed, 11])
        later, start = self.minutes - self.earlier + 2, self.start_minute - self.earlier
        common = np.cumsum(rng.normal(0, 3e-4, later))
        own = np.cumsum(rng.normal(0, 3e-4, (OWN_WALKS, later)), axis=1)
        before, long_before = (np.random.default_rng([self.seed, salt]) for salt in (12, 13))
        lengths = (before, self.earlier - self.further), (long_before, self.further)
        steps = [rng.normal(0, 3e-4, length) for rng, length in lengths]
        self.common = _led_to(common - common[start], np.concatenate(steps))
        steps = [rng.normal(0, 3e-4, (OWN_WALKS, length)) for rng, length in lengths]
        self.own = _led_to(own - own[:, start : start + 1], np.concatenate(steps, axis=1))
        self.coin = {coin.base: coin for coin in self.coins}
        places = {coin.base: place for place, coin in enumerate(self.coins)}
        self.at = {coin.base: places[coin.walks_with or coin.base] for coin in self.coins}

    def price(self, base: str, minute: Floats) -> Floats:
        """The coin's fair price at fractional minutes counted from the scenario's beginning."""
        place = self.at[base]
        minute = np.clip(minute, 0, self.minutes)
        whole = minute.astype(np.int64)
        rest = minute - whole
        # Beyond the first sixteen, a coin borrows a walk upside down or at another strength.
        sign = -1.0 if place // OWN_WALKS % 2 else 1.0
        strength = sign * (1 + 0.3 * (place // OWN_WALKS % 5))
        shared, own = 0.7 + 0.1 * (place % 7), self.own[place % OWN_WALKS]
        left = self.common[whole] * shared + strength * own[whole]
        right = self.common[whole + 1] * shared + strength * own[whole + 1]
        shift = self.shifts.get(base)
        if shift is not None:
            left, right = left + shift[whole], right + shift[whole + 1]
        found: Floats = self.coin[base].price * np.exp(left * (1 - rest) + right * rest)
        return found

    def drive(self, base: str, start: int, points: Mapping[int, float]) -> None:
        """Lead the price, not the walks: minutes after `start`, change since then; from the last on they go on."""
        shift = self.shifts.setdefault(base, np.zeros(self.minutes + 2))
        minute = np.arange(start, start + max(points) + 1)
        wish = np.interp(minute - start, [0, *points], [0.0, *np.log1p(list(points.values()))])
        free = np.log(self.price(base, minute.astype(np.float64)))
        change = wish - (free - free[0])
        shift[minute] += change
        shift[minute[-1] + 1 :] += change[-1]

    def lift(self, base: str, start: int, minutes: int, share: float) -> None:
        """Let the price move by a share more than the walks, over some minutes; at the start it is as ever."""
        shift = self.shifts.setdefault(base, np.zeros(self.minutes + 2))
        ramp = shift[start : start + minutes]
        ramp += np.arange(len(ramp)) / minutes * math.log1p(share)
        shift[start + minutes :] += math.log1p(share)
        shift -= shift[self.start_minute]

    def bump(self, base: str, start: int, turns: tuple[int, int, int], share: float) -> None:
        """Let the price rise by a share until the first of these minutes, stay until the second, be back at the third.

        Nothing before and after them is touched. turns: minutes after `start`.
        """
        shift = self.shifts.setdefault(base, np.zeros(self.minutes + 2))
        top = math.log1p(share)
        shift[start : start + turns[2]] += np.interp(np.arange(turns[2]), [0, *turns], [0.0, top, top, 0.0])

    def build(self, base: str, start: int, minutes: int, share: float) -> None:
        """Let open interest grow by a share over some minutes, and stay there."""
        ramp = np.clip((np.arange(self.minutes + 2) - start) / minutes, 0.0, 1.0)
        self.positions[base] = self.positions.get(base, 0.0) + ramp * math.log1p(share)

    def price_at(self, base: str, ms: int) -> float:
        return float(self.price(base, np.array([(ms - self.begin) / MINUTE]))[0])

    def basis(self, instrument: Listed, minute: Floats) -> Floats:
        """How far the venue trades from the fair price: a few hundredths of a percent, slowly moving."""
        phase = sum(instrument.key.encode()) + self.seed
        found = (
            1 + 1.5e-4 * np.sin((minute - self.earlier) / 180 + phase) + (1.2e-4 if instrument.kind == "perp" else 0.0)
        )
        start, end, share = self.premiums.get(instrument.key, (0, 0, 0.0))
        return np.where((minute >= start) & (minute < end), found + share, found)

    def resting(self, base: str, minute: float) -> float:
        """What the levels of a book are usually worth, quote currency."""
        start, end, share = self.thinned.get(base, (0, 0, 1.0))
        return self.coin[base].trade_quote * (share if start <= minute < end else 1.0)

    def open_interest(self, instrument: Listed, ms: int) -> float:
        """One side, in base: a smooth walk around the coin's usual."""
        coin = self.coin[instrument.base]
        share = listing_of(instrument).open_interest_share
        if coin.quiet:
            return coin.open_interest_quote * share / coin.price
        minute = min(max((ms - self.begin) / MINUTE, 0), self.minutes)
        walk = self.own[(self.at[instrument.base] * 5 + 3) % OWN_WALKS]
        whole = int(minute)
        level = walk[whole] * (1 - minute + whole) + walk[whole + 1] * (minute - whole)
        level = 1.5 * float(level)
        if instrument.base in self.positions:
            level += float(self.positions[instrument.base][whole])
        return coin.open_interest_quote * share / coin.price * math.exp(level)

    def rate(self, instrument: Listed, settled_ms: int) -> float:
        """The funding rate settled at a moment."""
        hours = instrument.as_of("funding_hours", settled_ms - 1)
        wave = math.sin(settled_ms // (hours * HOUR) * 1.7 + sum(instrument.key.encode()) + self.seed)
        return round((1e-4 + 6e-5 * wave) * hours / 8, 8)

    def mark(self, instrument: Listed, ms: int) -> MarkPrice:
        hours = instrument.as_of("funding_hours", ms)
        period = hours * HOUR
        following = (ms // period + 1) * period
        index = self.price_at(instrument.base, ms)
        minute = np.array([(ms - self.begin) / MINUTE])
        # The estimate drifts from the last settled rate to the one that will be settled.
        part = (ms - (following - period)) / period
        rate = self.rate(instrument, following - period) * (1 - part) + self.rate(instrument, following) * part
        start, end, set_rate = self.rates.get(instrument.base, (0, 0, 0.0))
        if start <= minute[0] < end:
            rate = set_rate
        return MarkPrice(
            time=ms,
            mark=index * float(self.basis(instrument, minute)[0]),
            index=index,
            rate=round(rate, 8),
            next_ms=following,
            settled=self.rate(instrument, following - period),
            hours=hours,
        )

    def settlements(self, instrument: Listed, start: int, end: int) -> list[Settlement]:
        end = min(end, instrument.until_ms)
        first = self.begin + self.earlier * MINUTE - 30 * 24 * HOUR
        at = max(-(-start // HOUR) * HOUR, first, -(-instrument.listed_ms // HOUR) * HOUR)
        hours = range(at, end, HOUR)
        # an hour is a settlement if the interval that ran up to it ends there
        settled = [each for each in hours if each % (instrument.as_of("funding_hours", each - 1) * HOUR) == 0]
        return [Settlement(each, self.rate(instrument, each), self.price_at(instrument.base, each)) for each in settled]


def _led_to(walk: Floats, steps: Floats) -> Floats:
    """The walk, unchanged, with so many steps before it."""
    before = walk[..., :1] - np.cumsum(steps, axis=-1)[..., ::-1]
    return np.concatenate([before, walk], axis=-1)
