"""Coinbase's trades of any age: ids run on by one, so the page of a moment is looked for by id (EXCHANGES C18)."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from coinmon.exchange import VenueError

if TYPE_CHECKING:
    from coinmon.exchange import TradePage
    from coinmon_exchanges._columns import JsonRows

_MAX_PAGES = 80
"""Halving finds any id of 63 bits in 64 steps."""
_FIRST_STEP_TRADES = 100_000


async def seek(below: "Callable[[int], Awaitable[JsonRows]]", newest: "JsonRows", since: int) -> "TradePage":
    """The page in which `since` (ms UTC) lies, or the first page there is. below: the page that ends before an id.

    Guesses from the pace of trades between the two nearest pages known, and halves every other time, so that it ends
    soon though trades come in bursts.
    """
    from coinmon.exchange import TradePage
    from coinmon_exchanges import _continuity

    high, high_time = int(newest.ids[0]), int(newest.times[0])
    low, low_time, step = 0, None, _FIRST_STEP_TRADES
    for attempt in range(_MAX_PAGES):
        if low_time is None:
            guess, step = high - step, step * 4
        elif attempt % 2:
            guess = (low + high) // 2
        else:
            guess = low + (high - low) * (since - low_time) // max(1, high_time - low_time)
        # a page's middle should be at the guess, and the page within what is not known yet
        page = await below(min(max(guess + 500, low + 2), high))
        if not len(page.ids):
            # nothing so old is given: the search ends above
            low, low_time = max(low, min(guess + 500, high - 1)), since
            if high - low > 1:
                continue
            page = await below(high + 1000)
            return TradePage(page.trades, joined=False, more=True, whole=_continuity.sequential(page.ids))
        first, last = int(page.ids[0]), int(page.ids[-1])
        is_first = first <= 1
        if int(page.times[0]) >= since and not is_first:
            high, high_time = first, int(page.times[0])
            if high - low > 1:
                continue
            # the trade before is not given any more
        elif int(page.times[-1]) < since and last + 1 < high:
            low, low_time = last, int(page.times[-1])
            continue
        joined = _continuity.since(page, since, is_all=is_first)
        return TradePage(page.trades, joined, more=True, whole=_continuity.sequential(page.ids))
    raise VenueError(f"no page of trades holds {since}")
