"""The day before a start: what a venue tells of it in few requests first, then its trades, the first pairs first."""

import asyncio
from collections.abc import Awaitable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from time import monotonic
from typing import Any

from coinmon.clock import Clock
from coinmon.collect.history.between_cycles import BetweenCycles
from coinmon.collect.history.day_progress import DayProgress, venue_command
from coinmon.collect.history.past_trades import read_past, room
from coinmon.collect.history.warm_up import WarmUp, undisputed
from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon.errors import CoinmonError, VenueBusy, our_stop, words_of
from coinmon.log import SPOKEN
from coinmon.model.bars import Bars, Coverage
from coinmon.model.derivatives import WhaleTrade
from coinmon.model.instrument import Instrument
from coinmon.model.moment import DAY, HOUR, MINUTE, floor
from coinmon.secrets import redacted
from coinmon.store.bars import read_bars, write_bars
from coinmon.store.database import Database
from coinmon.store.instruments import read_grids
from coinmon.store.samples import write_series, write_whales
from coinmon.store.seen import counts, gaps, sample_gaps
from coinmon.supervise import Supervisor

_CALM_S = 10.0
"""Seconds after a start that are left to the first rounds, the streams and the window."""
_MAX_WAIT_S = 120.0
"""Seconds that it waits at most for the windows of other venues."""
_MAX_CONCURRENT_TOTALS = 2
_STRETCH_MS = 2 * HOUR
"""Trades that are in memory and stored together; all that an interruption costs."""
_CALL_TIMEOUT_S = 120.0
"""Waiting for the budgets is in it."""
_PAUSE_S = 0.5
_SAMPLED = ("open_interest", "funding")
_MAX_TRIES = 5
"""Cycles in which an instrument's day is asked for before it is given up."""


@dataclass(slots=True)
class _Day:
    """An instrument's day that is still to come: [since, until) in ms UTC. rank: whose turn it is.

    before_id: the first trade that was seen of `until` or later; None where the venue does not go back by trade.
    """

    rank: int
    number: int
    instrument: Instrument
    since: int
    until: int
    before_id: int | None
    failures: int = 0


