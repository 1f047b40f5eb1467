"""Reading backwards: pages of trades before those at hand, where a venue can be asked for them."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from coinmon.collect.track.track import Track


class VenueCalls(Protocol):
    """A venue, as those who read it ask it: a method by name, given up at the deadline (seconds)."""

    name: str

    def has(self, method: str) -> bool: ...

    async def call(self, method: str, *arguments: Any, deadline: float) -> Any: ...


async def read_earlier(
    venue: VenueCalls,
    track: Track,
    *,
    deadline: float,
    before_id: int | None = None,
    max_pages: int | None = None,
    room: Callable[[], Awaitable[None]] | None = None,
) -> bool:
    """Pages before the trades at hand until the track's start is proven; whether every page joined the one after it.

    deadline: seconds for a page. before_id: the trade to begin before, where none is at hand yet. max_pages: None for
    as many as there are. room: awaited before each page, for what must not take the venue's budget from others.
    """
    before = track.oldest_id if before_id is None else before_id
    pages = 0
    while before is not None and not track.proven_from_start and pages != max_pages:
        if room is not None:
            await room()
        page = await venue.call("earlier_trades", track.instrument, before, track.start, deadline=deadline)
        first = int(page.trades.id[0]) if len(page.trades) else None
        if not page.joined or (page.more and first in (None, before)):
            # no further back: what is at hand is proven as far as it goes
            return False
        track.take_earlier(page)
        before, pages = first, pages + 1
    return True
