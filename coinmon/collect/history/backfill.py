"""History of one instrument into the store: a venue's files first, its REST interface for what they do not have."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from coinmon.clock import Clock
from coinmon.collect.history.archive import DayTotals, bars_of_trades
from coinmon.collect.history.downloads import ArchiveDownloads
from coinmon.collect.history.plan import DownloadedFiles, Span, spans_of, wanted
from coinmon.collect.history.progress import Progress
from coinmon.collect.history.rest import read_back
from coinmon.collect.other_market import span_of_name, within
from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon.errors import CoinmonError, ConfigError, DecodeError, FinerGrid
from coinmon.model.bars import Bars
from coinmon.model.derivatives import WhaleTrade
from coinmon.model.instrument import Instrument
from coinmon.model.moment import DAY, MINUTE, floor, iso
from coinmon.plugin.archives import Archive, Archives
from coinmon.store.bars import read_bars, write_bars
from coinmon.store.database import Database
from coinmon.store.instruments import instrument_at, read_grids, sync_instruments
from coinmon.store.samples import write_series, write_whales
from coinmon.store.seen import gaps, is_complete, sample_gaps

_REST_TRADES = 48 * 60 * MINUTE
"""How far back trades are asked of REST: Binance USD-M goes no further, and for others a file comes sooner."""
_PROGRESS_INTERVAL_S = 10.0
SAMPLED = ("open_interest", "funding")
_PAST_TIMEOUT_S = 120.0
_PRICE_BEFORE = 60 * MINUTE
"""How far back the price before an archive is looked for."""


class Backfill:
    """Fills the store for the instruments of one venue.

    folder: for downloads on their way. levels_days: how old levels are kept. whale_threshold: in quote currency.

    problems: what could not be had, in words; absent: what there is not, as far as anybody knows.
    """

    def __init__(
        self,
        database: Database,
        venue: Venue,
        clock: Clock,
        folder: Path,
        progress: Progress,
        levels_days: int,
        whale_threshold: float,
    ) -> None:
        self._database = database
        self._venue = venue
        self._clock = clock
        self._progress = progress
        self._levels_days = levels_days
        self._whale_threshold = whale_threshold
        self._archives: Archives | None = getattr(venue.exchange, "archives", None)
        self.problems: list[str] = []
        self.absent: list[str] = []
        self._downloads = ArchiveDownloads(venue, folder, progress, self.problems, self.absent)

    async def run(self, number: int, instrument: Instrument, start: int, end: int, source: str) -> None:
        """Bring [start, end) into the store. source: auto, vision (files only) or rest."""
        with self._database.read() as connection:
            since, until = span_of_name(connection, number, instrument)
        if start < since or end > until:
            other = f"before {iso(since)}" if start < since else f"from {iso(until)} on"
            self.absent.append(f"{instrument.id}: {other} another market had this name")
        start, end = max(start, since), min(end, until)
        archives = self._archives
        if archives is not None and source != "rest":
            published = archives.covering(instrument, start, min(end, self._clock.now()))
            now = self._clock.now()
            spans = wanted(spans_of(published), now, lambda span: self._has(number, span, now))
            samples = [each for each in published if each.data in SAMPLED and self._lacks(number, each, now)]
            self._progress.begin(instrument.id, len(spans) + len(samples))
            await self._archived(archives, number, instrument, spans, len(samples))
            await self._samples(archives, number, instrument, samples)
        elif source == "vision":
            self.absent.append(f"{instrument.id}: {self._venue.name} has no public files of history")
        if source != "vision" and not self._venue.blocked:
            await self._rest(number, instrument, start, end)
            if instrument.kind == "perp":
                await asyncio.gather(*(self._past(number, instrument, what, start, end) for what in SAMPLED))

    def _has(self, number: int, span: Span, now: int) -> bool:
        """Levels that the retention has dropped, or would at once, are not fetched again."""
        levels = span.start >= now - self._levels_days * DAY
        return is_complete(self._database, number, span.start, span.end, levels=levels)

    def _lacks(self, number: int, samples: Archive, now: int) -> bool:
        return bool(sample_gaps(self._database, number, samples.data, samples.start, min(samples.end, now)))

    async def _archived(
        self, archives: Archives, number: int, instrument: Instrument, spans: list[Span], samples: int
    ) -> None:
        """The next span's files are downloaded while one is read. samples: how many files of these follow."""
        following: asyncio.Task[DownloadedFiles] | None = None
        try:
            for place, span in enumerate(spans):
                current = following or asyncio.create_task(self._downloads.of_span(archives, span))
                got = await current
                if span.parts and got.trades is None:
                    # not published yet, or damaged: its days instead
                    spans[place + 1 : place + 1] = span.parts
                    self._progress.begin(instrument.id, len(spans) - place - 1 + samples)
                    following = asyncio.create_task(self._downloads.of_span(archives, spans[place + 1]))
                    continue
                ahead = spans[place + 1 : place + 2]
                following = asyncio.create_task(self._downloads.of_span(archives, ahead[0])) if ahead else None
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
                if self._downloads.refused:
                    return
        finally:
            if following:
                following.cancel()
                # looked at, so that one that failed is not said to be forgotten
                await asyncio.gather(following, return_exceptions=True)
                with suppress(asyncio.CancelledError, CoinmonError):
                    await following

    async def _read(self, number: int, instrument: Instrument, span: Span, got: DownloadedFiles) -> None:
        klines = None
        if got.bars:
            klines = await asyncio.to_thread(self._klines, got.bars[0], got.bars[1], instrument)
        if got.trades is None:
            if klines is not None:
                self._store(number, instrument, klines)
                self._progress.step(f"{instrument.id}: {iso(span.start)}: klines only")
            return
        archive, path = got.trades
        if klines is None:
            # the first and the last minutes of a file are proven by nothing in it
            klines = await self._rest_klines(instrument, archive)
        await asyncio.to_thread(self._trades, archive, path, number, instrument, klines)
        self._progress.step(f"{instrument.id}: {archive.name}")

    async def file(self, archive: Archive, path: Path, number: int, instrument: Instrument) -> None:
        """A file that is at hand. Raises CoinmonError for one that cannot be read; then nothing of it is stored."""
        if archive.data == "trades":
            # ids prove that no trade is missing; of sizes in contracts, whose size may have changed, they prove nothing
            proven = archive.ids_run and instrument.contract_size == 1
            klines = None if proven else await self._rest_klines(instrument, archive)
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
        with self._database.read() as connection:
            then = instrument_at(connection, number, instrument, archive.start).contract_size

        def days(on: Instrument) -> Iterator[DayTotals]:
            pages = self._reading(archive, path, replace(on, contract_size=then))
            known = None if klines is None else klines.on_grid(on.tick_size)
            before = self._price_before(number, on, archive.start)
            return bars_of_trades(pages, archive, on, known, before, self._whale_threshold)

        try:
            for day in days(instrument):
                self._store(number, instrument, *day)
        except FinerGrid as error:
            finer = self._refined(instrument, error)
            for day in days(finer):
                self._store(number, finer, *day)

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
            before = read_bars(connection, number, instrument, start - _PRICE_BEFORE, start)
        return int(before.close[-1]) if len(before) else 0

    def _store(self, number: int, instrument: Instrument, bars: Bars, whales: Sequence[WhaleTrade] = ()) -> None:
        """Store all of these in one transaction: a killed process leaves all or none."""
        with self._database.write() as connection:
            span = span_of_name(connection, number, instrument)
            bars = bars[(bars.coverage > 0) & (bars.time >= span[0]) & (bars.time < span[1])]
            whales = within(span, whales)
            grid = read_grids(connection, [number])[number]
            stored, now = replace(instrument, tick_size=grid), self._clock.now()
            write_bars(connection, number, stored, bars.on_grid(grid), changed_at=now)
            write_whales(connection, {instrument.id: number}, whales, changed_at=now)

    async def _samples(
        self, archives: Archives, number: int, instrument: Instrument, wanted: Sequence[Archive]
    ) -> None:
        for archive in wanted:
            got = await self._downloads.first(archives, [archive])
            if got is None:
                self._progress.step(f"{instrument.id}: {archive.name}: not had")  # why is told in the end
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
            span = span_of_name(connection, number, instrument)
            write_series(connection, number, within(span, samples), self._clock.now())

    async def _rest(self, number: int, instrument: Instrument, start: int, end: int) -> None:
        """Trades only as far back as they can be had, klines everywhere."""
        any_age = getattr(self._venue.exchange, "trades_of_any_age", False)
        recent = start if any_age else floor(self._clock.now() - _REST_TRADES)
        # an old minute that is partly known gets no better by klines without the taker split
        again = 0 if getattr(self._venue.exchange, "split_in_bars", False) else recent
        for low, high in gaps(self._database, number, start, end, partial_since=again):
            for first, last in ((low, min(high, recent)), (max(low, recent), high)):
                if first < last and not self._venue.blocked:
                    await self._rest_stretch(number, instrument, first, last, trades=first >= recent)

    async def _past(self, number: int, instrument: Instrument, what: str, start: int, end: int) -> None:
        """Open interest or funding that no file had, as far back as the venue tells it."""
        if not self._venue.has(f"past_{what}"):
            return
        with self._database.read() as connection:
            span = span_of_name(connection, number, instrument)
        for low, high in sample_gaps(self._database, number, what, start, end):
            try:
                found = await self._venue.call(f"past_{what}", instrument, low, high, deadline=_PAST_TIMEOUT_S)
            except CoinmonError as error:
                self.problems.append(f"{instrument.id}: {what}: {iso(low)} to {iso(high)}: {error}")
                return
            rows = within(span, found)
            write = partial(write_series, number=number, samples=rows, changed_at=self._clock.now())
            await self._database.written(write)
            self._progress.step(f"{instrument.id}: REST: {len(found)} of {what}", done=False)

    async def _rest_stretch(self, number: int, instrument: Instrument, start: int, end: int, *, trades: bool) -> None:
        told, track = monotonic(), Track(instrument, number, start)
        try:
            async for bars, whales in read_back(
                self._venue, self._clock, track, end, trades=trades, whale_threshold=self._whale_threshold
            ):
                await asyncio.to_thread(self._store, number, instrument, bars, whales)
                if len(bars) and monotonic() - told > _PROGRESS_INTERVAL_S:
                    told = monotonic()
                    self._progress.step(f"{instrument.id}: REST to {iso(int(bars.time[-1]) + MINUTE)}", done=False)
            self._progress.step(f"{instrument.id}: REST from {iso(start)} to {iso(end)}", done=False)
        except ConfigError:
            # the database's: a full disk is not a venue's trouble
            raise
        except CoinmonError as error:
            self.problems.append(f"{instrument.id}: {iso(start)} to {iso(end)}: {error}")
