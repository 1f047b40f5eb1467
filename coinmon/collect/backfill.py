"""History of one instrument into the store: a venue's files first, its REST interface for what they do not have."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any

from coinmon.clock import Clock
from coinmon.collect.archived import bars_of_trades
from coinmon.collect.progress import Progress
from coinmon.collect.rest import rest_bars
from coinmon.collect.venue import Venue
from coinmon.contracts import Archive, Archives
from coinmon.errors import CoinmonError, DecodeError, FinerGrid, NotPublished, VenueBlocked, VenueError
from coinmon.model.bars import Bars
from coinmon.model.instrument import Instrument
from coinmon.model.moment import DAY, MINUTE, floor, iso
from coinmon.store.bars import read_bars, write_bars
from coinmon.store.database import Database
from coinmon.store.instruments import read_grids, sync_instruments
from coinmon.store.samples import write_series
from coinmon.store.seen import gaps, has_samples, is_complete

_REST_TRADES = 48 * 60 * MINUTE
"""How far back trades are asked of REST: Binance USD-M goes no further, and for others a file comes sooner."""
_TELL_EVERY = 10.0
_PRICE_BEFORE = 60 * MINUTE
"""How far back the price before an archive is looked for."""


@dataclass(slots=True)
class _Span:
    """The files for one stretch of time: trades in order of preference, and the venue's own klines."""

    start: int
    end: int
    trades: list[Archive] = field(default_factory=list)
    bars: list[Archive] = field(default_factory=list)


@dataclass(slots=True)
class _Got:
    """Files that were downloaded for a span."""

    trades: tuple[Archive, Path] | None
    bars: tuple[Archive, Path] | None


