"""One answer of trades, and where reading goes on."""

from dataclasses import dataclass

from coinmon.model.trades import Trades


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where reading an instrument's trades goes on.

    last_id: id of the last trade read; None: nothing read yet, begin as near to `since` (ms UTC) as the venue can.
    """

    since: int
    last_id: int | None = None


@dataclass(frozen=True, slots=True)
class TradePage:
    """One answer: trades in the order they happened, all newer than the cursor.

    joined: proven (by ids or by overlap) that no trade is missing between the cursor and the first trade here; for a
    cursor without `last_id`: that the page reaches back to `since`.
    more: the venue has further trades now; ask again with the next cursor.
    whole: no trade is known to be missing inside the page; where one is, `joined` is False too.

    Of a stream, `joined` is proven relative to its page before, and two more are set. first_id: the first trade that
    the page covers, where ids run +1 (a row may be several fills, and its id is the last of them; without rows: the
    next trade to come); None: the venue's ids prove nothing. until: no trade before this moment (ms UTC) is missing
    that the page does not cover; 0: its last row's time.
    """

    trades: Trades
    joined: bool
    more: bool = False
    whole: bool = True
    first_id: int | None = None
    until: int = 0

    def cursor_after(self, cursor: Cursor) -> Cursor:
        return Cursor(cursor.since, int(self.trades.id[-1])) if len(self.trades) else cursor
