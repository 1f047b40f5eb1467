"""What a page of trades proves: by ids that run +1 per instrument, or by an overlap with the page before."""

from collections.abc import Sequence

import numpy as np

from coinmon.exchange import Cursor, TradePage, Trades
from coinmon_exchanges._columns import MAX_ID_LAG, Ints, JsonRows


def sequential(ids: Ints) -> bool:
    return bool((np.diff(ids) == 1).all())


def behind(page: JsonRows, last_id: int) -> bool:
    """Whether a page of the newest trades is a replica's that is older than what was read: there is more."""
    return len(page.ids) > 0 and 0 < last_id - int(page.ids[-1]) <= MAX_ID_LAG


def numbered_anew(ids: Ints, last_id: int) -> bool:
    """Whether a page of the newest trades, in order, ends so far behind what was read that its ids are others."""
    return len(ids) > 0 and last_id - int(ids[-1]) > MAX_ID_LAG


def after(pages: Sequence[JsonRows], last_id: int) -> tuple[Trades, bool, bool]:
    """The trades newer than `last_id`, whether all are here, and whether no id is skipped.

    Of a venue that has numbered anew: all that it gives, which do not join; their times tell which are new.
    """
    ids = np.unique(np.concatenate([page.ids for page in pages]))
    if numbered_anew(ids, last_id):
        last_id = -1
    newer = ids[ids > last_id]
    whole = sequential(newer)
    joined = whole and last_id >= 0 and int(newer[0]) == last_id + 1 if len(newer) else len(ids) > 0
    trades = Trades.concat([page.trades for page in pages])
    if len(pages) > 1:
        trades = trades[np.unique(trades.id, return_index=True)[1]]
    return trades[trades.id > last_id], joined, whole


def since(page: JsonRows, moment: int, is_all: bool) -> bool:
    """Whether no trade from `moment` on to the page's last is missing; `is_all`: nothing came before this page."""
    if not len(page.ids):
        return True
    # strictly older: of several trades in the millisecond `moment` itself some may be cut off
    return (is_all or int(page.times[0]) < moment) and sequential(page.ids)


def overlapping(page: JsonRows, cursor: Cursor) -> TradePage:
    """Of a venue that shows its newest trades and no other: what is newer than the cursor, proven by the overlap."""
    if not len(page.ids):
        return TradePage(page.trades, joined=cursor.last_id is None)
    if cursor.last_id is not None:
        seen = (page.ids == cursor.last_id).nonzero()[0]
        # without the last trade it may be a replica's page that is older than the one before
        return TradePage(page.trades[page.at > seen[-1]] if len(seen) else page.trades, joined=len(seen) > 0)
    # strictly older: of several trades in the millisecond `since` itself some may be cut off
    return TradePage(page.trades, joined=int(page.times[0]) < cursor.since)


def before(page: JsonRows, before_id: int, moment: int) -> tuple[Trades, bool, bool]:
    """The trades that end just before `before_id`, whether without a hole, and whether to ask for earlier ones."""
    ids = page.ids[page.ids < before_id]
    if not len(ids):
        return page.trades[:0], before_id <= 1, False
    joined = int(ids[-1]) == before_id - 1 and sequential(ids)
    return page.trades[page.trades.id < before_id], joined, int(page.times[0]) >= moment and int(ids[0]) > 1
