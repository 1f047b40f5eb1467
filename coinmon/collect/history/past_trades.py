"""Trades of the past of one instrument, read backwards from a trade id."""

import asyncio
from time import monotonic

from coinmon.collect.history.patience import room_in
from coinmon.collect.track.earlier_trades import read_earlier
from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon.model.instrument import Instrument
from coinmon.plugin.trade_page import Cursor

_PAGE_TIMEOUT_S = 30.0
_BUDGET_SHARE = 0.75
"""Of each of a venue's budgets; the rest is left to what happens now."""
_MAX_REST_S = 1.0


async def room(venue: Venue) -> None:
    """Wait until the venue's rate budgets have room for what is not urgent."""
    await room_in(venue, _BUDGET_SHARE)


async def read_past(
    venue: Venue, instrument: Instrument, number: int, since: int, until: int, before_id: int, *, rests: bool = False
) -> tuple[Track, bool]:
    """The trades of [since, until), minutes, in a track of their own, with the klines where those have the split.

    before_id: the first trade of `until` or later. The track is proven as far back as the pages joined; whether the
    venue has still earlier ones. rests: after a page for as long as it took, so that it never has more than half of
    the processor, the line and the venue.
    """
    past = Track(instrument, number, since, proven_from=until, caught_up=until)
    past.cursor = Cursor(since, before_id - 1)
    told = monotonic()

    async def between_pages() -> None:
        nonlocal told
        if rests:
            await asyncio.sleep(min(monotonic() - told, _MAX_REST_S))
        await room(venue)
        told = monotonic()

    # no further back: what is at hand is proven as far as it goes
    joined = await read_earlier(venue, past, deadline=_PAGE_TIMEOUT_S, before_id=before_id, room=between_pages)
    if getattr(venue.exchange, "split_in_bars", False):
        past.klines = await venue.call("bars", instrument, since, until, deadline=_PAGE_TIMEOUT_S)
    return past, joined
