"""What a round of reading leaves in the store."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
from sqlalchemy import Connection

from coinmon.collect.track.reconcile import reconcile
from coinmon.collect.track.settle_together import settle_many
from coinmon.collect.track.settlement import SettledMinutes
from coinmon.collect.track.totals import near
from coinmon.collect.track.track import Track
from coinmon.model.bars import Bars, Coverage, scaled
from coinmon.model.derivatives import WhaleTrade
from coinmon.model.instrument import Instrument
from coinmon.model.moment import MINUTE
from coinmon.model.trades import Floats
from coinmon.store.bars import read_bars, write_bars
from coinmon.store.cursors import write_positions
from coinmon.store.database import Database
from coinmon.store.instruments import read_grids
from coinmon.store.samples import write_whales

_SETTLE_TRADES = 20_000
"""Trades that are settled together, roughly: what is made of all of a venue's at once would be the peak of memory."""


_TRACK_LOCK_TIMEOUT_S = 2.0
"""Seconds that a venue's record waits for tracks that are being read; theirs is written the next time."""


@asynccontextmanager
async def undisturbed(tracks: Sequence[Track]) -> AsyncGenerator[list[Track], None]:
    """The tracks among these that nobody else reads or settles meanwhile."""
    free: list[Track] = []
    async with AsyncExitStack() as held:
        with suppress(TimeoutError):
            async with asyncio.timeout(_TRACK_LOCK_TIMEOUT_S):
                for track in sorted(tracks, key=lambda track: track.busy):
                    await held.enter_async_context(track.alone())
                    free.append(track)
        yield free


def persist(
    database: Database, tracks: Sequence[Track], end: int, whale_threshold: float, known_at: int | None = None
) -> list[WhaleTrade]:
    """Store everything that tracks have read of the minutes before `end`, a track's in one transaction; the whales.

    known_at: now, ms UTC.
    """
    return [whale for part in _parts(tracks) for whale in _persist_part(database, part, end, whale_threshold, known_at)]


def _parts(tracks: Sequence[Track]) -> Iterator[Sequence[Track]]:
    first, trades = 0, 0
    for at, track in enumerate(tracks):
        if trades and trades + track.held > _SETTLE_TRADES:
            yield tracks[first:at]
            first, trades = at, 0
        trades += track.held
    if first < len(tracks):
        yield tracks[first:]


def _persist_part(
    database: Database, tracks: Sequence[Track], end: int, whale_threshold: float, known_at: int | None
) -> list[WhaleTrade]:
    settled = list(zip(tracks, settle_many(tracks, end, whale_threshold), strict=True))
    with database.write() as connection:
        grids = read_grids(connection, [track.number for track in tracks])
        for track, each in settled:
            instrument = replace(track.instrument, tick_size=grids[track.number])
            if len(each.late):
                late = each.late.on_grid(instrument.tick_size)
                rows = _with_late(connection, track.number, instrument, late)
                write_bars(connection, track.number, instrument, rows, known_at=known_at)
            if track.klines is not None and track.klines_from < track.start:
                told = track.klines[track.klines.time < track.start].on_grid(instrument.tick_size)
                rows = _revised(connection, track.number, instrument, told)
                write_bars(connection, track.number, instrument, rows, known_at=known_at, corrects=True)
            rows = each.bars.on_grid(instrument.tick_size)
            write_bars(connection, track.number, instrument, rows, known_at=known_at)
        write_positions(connection, {track.number: each.position for track, each in settled if _has_moved(track, each)})
        whales = [whale for _, each in settled for whale in each.whales]
        write_whales(connection, {track.instrument.id: track.number for track in tracks}, whales, known_at)
    for track, each in settled:
        track.advance(each)
    return whales


def _has_moved(track: Track, settled: SettledMinutes) -> bool:
    """A restart goes on from a minute whose beginning is no part of a trade before it: that part would be lost."""
    return track.cursor is not None and settled.position.next_minute > track.start and not len(settled.carry)


def _with_late(connection: Connection, number: int, instrument: Instrument, late: Bars) -> Bars:
    """Stored bars with late trades added to them.

    A bar of the venue's own totals has them already, with or without its split; a minute that was never stored is only
    partly known now.
    """
    first, last = int(late.time[0]), int(late.time[-1])
    stored = read_bars(connection, number, instrument, first, last + MINUTE, levels=True)
    stored = stored[np.isin(stored.time, late.time)]
    by_trades = stored[(stored.coverage != Coverage.KLINES) & ~np.isnan(stored.buy)]
    fresh = late[~np.isin(late.time, stored.time)].with_coverage(Coverage.PARTIAL)
    added = late[np.isin(late.time, by_trades.time)]
    rows = Bars.concat([by_trades, added, fresh])
    rows = rows[np.argsort(rows.time, kind="stable")]
    starts = np.flatnonzero(np.diff(rows.time, prepend=-1))
    return _exact(rows.grouped(starts, rows.time[starts]), instrument)


def _revised(connection: Connection, number: int, instrument: Instrument, klines: Bars) -> Bars:
    """Rows for stored minutes that were not known, or not proven, before the venue told its own volumes.

    Those that were proven by their ids, and whose amounts turn out to be others than the venue says, are among them.
    """
    if not len(klines):
        return klines
    first, last = int(klines.time[0]), int(klines.time[-1]) + MINUTE
    stored = read_bars(connection, number, instrument, first, last, levels=True).dense(first, last)
    # a row that is partial and has no taker split is a kline already
    open_ = (stored.coverage == Coverage.MISSING) | ((stored.coverage == Coverage.PARTIAL) & ~np.isnan(stored.buy))
    told = klines.dense(first, last)
    known = (told.coverage > Coverage.MISSING) & ~np.isnan(told.volume)
    wrong = known & (stored.coverage == Coverage.TRADES) & ~near(stored.volume, told.volume)
    rows = reconcile(stored, told)
    return rows[(open_ | wrong) & (rows.coverage > Coverage.MISSING)]


def _exact(bars: Bars, instrument: Instrument) -> Bars:
    """Sums of floats as the float64 nearest to the exact sums, which is what `fold` gives."""
    lot, quote = instrument.lot_size, instrument.lot_size * instrument.tick_size
    units = dict.fromkeys(("volume", "buy", "delta_min", "delta_max"), lot)
    units |= dict.fromkeys(("quote_volume", "buy_quote"), quote)
    columns: dict[str, Any] = {name: _nearest(getattr(bars, name), unit) for name, unit in units.items()}
    levels = bars.levels
    if levels is not None:
        levels = replace(levels, buy=_nearest(levels.buy, lot), sell=_nearest(levels.sell, lot))
    return replace(bars, **columns, levels=levels)


def _nearest(values: Floats, unit: Decimal) -> Floats:
    """What is a multiple of `unit` but for the errors of adding; anything else as it is."""
    counts = np.rint(values / float(unit))
    close = np.abs(values / float(unit) - counts) <= 1e-6 + np.abs(counts) * 1e-15
    found = values.copy()
    found[close] = scaled(counts[close].astype(np.int64), unit)
    return found
