"""What lies before a start, of all venues: the window's trades come first, then the day."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from coinmon.clock import Clock
from coinmon.collect.history.between_cycles import BetweenCycles
from coinmon.collect.history.day_progress import DayProgress, venue_command
from coinmon.collect.history.first_day import FirstDay
from coinmon.collect.history.warm_up import progress, warm_ups
from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon.config.load import Config
from coinmon.log import SPOKEN
from coinmon.market.last_day import ENOUGH, backfill_command
from coinmon.model.bars import Coverage
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.moment import DAY, MINUTE, floor
from coinmon.store.database import Database
from coinmon.store.seen import counts
from coinmon.supervise import Supervisor

_MAX_NAMED = 20
"""Pairs that a line of the log names."""


class BeforeStart:
    """goes_on: there will be more cycles than one; behind a single one there is no time."""

    def __init__(
        self, config: Config, venues: Sequence[Venue], clock: Clock, database: Database, tasks: Supervisor, *,
        goes_on: bool,
    ) -> None:  # fmt: skip
        self.turns = BetweenCycles(clock)
        self._clock, self._database, self._goes_on = clock, database, goes_on
        self._once: dict[str, DayProgress] = {}
        some = venues if goes_on else ()
        self._warm_ups = warm_ups(config, some, clock, database, tasks, self.turns)
        window, whales = config.window * MINUTE, config.whale_threshold
        self._days = {
            each.name: FirstDay(
                each,
                clock,
                database,
                window,
                whales,
                tasks,
                warm_up=self._warm_ups.get(each.name),
                others=self._warm_ups.values(),
                turns=self.turns,
            )
            for each in some
        }

    def warms(self, venue: Venue) -> bool:
        """Whether the window's trades come behind the cycles, so that a round need not bring them."""
        return venue.name in self._warm_ups

    def begin(self, venue: Venue, tracks: Sequence[Track]) -> None:
        """Of tracks that were read just now, the most important first; those that are new get what was before."""
        if self.warms(venue):
            self._warm_ups[venue.name].begin(tracks)
        if venue.name in self._days:
            self._days[venue.name].begin(tracks)

    def as_json(self) -> dict[str, Any]:
        """warming: how far the window is; first_day: by venue, how far the 24 hours before the start are."""
        days = {**self._once, **{name: each.progress for name, each in self._days.items()}}
        told = {name: each.as_json() for name, each in days.items()}
        return {"warming": progress(self._warm_ups.values()), "first_day": told}

    async def look(self, pairs: Sequence[Pair], tracks: Mapping[str, Sequence[Track]]) -> None:
        """Behind a single scan nothing is brought: what lacks is named with the command that brings it."""
        if self._goes_on:
            return
        since = floor(self._clock.now()) - DAY
        lacking = await asyncio.to_thread(self._lacking, tracks, since)
        for name, short in lacking.items():
            command = venue_command(short, since) if short else None
            self._once[name] = DayProgress(0, None, len(short), command, {})
        count = sum(map(len, lacking.values()))
        if count:
            named = [f"{each.base}{each.quote}" for each in pairs[:_MAX_NAMED]]
            more = f" (and {len(pairs) - _MAX_NAMED} pairs more)" if len(pairs) > _MAX_NAMED else ""
            text = "{} of {} instruments lack minutes of the last 24 h: `{}`{} brings them, as does a scan that goes on"
            command = backfill_command(named, since)
            SPOKEN.info(text, count, sum(map(len, tracks.values())), command, more)

    def _lacking(self, tracks: Mapping[str, Sequence[Track]], since: int) -> dict[str, list[Instrument]]:
        """By venue the instruments of which a scan has not seen about the whole day."""
        found: dict[str, list[Instrument]] = {}
        for name, some in tracks.items():
            seen = [counts(self._database, each.number, since, since + DAY) for each in some]
            whole = [each.get(Coverage.KLINES, 0) + each.get(Coverage.TRADES, 0) for each in seen]
            found[name] = [
                each.instrument for each, minutes in zip(some, whole, strict=True) if minutes < ENOUGH * DAY // MINUTE
            ]
        return found

    async def close(self) -> None:
        await asyncio.gather(*(each.close() for each in self._warm_ups.values()))
        await asyncio.gather(*(each.close() for each in self._days.values()))