class FirstDay:
    """Fills one venue's last 24 hours up to where each track began, once; it leaves the tracks alone.

    What fails is asked for again in the next cycles, at most `_MAX_TRIES` times in all.

    First one request or a few of each instrument: the venue's own minutes, open interest and funding. Then, where
    those minutes do not tell who bought, the trades by their ids, with three quarters of what the venue's limits allow.

    window: ms, which warm_up brings, and goes first. others: the warm-ups of all venues, whose windows are more urgent
    than a day too. turns: when it may write.
    """

    def __init__(
        self, venue: Venue, clock: Clock, database: Database, window: int, whale_threshold: float,
        supervisor: Supervisor | None = None, *, warm_up: WarmUp | None = None, others: Collection[WarmUp] = (),
        turns: BetweenCycles | None = None,
    ) -> None:  # fmt: skip
        self._venue = venue
        self._clock = clock
        self._database = database
        self._window, self._whale_threshold = window, whale_threshold
        self._supervisor = supervisor or Supervisor()
        self._warm_up, self._others = warm_up, others
        self._turns = turns or BetweenCycles(clock)
        self._split = venue.has("bars") and bool(getattr(venue.exchange, "split_in_bars", False))
        self._by_trade = not self._split and venue.has("trades") and venue.has("earlier_trades")
        self._known: set[int] = set()
        self._totals: list[_Day] = []
        self._trades: list[_Day] = []
        self._under_way = 0
        self._again: list[_Day] = []
        self._without: list[_Day] = []
        self._failed: dict[str, str] = {}
        self._began = 0.0
        self._done_ms, self._left_ms = 0, 0
        self._calm_until: float | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def progress(self) -> DayProgress:
        waiting = len(self._totals) + len(self._trades) + len(self._again) + self._under_way
        left = 0 if self._venue.blocked else waiting
        spent = monotonic() - self._began
        seconds = round(spent * self._left_ms / self._done_ms) if left and self._done_ms else None
        files = self._without and self._venue.has("archives")
        short = [day.instrument for day in self._without]
        backfill = venue_command(short, self._without[0].since) if files else None
        return DayProgress(left, seconds, len(self._without), backfill, dict(self._failed))

    def begin(self, tracks: Sequence[Track]) -> None:
        """Tracks that were read just now, the most important first; those that are new get their day."""
        self._calm_until = self._calm_until or monotonic() + _CALM_S
        self._take(tracks)
        self._totals = sorted(self._totals + self._again, key=attrgetter("rank"))
        self._again = []
        waits = bool(self._totals or self._trades) and not self._venue.blocked
        if waits and (self._task is None or self._task.done()):
            self._task = self._supervisor.once(f"{self._venue.name}: first day", self._run())

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _take(self, tracks: Sequence[Track]) -> None:
        """Note the day of those that are new."""
        now = floor(self._clock.now())
        for track in tracks:
            if track.number in self._known or (self._by_trade and track.boundary_id is None):
                continue
            rank = len(self._known)
            self._known.add(track.number)
            before_id = None if track.boundary_id is None or not self._by_trade else track.boundary_id + 1
            self._totals.append(_Day(rank, track.number, track.instrument, now - DAY, track.start, before_id))

    async def _run(self) -> None:
        begun = self._calm_until or 0.0
        await asyncio.sleep(begun - monotonic())
        while any(each.waiting for each in self._others) and monotonic() < begun + _MAX_WAIT_S:  # noqa: ASYNC110
            await asyncio.sleep(_PAUSE_S)
        await self._bring_totals()
        while self._warm_up and self._warm_up.waiting:  # noqa: ASYNC110 - failed instruments wait for the next cycle
            await asyncio.sleep(_PAUSE_S)
        self._trades.sort(key=attrgetter("rank"))
        self._began, self._done_ms = monotonic(), 0
        self._left_ms = sum(day.until - day.since for day in self._trades)
        while self._trades and not self._venue.blocked:
            day = self._trades.pop(0)
            self._under_way += 1
            try:
                await self._kept(day, self._bring_trades(day))
            finally:
                self._under_way -= 1
        if not self._venue.blocked and not self._totals and not self._again:
            self._say()

    def _say(self) -> None:
        """What it came to, once it is over."""
        told, name, hours = self.progress, self._venue.name, DAY // HOUR
        if told.without:
            cure = f"`{told.backfill}` brings it from its files" if told.backfill else "time alone fills it"
            text = "{}: who bought in the last {} hours of {} instruments cannot be had from it ({}, ...); {}"
            SPOKEN.info(text, name, hours, told.without, self._without[0].instrument.id, cure)
        elif told.failed:
            id, why = next(iter(told.failed.items()))
            text = "{}: the last {} hours of {} instruments were not had in {} tries ({}: {})"
            SPOKEN.warning(text, name, hours, len(told.failed), _MAX_TRIES, id, why)
        else:
            SPOKEN.info("{}: the last {} hours are there", name, hours)

    async def _bring_totals(self) -> None:
        self._began, self._done_ms = monotonic(), 0
        self._left_ms = DAY * len(self._totals)

        async def worker() -> None:
            while self._totals and not self._venue.blocked:
                day = self._totals.pop(0)
                self._under_way += 1
                try:
                    if await self._kept(day, self._bring_total(day)) and day.before_id is not None:
                        self._trades.append(day)
                finally:
                    self._under_way -= 1
                    self._done_ms += DAY
                    self._left_ms -= DAY

        async with asyncio.TaskGroup() as workers:
            for _ in range(_MAX_CONCURRENT_TOTALS):
                workers.create_task(worker())

    async def _kept(self, day: _Day, work: Awaitable[None]) -> bool:
        """Await `work`; a failure is noted with the instrument. Whether there was none."""
        id = day.instrument.id
        try:
            await work
        except VenueBusy as error:
            # a venue that asks to wait is asked again however often
            self._failed[id] = redacted(str(error))
            self._again.append(day)
        except CoinmonError as error:
            self._fail(day, str(error))
        except BaseException as error:
            if our_stop(error):
                raise
            # what a plugin gave is not what its contract says
            self._fail(day, words_of(error))
        else:
            self._failed.pop(id, None)
            return True
        return False

    def _fail(self, day: _Day, why: str) -> None:
        self._failed[day.instrument.id] = redacted(why)
        day.failures += 1
        if day.failures < _MAX_TRIES:
            self._again.append(day)

    async def _bring_total(self, day: _Day) -> None:
        """The venue's own minutes that are not stored, then open interest and funding."""
        split_since = day.since if self._split else day.until
        if self._venue.has("bars"):
            wanted = await asyncio.to_thread(
                gaps, self._database, day.number, day.since, day.until, partial_since=split_since
            )
            for start, end in wanted:
                await room(self._venue)
                bars = await self._venue.call("bars", day.instrument, start, end, deadline=_CALL_TIMEOUT_S)
                await self._turns.write(self._database, partial(self._store, day, bars, ()))
        for what in _SAMPLED if day.instrument.kind == "perp" else ():
            if self._venue.has(f"past_{what}"):
                await self._bring_samples(day, what)
        if not self._split and day.before_id is None and not await self._is_split(day):
            self._without.append(day)

    async def _is_split(self, day: _Day) -> bool:
        """Whether who bought and sold is stored of every minute."""
        found = await asyncio.to_thread(counts, self._database, day.number, day.since, day.until)
        return found.get(Coverage.KLINES, 0) + found.get(Coverage.TRADES, 0) >= (day.until - day.since) // MINUTE

    async def _bring_samples(self, day: _Day, what: str) -> None:
        wanted = await asyncio.to_thread(sample_gaps, self._database, day.number, what, day.since, day.until)
        for start, end in wanted:
            await room(self._venue)
            found = await self._venue.call(f"past_{what}", day.instrument, start, end, deadline=_CALL_TIMEOUT_S)
            await self._turns.write(self._database, partial(self._store_samples, day, found))

    async def _bring_trades(self, day: _Day) -> None:
        """Backwards from the track's first trade, stretch by stretch; a stretch that is whole is read but not stored.

        A venue goes back by the ids of its trades alone: there is no other way past them.
        """
        before_id, until = day.before_id, day.until
        if await self._is_split(day):
            until = day.since
        while before_id is not None and until > day.since and not self._venue.blocked:
            since = max(day.since, until - _STRETCH_MS)
            past, more = await read_past(self._venue, day.instrument, day.number, since, until, before_id, rests=True)
            before_id = past.oldest_id or before_id
            bars, whales = self._proven(past, until)
            # the window's come with the warm-up, and are told by nobody
            whales = [each for each in whales if each.time < day.until - self._window]
            await self._turns.write(self._database, partial(self._store, day, bars, whales))
            self._done_ms += until - since
            self._left_ms -= until - since
            until = since
            if not more:
                self._without.append(day)
                break
        self._left_ms -= until - day.since

    def _proven(self, past: Track, until: int) -> tuple[Bars, list[WhaleTrade]]:
        settled = past.settle(until, self._whale_threshold)
        bars = settled.bars
        return bars[(bars.coverage == Coverage.TRADES) & (bars.close > 0)], list(settled.whales)

    def _store(self, day: _Day, bars: Bars, whales: Sequence[WhaleTrade], known_at: int) -> None:
        bars = bars[bars.coverage > Coverage.MISSING]
        with self._database.write() as connection:
            grid = read_grids(connection, [day.number])[day.number]
            stored = replace(day.instrument, tick_size=grid)
            bars = bars.on_grid(grid)
            if len(bars) and (bars.coverage == Coverage.TRADES).all():
                first, last = int(bars.time[0]), int(bars.time[-1])
                bars = undisputed(bars, read_bars(connection, day.number, stored, first, last + MINUTE))
            write_bars(connection, day.number, stored, bars, known_at=known_at)
            write_whales(connection, {day.instrument.id: day.number}, whales, known_at)

    def _store_samples(self, day: _Day, found: Sequence[Any], known_at: int) -> None:
        with self._database.write() as connection:
            write_series(connection, day.number, found, known_at, known_at)
