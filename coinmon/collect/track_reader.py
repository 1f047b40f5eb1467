"""Reading one instrument of a venue: its trades, its klines, and whether the two agree."""

import asyncio
from math import ceil
from time import monotonic

from loguru import logger

from coinmon.clock import Clock
from coinmon.collect.track.earlier_trades import VenueCalls, read_earlier
from coinmon.collect.track.reconcile import SAME_VOLUME
from coinmon.collect.track.totals import disagreeing
from coinmon.collect.track.track import Track
from coinmon.errors import CoinmonError
from coinmon.model.bars import Bars
from coinmon.model.moment import MINUTE, iso
from coinmon.plugin.trade_page import Cursor

_LATEST_KLINE_MS = 30 * MINUTE
"""Where a venue tells no trades, a minute's kline is asked for again this long; later it will not come."""
_CLOCK_TOLERANCE_MS = 2000
"""Two clocks may differ by this without a word: some venues tell whole seconds."""
_MAX_COMPARED = 60
"""Instruments of a venue whose totals are compared in one round; of more, each has its turn."""
_RECHECK_PAUSE_S = 1.0
"""A kline may be a moment older than the trades, or they than it: both are asked for once more after this."""


class TrackReader:
    """Brings tracks of one venue up to a moment. early: ms by which our clock is ahead of the venue's.

    contradicted: ids of instruments whose trades and klines did not agree when they were compared last.
    """

    def __init__(self, venue: VenueCalls, clock: Clock) -> None:
        self.early = 0
        self._late = 0
        self.contradicted: set[str] = set()
        self._venue = venue
        self._clock = clock

    async def compare_clocks(self, deadline: float) -> None:
        """Note by how much our clock is ahead of the venue's: it may be any amount. One that is behind is said too."""
        asked_at = self._clock.now()
        told: int = await self._venue.call("server_time", deadline=deadline)
        early, late = max(0, asked_at - told), max(0, told - self._clock.now())
        for off, before, text in (
            (early, self.early, "{}: our clock is {} s ahead of the venue's: minutes wait until they are over there"),
            (late, self._late, "{}: our clock is {} s behind the venue's: all is told so much later"),
        ):
            if off > _CLOCK_TOLERANCE_MS >= before:
                logger.warning(text, self._venue.name, round(off / 1000))
        self.early, self._late = early, late

    async def read(
        self, track: Track, end: int, look_back: int, deadline: float, *, streams: bool, split: bool, tracks: int
    ) -> None:
        """Trades first; klines for what they do not prove, and wherever totals can be compared.

        split: the venue's klines have the taker split. tracks: how many are read in this round.
        """
        began = monotonic()
        async with track.alone():
            track.joiner.join()
            open_minutes = track.start < end
            if split and open_minutes and track.streamed and track.caught_up < end:
                await self._close_quiet_minute(track, end, deadline)
            begins = streams and track.cursor is None and track.klines is not None
            if begins:
                # the klines tell the past and the stream the rest: a cold start waits for no page of trades
                track.joiner.begin()
            failed: CoinmonError | None = None
            if self._venue.has("trades") and not begins and not (track.streamed and track.caught_up >= end):
                try:
                    await self._read_trades(track, look_back, deadline)
                except CoinmonError as error:
                    failed = error
                track.joiner.join()
            if self._venue.has("bars") and open_minutes:
                left = deadline - (monotonic() - began)
                await self._read_klines(track, end, left, split=split, compares=_has_turn(track, end, tracks))
            if failed:
                raise failed

    async def repair(self, track: Track, deadline: float) -> bool:
        """Read what is missing before what was streamed; whether nothing is now."""
        async with track.alone():
            if not track.joiner.join():
                await self._read_trades(track, 0, deadline)
            return track.joiner.join()

    async def _close_quiet_minute(self, track: Track, end: int, deadline: float) -> None:
        """The venue's own volume tells a minute that ended quietly from one that the stream kept to itself."""
        track.klines = await self._klines(track, end, deadline)
        if track.agrees(end):
            track.caught_up = end

    async def _read_klines(self, track: Track, end: int, deadline: float, *, split: bool, compares: bool) -> None:
        """Read klines of the minutes that trades do not prove, and of those whose totals are compared."""
        whole = track.proven_from_start and track.caught_up >= end
        wanted = split or compares or not whole or track.unverified_from is not None
        if track.klines is None and wanted:
            track.klines = await self._klines(track, end, deadline)
            if split and whole and _falls_short(track, end):
                # the page was older than the kline: the minute's last trades are still to come
                track.caught_up = end - MINUTE
        if track.klines is not None and not self._venue.has("trades"):
            told = int(track.klines.time[-1]) + MINUTE if len(track.klines) else 0
            track.caught_up = max(told, end - _LATEST_KLINE_MS)
        if whole and not split and track.klines is not None:
            await self._compare_totals(track, end, deadline)

    async def _compare_totals(self, track: Track, end: int, deadline: float) -> None:
        """Ids prove that no trade is missing; only the venue's totals prove the amounts."""
        differ = disagreeing(track.trades, track.klines, track.start, end)
        if len(differ) and deadline > 3 * _RECHECK_PAUSE_S:
            await asyncio.sleep(_RECHECK_PAUSE_S)
            await self._read_trades(track, 0, deadline)
            track.joiner.join()
            track.klines = await self._klines(track, end, deadline)
            differ = disagreeing(track.trades, track.klines, track.start, end)
        id = track.instrument.id
        if not len(differ):
            self.contradicted.discard(id)
        elif id not in self.contradicted:
            self.contradicted.add(id)
            text = "{}: the trades of {} are not what the venue's own volume says: partial; its listing is renewed"
            logger.warning(text, id, iso(int(differ[0])))

    async def _klines(self, track: Track, end: int, deadline: float) -> Bars:
        """Of the minutes before `end`, those included that were stored while their klines could not be had."""
        found: Bars = await self._venue.call("bars", track.instrument, track.klines_from, end, deadline=deadline)
        return found

    async def _read_trades(self, track: Track, look_back: int, deadline: float) -> None:
        first = track.cursor is None
        more = whole = True
        while more:
            # by the venue's clock: what it has not traded yet is not known to be quiet
            asked_at = self._clock.now() - self.early
            cursor = track.cursor or Cursor(track.start)
            page = await self._venue.call("trades", track.instrument, cursor, deadline=deadline)
            more = page.more and len(page.trades) > 0
            whole = whole and page.whole
            track.take(page, asked_at)
        if first and whole and self._venue.has("earlier_trades"):
            await read_earlier(self._venue, track, deadline=deadline, max_pages=look_back)


def _has_turn(track: Track, end: int, tracks: int) -> bool:
    """Whether this instrument's totals are compared in this round."""
    return (track.number + end // MINUTE) % max(1, ceil(tracks / _MAX_COMPARED)) == 0


def _falls_short(track: Track, end: int) -> bool:
    """Whether the venue's own volume of the minute before `end` is more than that of the trades at hand."""
    if track.klines is None or not len(track.klines) or int(track.klines.time[-1]) != end - MINUTE:
        return False
    return track.volume_of(end - MINUTE) < float(track.klines.volume[-1]) * (1 - SAME_VOLUME)
