"""What an exchange of somebody else's answers: of the kind that its contract says, or it costs that answer alone."""

from collections.abc import Callable, Iterable, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from coinmon.model.bars import COLUMNS, Bars, Coverage
from coinmon.model.book import Book
from coinmon.model.derivatives import Funding, OpenInterest
from coinmon.model.moment import MINUTE
from coinmon.model.streamed import StreamedMany
from coinmon.model.trades import Trades
from coinmon.plugin.border import NotAsAgreed, kind_of
from coinmon.plugin.stream_items import Streamed, StreamedBook, StreamedLiquidations, StreamState
from coinmon.plugin.trade_page import TradePage

_ITEMS = Streamed, StreamedMany, StreamedBook, StreamedLiquidations, StreamState
_FLOATS = frozenset({"volume", "quote_volume", "buy", "buy_quote", "delta_min", "delta_max", "qty"})
_AMOUNTS = "volume", "quote_volume", "buy", "buy_quote"


def check_answer(method: str, said: Any) -> None:
    """Raises NotAsAgreed for what the core could not read: it would end the scan, or be stored."""
    check = _CHECKS.get(method)
    if check is not None:
        check(said)


def check_batch(said: Any) -> None:
    """The same, of what a stream brings."""
    if not isinstance(said, Sequence) or isinstance(said, str | bytes):
        raise NotAsAgreed(f"it brought {kind_of(said)}; expected a list")
    for each in said:
        _of_kind(each, _ITEMS, "one of what a stream brings")
        if isinstance(each, Streamed):
            _check_page(each.data)
        elif isinstance(each, StreamedMany):
            _check_trades(each.trades)
        elif isinstance(each, StreamedBook):
            _check_book(each.book)


def _of_kind(said: Any, kind: type | tuple[type, ...], what: str) -> None:
    if not isinstance(said, kind):
        raise NotAsAgreed(f"it returned {kind_of(said)}; expected {what}")


def _check_columns(said: Any, names: Iterable[str]) -> None:
    count = len(said.time) if isinstance(said.time, np.ndarray) else -1
    for name in names:
        column = getattr(said, name)
        if not isinstance(column, np.ndarray) or column.shape != (count,):
            raise NotAsAgreed(f"{name} is {kind_of(column)}; expected a numpy array, as long as the others")
        if column.dtype.kind not in ("f" if name in _FLOATS else "iu"):
            raise NotAsAgreed(f"{name} is of {column.dtype}; expected {'floats' if name in _FLOATS else 'integers'}")


def _check_bars(said: Any) -> None:
    _of_kind(said, Bars, "Bars")
    _check_columns(said, COLUMNS)
    if (said.time % MINUTE).any() or (np.diff(said.time) <= 0).any():
        raise NotAsAgreed("time is not that of one minute after the other, each at its start, in ms")
    for name in _AMOUNTS:
        column = getattr(said, name)
        if (column < 0).any() or np.isinf(column).any():
            raise NotAsAgreed(f"{name} has numbers below 0, or without end")
    if (said.coverage > max(Coverage)).any():
        raise NotAsAgreed("coverage has numbers that are no Coverage")


def _check_trades(said: Any) -> None:
    _of_kind(said, Trades, "Trades")
    _check_columns(said, ("id", "time", "ticks", "qty", "side"))
    if not np.isin(said.side, (-1, 1)).all():
        raise NotAsAgreed("side has other numbers than 1 (the taker buys) and -1")
    if (said.qty < 0).any() or not np.isfinite(said.qty).all():
        raise NotAsAgreed("qty has numbers below 0, or that are none")


def _check_page(said: Any) -> None:
    _of_kind(said, TradePage, "a TradePage")
    _check_trades(said.trades)


def _check_book(said: Any) -> None:
    _of_kind(said, Book, "a Book")
    for name in ("bids", "asks"):
        side = getattr(said, name)
        if not isinstance(side, np.ndarray) or side.ndim != 2 or side.shape[1] != 2 or side.dtype.kind != "f":
            raise NotAsAgreed(f"{name} is {kind_of(side)}; expected an array of two columns: price and base units")


def _list_of(kind: type) -> Callable[[Any], None]:
    def check(said: Any) -> None:
        if not isinstance(said, Sequence) or isinstance(said, str | bytes):
            raise NotAsAgreed(f"it returned {kind_of(said)}; expected a list of {kind.__name__}")
        for each in said:
            _of_kind(each, kind, f"a list of {kind.__name__}")

    return check


_CHECKS: dict[str, Callable[[Any], None]] = {
    "bars": _check_bars,
    "trades": _check_page,
    "earlier_trades": _check_page,
    "book": _check_book,
    "past_open_interest": _list_of(OpenInterest),
    "past_funding": _list_of(Funding),
    "server_time": lambda said: _of_kind(said, Integral, "a number of ms"),
}
"""By method. Lists of instruments and what is told by instrument are looked at where they are taken apart."""
