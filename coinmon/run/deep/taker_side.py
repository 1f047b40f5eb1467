"""Whether the side of a venue's trades is the taker's, by what its book says of their prices."""

import numpy as np

from coinmon.model.book import Book
from coinmon.model.instrument import Instrument
from coinmon.model.trades import Trades
from coinmon.plugin.trade_page import Cursor, TradePage
from coinmon.run.deep.venue_look import CannotTell, VenueLook
from coinmon.run.doctor import Finding

_MAX_TRADES_COMPARED = 30
"""Trades of a market that are compared, those nearest to the book's moment: of a busy one, of less than a second."""
_FURTHEST_MS = 5_000
_ENOUGH_TRADES = 40
"""Trades after which no further market is looked at."""
_MIN_TRADES = 20
_MAX_MARKETS = 8
_BOOK_LEVELS = 5
_SOUND, _SWAPPED = 0.6, 0.25
"""Shares of agreeing trades from which they are on the taker's side, and up to which on the other; between: no word."""


async def taker_against_book(look: VenueLook) -> list[Finding]:
    """Who takes buys at the ask, above the book's middle, and sells below it."""
    check, expected = "taker side against book", "buys above the middle of the book, sells below it"
    ranked = await look.by_volume("spot") or await look.by_volume("perp")
    agreeing = np.empty(0, np.bool_)
    markets = 0
    for instrument in ranked[:_MAX_MARKETS]:
        book: Book = await look.ask("book", instrument, _BOOK_LEVELS)
        page: TradePage = await look.ask("trades", instrument, Cursor(book.time - _FURTHEST_MS))
        agreeing = np.concatenate((agreeing, _agreeing(book, page.trades, instrument)))
        markets += 1
        if len(agreeing) >= _ENOUGH_TRADES:
            break
    if len(agreeing) < _MIN_TRADES:
        raise CannotTell(f"only {len(agreeing)} trades of {markets} markets near a book; {_MIN_TRADES} would tell")
    share = float(agreeing.mean())
    detail = f"{share:.0%} of {len(agreeing)} trades of {markets} markets are on the taker's side of the book"
    if share <= _SWAPPED:
        return [look.found(check, "error", detail, expected, "its buys and sells look swapped: report this to us")]
    if share < _SOUND:
        raise CannotTell(f"{detail}: prices moved too fast to tell")
    return [look.found(check, "ok", detail, expected)]


def _agreeing(book: Book, trades: Trades, instrument: Instrument) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Of the trades nearest to the book, whether their side is the one that their price tells."""
    mid = book.mid
    if mid is None:
        return np.empty(0, np.bool_)
    away = np.abs(trades.time - book.time)
    nearest = np.argsort(away, kind="stable")[:_MAX_TRADES_COMPARED]
    trades = trades[nearest[away[nearest] <= _FURTHEST_MS]]
    above = np.sign(trades.ticks * float(instrument.tick_size) - mid)
    return np.asarray((above == trades.side)[above != 0])
