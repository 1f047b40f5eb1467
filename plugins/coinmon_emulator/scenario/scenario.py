"""Seeded scenarios: correlated venues, balanced background, planted events."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coinmon_emulator.market.market import DAY, MINUTE, Listed, Prints
from coinmon_emulator.scenario import flow
from coinmon_emulator.scenario.coins import Pace
from coinmon_emulator.scenario.default_plan import DefaultPlan
from coinmon_emulator.scenario.field_plan import FIELD_COINS, FieldEvent, changed
from coinmon_emulator.scenario.listing import all_venues, listing_of, odd_markets, wide
from coinmon_emulator.scenario.made import AFTER, BEFORE, EARLIER, FURTHER, STARTS_AT, MadeUpMarket
from coinmon_emulator.scenario.plan import Leg, PlantedEvent
from coinmon_emulator.scenario.signal_plan import SIGNALS_AT, SignalPlan

__all__ = ["NAMES", "STARTS_AT", "Scenario"]
KEPT_TRADES = 2_000_000
FORCED = 61
Small = NDArray[np.int16]
Medium = NDArray[np.int32]
NAMES = ("default", "quiet", "wide", "signals", "field")


class Scenario(MadeUpMarket):
    """A market made up from a seed; any minute of it can be asked for first. before: minutes of past; a longer one is
    another market. `default` has a day before these, and five weeks of fewer trades before that. after: minutes of
    future.
    """

    def __init__(self, name: str = "default", seed: int = 1, before: int = BEFORE, after: int = AFTER) -> None:
        if name not in NAMES:
            raise ValueError(f"no scenario {name!r}; there are {', '.join(NAMES)} and load")
        self.title = f"scenario {name}, seed {seed}"
        coins, instruments = wide() if name == "wide" else all_venues()
        self._changes: list[FieldEvent] = []
        if name in ("default", "field"):
            odd_coins, odd = odd_markets(STARTS_AT)
            coins, instruments = (*coins, *odd_coins), [*instruments, *odd]
        if name == "field":
            coins = (*coins, *FIELD_COINS)
            instruments, self._changes = changed(seed, STARTS_AT, instruments)
        earlier, further = (EARLIER, FURTHER) if name == "default" else (0, 0)
        super().__init__(seed, coins, instruments, before, earlier, after, further)
        self._name = name
        self.events: list[PlantedEvent] = []
        if name == "default":
            followed = [one for one in instruments if one.followed]
            self.events = DefaultPlan(seed, followed, self.paths, self._half_volume).events
        elif name == "signals":
            self.opens_at = SIGNALS_AT
            start = (SIGNALS_AT - self.paths.begin) // MINUTE
            self.events = SignalPlan(seed, instruments, start, self.paths, self._half_volume).events
        self._legs: dict[Listed, list[tuple[PlantedEvent, Leg]]] = {}
        for event in self.events:
            for leg in event.legs:
                self._legs.setdefault(leg.instrument, []).append((event, leg))
        self._counts: dict[Listed, tuple[Small, Medium]] = {}
        self._blocks: OrderedDict[tuple[Listed, int], Prints] = OrderedDict()
        self._kept = 0

    def _pace(self, instrument: Listed) -> Pace:
        listing = listing_of(instrument)
        if self._name == "quiet":
            return listing.quiet
        return listing.wide if self._name == "wide" and listing.wide is not None else listing.pace

    def _half_volume(self, instrument: Listed) -> float:
        pace = self._pace(instrument)
        return 50 * (pace.low + pace.high) / 2 * self._mean_quote(instrument)

    def _mean_quote(self, instrument: Listed) -> float:
        pace = self._pace(instrument)
        quote = self._coin(instrument).trade_quote * pace.size
        return min(max(quote, 100.0), 230.0) if pace.size < 0.1 else quote

    @property
    def span(self) -> tuple[int, int]:
        """The time in which something trades, ms UTC."""
        return self.paths.begin, self.paths.begin + self.paths.minutes * MINUTE

    def begins(self, instrument: Listed) -> int:
        return max(self.paths.begin, instrument.listed_ms)

    def _minutes(self, instrument: Listed) -> tuple[Small, Medium]:
        """Background trades in each minute, and all trades before each minute."""
        known = self._counts.get(instrument)
        if known is None:
            planted = np.zeros(self.paths.minutes, np.int64)
            for event, leg in self._legs.get(instrument, ()):
                planted[event.minute : event.minute + event.minutes] += leg.rows
            background = flow.counts(self.seed, instrument, self._pace(instrument), self.paths, planted)
            # Hundreds of instruments may be kept: two weeks of minutes in as few bytes as hold them.
            totals = np.concatenate([[0], np.cumsum(background + planted)])
            known = background.astype(np.int16), totals.astype(np.int32)
            self._counts[instrument] = known
        return known

    def _first_id(self, instrument: Listed) -> int:
        # what was put before changes the ids of nothing after it
        _, totals = self._minutes(instrument)
        return 10_000_000 + zlib.crc32(instrument.key.encode()) % 4_000_000_000 - int(totals[self.paths.earlier])

    def _block(self, instrument: Listed, number: int) -> Prints:
        known = self._blocks.get((instrument, number))
        if known is not None:
            self._blocks.move_to_end((instrument, number))
            return known
        background, before = self._minutes(instrument)
        low, high = number * flow.BLOCK, (number + 1) * flow.BLOCK
        legs = [
            (event, leg)
            for event, leg in self._legs.get(instrument, ())
            if event.minute < high and event.minute + event.minutes > low
        ]
        pace = self._pace(instrument)
        # one pair of trades a minute, and the minute as busy
        usual = self._mean_quote(instrument) * ((pace.low + pace.high) / 2 if low < self.paths.further else 1)
        made = flow.block(self.seed, instrument, number, self.paths, background, usual, legs)
        ids = self._first_id(instrument) + int(before[low]) + np.arange(len(made))
        made = Prints(ids, made.time, made.price, made.size, made.side)
        self._blocks[instrument, number] = made
        self._kept += len(made)
        while self._kept > KEPT_TRADES and len(self._blocks) > 1:
            self._kept -= len(self._blocks.popitem(last=False)[1])
        return made

    def before(self, instrument: Listed, ms: int) -> int:
        _, totals = self._minutes(instrument)
        minute = (ms - self.paths.begin) // MINUTE
        if minute < 0:
            return 0
        if minute >= self.paths.minutes:
            return int(totals[-1])
        number = minute // flow.BLOCK
        inside = int(np.searchsorted(self._block(instrument, number).time, ms, side="left"))
        return int(totals[number * flow.BLOCK]) + inside

    def at_id(self, instrument: Listed, trade_id: int) -> int:
        _, totals = self._minutes(instrument)
        return min(max(trade_id - self._first_id(instrument), 0), int(totals[-1]))

    def rows(self, instrument: Listed, low: int, high: int) -> Prints:
        _, totals = self._minutes(instrument)
        high = min(high, int(totals[-1]))
        parts = []
        while low < high:
            minute = int(np.searchsorted(totals, low, side="right")) - 1
            number = minute // flow.BLOCK
            found = self._block(instrument, number)
            offset = int(totals[number * flow.BLOCK])
            part = found.take(slice(low - offset, high - offset))
            parts.append(part)
            low += len(part)
        return Prints.join(parts)

    def liquidations(self, instrument: Listed, start: int, end: int) -> Prints:
        """One trade in 61 of a perpetual is forced; so are all the sells of a planted cascade."""
        if instrument.kind != "perp":
            return Prints.join([])
        trades = self.rows(instrument, self.before(instrument, start), self.before(instrument, end))
        forced = trades.id % FORCED == 0
        for event, leg in self._legs.get(instrument, ()):
            if leg.forced:
                begun = self.paths.begin + event.minute * MINUTE
                inside = (trades.time >= begun) & (trades.time < begun + event.minutes * MINUTE)
                forced |= inside & (trades.side < 0)
        return trades.take(forced)

    def planted(self, until: int) -> list[dict[str, Any]]:
        """The events that begin before `until` plus the next day's."""
        found = [event.told() for event in self._changes if event.at < until + DAY]
        return found + [
            told
            for event in self.events
            if self.paths.begin + event.minute * MINUTE < until + DAY
            for told in event.told(self.paths.begin)
        ]