class Backfill:
    """Fills the store for the instruments of one venue.

    folder: for downloads on their way. levels_days: how old levels are kept.

    problems: what could not be had, in words.
    """

    def __init__(
        self,
        database: Database,
        venue: Venue,
        clock: Clock,
        folder: Path,
        progress: Progress,
        levels_days: int,
    ) -> None:
        self._database = database
        self._venue = venue
        self._clock = clock
        self._folder = folder
        self._progress = progress
        self._levels_days = levels_days
        self._archives: Archives | None = getattr(venue.exchange, "archives", None)
        self.problems: list[str] = []

    async def run(self, number: int, instrument: Instrument, start: int, end: int, source: str) -> None:
        """Bring [start, end) into the store. source: auto, vision (files only) or rest."""
        archives = self._archives
        if archives is not None and source != "rest":
            published = archives.covering(instrument, start, min(end, self._clock.now()))
            now = self._clock.now()
            spans = [span for span in _spans(published) if span.end <= now]
            spans = [span for span in spans if not self._has(number, span, now)]
            samples = [each for each in published if each.data in ("open_interest", "funding")]
            samples = [
                each
                for each in samples
                if not has_samples(self._database, number, each.data, each.start, min(each.end, now))
            ]
            self._progress.begin(instrument.id, len(spans) + len(samples))
            await self._archived(archives, number, instrument, spans)
            await self._samples(archives, number, instrument, samples)
        elif source == "vision":
            self.problems.append(f"{instrument.id}: {self._venue.name} has no public files of history")
        if source != "vision" and not self._venue.blocked:
            await self._rest(number, instrument, start, end)

    def _has(self, number: int, span: "_Span", now: int) -> bool:
        """Levels that the retention has dropped, or would at once, are not fetched again."""
        levels = span.start >= now - self._levels_days * DAY
        return is_complete(self._database, number, span.start, span.end, levels=levels)

    async def _archived(self, archives: Archives, number: int, instrument: Instrument, spans: list[_Span]) -> None:
        """The next span's files are downloaded while one is read."""
        following: asyncio.Task[_Got] | None = None
        try:
            for place, span in enumerate(spans):
                current = following or asyncio.create_task(self._fetch(archives, span))
                got = await current
                following = (
                    asyncio.create_task(self._fetch(archives, spans[place + 1])) if place + 1 < len(spans) else None
                )
                if got.trades is None and got.bars is None:
                    self._progress.step(f"{instrument.id}: {iso(span.start)}: no file")
                    continue
                try:
                    await self._read(number, instrument, span, got)
                except DecodeError as error:
                    self.problems.append(str(error))
                    self._progress.step(str(error))
                finally:
                    for each in (got.trades, got.bars):
                        if each:
                            each[1].unlink(missing_ok=True)
                if self._venue.blocked:
                    return
        finally:
            if following:
                following.cancel()
                with suppress(asyncio.CancelledError, CoinmonError):
                    await following

    async def _fetch(self, archives: Archives, span: _Span) -> _Got:
        trades = await self._first(archives, span.trades)
        return _Got(trades, await self._first(archives, span.bars))

    async def _first(self, archives: Archives, candidates: Sequence[Archive]) -> tuple[Archive, Path] | None:
        """The best file that is there."""
        unpublished: list[str] = []
        for archive in candidates:
            path = self._folder / archive.name
            try:
                await archives.fetch(archive, path, self._progress.received)
                return archive, path
            except NotPublished as error:
                unpublished.append(str(error))
            except VenueBlocked as error:
                self._venue.blocked = str(error)
                self.problems.append(str(error))
                return None
            except VenueError as error:
                self.problems.append(str(error))
        self.problems += unpublished[:1]
        return None

    async def _read(self, number: int, instrument: Instrument, span: _Span, got: _Got) -> None:
        klines = None
        if got.bars:
            klines = await asyncio.to_thread(self._klines, got.bars[0], got.bars[1], instrument)
        if got.trades is None:
            if klines is not None:
                self._store(number, instrument, klines)
                self._progress.step(f"{instrument.id}: {iso(span.start)}: klines only")
            return
        archive, path = got.trades
        if klines is None and not archive.ids_run:
            klines = await self._rest_klines(instrument, archive)
        await asyncio.to_thread(self._trades, archive, path, number, instrument, klines)
        self._progress.step(f"{instrument.id}: {archive.name}")

    async def file(self, archive: Archive, path: Path, number: int, instrument: Instrument) -> None:
        """A file that is at hand. Raises CoinmonError for one that cannot be read; then nothing of it is stored."""
        if archive.data == "trades":
            klines = await self._rest_klines(instrument, archive) if not archive.ids_run else None
            await asyncio.to_thread(self._trades, archive, path, number, instrument, klines)
        elif archive.data == "bars":
            klines = await asyncio.to_thread(self._klines, archive, path, instrument)
            self._store(number, instrument, klines)
        else:
            await asyncio.to_thread(self._series, archive, path, number, instrument)
        self._progress.step(f"{instrument.id}: {archive.name}")

    def _reading(self, archive: Archive, path: Path, instrument: Instrument) -> Iterator[Any]:
        assert self._archives is not None
        return self._archives.read(archive, path, instrument)

    def _trades(self, archive: Archive, path: Path, number: int, instrument: Instrument, klines: Bars | None) -> None:
        def bars(on: Instrument) -> Iterator[Bars]:
            pages = self._reading(archive, path, on)
            known = None if klines is None else klines.on_grid(on.tick_size)
            return bars_of_trades(pages, archive, on, known, self._price_before(number, on, archive.start))

        try:
            for day in bars(instrument):
                self._store(number, instrument, day)
        except FinerGrid as error:
            finer = self._refined(instrument, error)
            for day in bars(finer):
                self._store(number, finer, day)

    def _refined(self, instrument: Instrument, error: FinerGrid) -> Instrument:
        """The venue's ticks were finer then: what is stored goes over to the finer grid."""
        with self._database.write() as connection:
            fresh = replace(instrument, tick_size=error.tick_size)
            return sync_instruments(connection, [fresh], self._clock.now())[instrument.id][1]

    def _klines(self, archive: Archive, path: Path, instrument: Instrument) -> Bars:
        bars: Bars = next(self._reading(archive, path, instrument))
        return bars

    async def _rest_klines(self, instrument: Instrument, archive: Archive) -> Bars | None:
        """What proves trades whose ids do not; None when they cannot be had."""
        if not self._venue.has("bars"):
            return None
        try:
            found: Bars = await self._venue.call("bars", instrument, archive.start, archive.end, deadline=120)
            return found
        except CoinmonError as error:
            self.problems.append(f"{archive.name}: not proven complete: {error}")
            return None

    def _price_before(self, number: int, instrument: Instrument, start: int) -> int:
        with self._database.read() as connection:
            found = read_bars(connection, {number: instrument}, start - _PRICE_BEFORE, start)
        return int(found[number].close[-1]) if number in found else 0

    def _store(self, number: int, instrument: Instrument, bars: Bars) -> None:
        """One transaction: a killed process leaves all of these bars or none."""
        bars = bars[bars.coverage > 0]
        with self._database.write() as connection:
            grid = read_grids(connection, [number])[number]
            write_bars(connection, number, replace(instrument, tick_size=grid), bars.on_grid(grid))

    async def _samples(
        self, archives: Archives, number: int, instrument: Instrument, wanted: Sequence[Archive]
    ) -> None:
        for archive in wanted:
            got = await self._first(archives, [archive])
            if got is None:
                self._progress.step(f"{instrument.id}: {archive.name}: not there")
                continue
            try:
                await asyncio.to_thread(self._series, archive, got[1], number, instrument)
                self._progress.step(f"{instrument.id}: {archive.name}")
            except DecodeError as error:
                self.problems.append(str(error))
                self._progress.step(str(error))
            finally:
                got[1].unlink(missing_ok=True)

    def _series(self, archive: Archive, path: Path, number: int, instrument: Instrument) -> None:
        samples = next(self._reading(archive, path, instrument))
        with self._database.write() as connection:
            write_series(connection, number, samples)

    async def _rest(self, number: int, instrument: Instrument, start: int, end: int) -> None:
        """Trades only as far back as they can be had, klines everywhere."""
        recent = floor(self._clock.now() - _REST_TRADES)
        # an old minute that is partly known gets no better by klines without the taker split
        again = 0 if getattr(self._venue.exchange, "split_in_bars", False) else recent
        for low, high in gaps(self._database, number, start, end, partial_since=again):
            for first, last in ((low, min(high, recent)), (max(low, recent), high)):
                if first < last and not self._venue.blocked:
                    await self._rest_stretch(number, instrument, first, last, trades=first >= recent)

    async def _rest_stretch(self, number: int, instrument: Instrument, start: int, end: int, *, trades: bool) -> None:
        told = monotonic()
        try:
            async for bars in rest_bars(self._venue, self._clock, instrument, number, start, end, trades=trades):
                self._store(number, instrument, bars)
                if len(bars) and monotonic() - told > _TELL_EVERY:
                    told = monotonic()
                    self._progress.step(f"{instrument.id}: REST to {iso(int(bars.time[-1]) + MINUTE)}", done=False)
            self._progress.step(f"{instrument.id}: REST from {iso(start)} to {iso(end)}", done=False)
        except CoinmonError as error:
            self.problems.append(f"{instrument.id}: {iso(start)} to {iso(end)}: {error}")


def _spans(archives: Sequence[Archive]) -> list[_Span]:
    found: dict[tuple[int, int], _Span] = {}
    for archive in archives:
        if archive.data in ("trades", "bars"):
            span = found.setdefault((archive.start, archive.end), _Span(archive.start, archive.end))
            (span.trades if archive.data == "trades" else span.bars).append(archive)
    return list(found.values())
