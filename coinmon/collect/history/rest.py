"""A stretch of time from a venue's REST interface."""

from collections.abc import AsyncIterator

from coinmon.clock import Clock
from coinmon.collect.track.earlier_trades import read_earlier
from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon.errors import CoinmonError
from coinmon.model.bars import Bars
from coinmon.model.derivatives import WhaleTrade
from coinmon.model.moment import MINUTE
from coinmon.plugin.trade_page import Cursor

_STEP = 120 * MINUTE
"""What is stored at a time when trades are read: all that an interruption costs."""
_KLINES_STEP_MS = 1440 * MINUTE
_MAX_EARLIER_PAGES = 400
"""Pages of earlier trades, where a venue has no other way to the past."""
_PAGE_TIMEOUT_S = 120.0


async def read_back(
    venue: Venue, clock: Clock, track: Track, end: int, *, trades: bool, whale_threshold: float
) -> AsyncIterator[tuple[Bars, list[WhaleTrade]]]:
    """Bars and whales from the track's start to `end`, in steps. trades: read them too, as far back as can be."""
    while track.start < end:
        until = min(end, track.start + (_STEP if trades else _KLINES_STEP_MS))
        if trades and venue.has("trades"):
            await _read_trades(venue, clock, track, until)
        else:
            track.caught_up = clock.now()
        if venue.has("bars"):
            track.klines = await venue.call("bars", track.instrument, track.start, until, deadline=_PAGE_TIMEOUT_S)
        settled = track.settle(until, whale_threshold)
        yield settled.bars, settled.whales
        if settled.position.next_minute <= track.start:
            raise CoinmonError(f"{venue.name}: no trades after {track.start} although it says there are more")
        track.advance(settled)


async def _read_trades(venue: Venue, clock: Clock, track: Track, until: int) -> None:
    """Until a trade of `until` or later was seen, or there are none."""
    first = track.cursor is None
    newest = 0
    while newest < until and track.caught_up < until:
        asked_at = clock.now()
        cursor = track.cursor or Cursor(track.start)
        page = await venue.call("trades", track.instrument, cursor, deadline=_PAGE_TIMEOUT_S)
        track.take(page, asked_at)
        if not len(page.trades):
            break
        newest = int(page.trades.time[-1])
    if first and venue.has("earlier_trades"):
        await read_earlier(venue, track, deadline=_PAGE_TIMEOUT_S, max_pages=_MAX_EARLIER_PAGES)
