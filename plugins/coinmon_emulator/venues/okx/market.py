"""OKX: candles, trades, tickers, books."""

from __future__ import annotations

from typing import Any

from coinmon_emulator.market.decimals import plain
from coinmon_emulator.market.market import Listed, Prints
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.reply import Query, Reply
from coinmon_emulator.venues.okx.intervals import INTERVALS
from coinmon_emulator.venues.okx.query import amount, bar, inst_type, instrument, integer, limit, of_type, refuse, told

NEWEST_BARS = 1440


def candles(view: WorldNow, query: Query) -> Reply:
    """The newest 1,440 bars, the open one included (confirm 0)."""
    return _candles(view, query, limit(query, 100, 300), history=False)


def history_candles(view: WorldNow, query: Query) -> Reply:
    """Closed bars, as far back as there are any."""
    return _candles(view, query, limit(query, 100, 300), history=True)


def _candles(view: WorldNow, query: Query, count: int, *, history: bool) -> Reply:
    one, width = instrument(view, query), bar(query)
    after, before = integer(query, "after"), integer(query, "before")
    opened = width.floor(view.now)
    newest = opened if not history else width.after(opened, -1)
    if after is not None:
        newest = min(newest, width.floor(after - 1))
    oldest = width.after(newest, 1 - count)
    if before is not None:
        oldest = max(oldest, width.after(width.floor(before)))
    if not history:
        oldest = max(oldest, width.after(opened, 1 - NEWEST_BARS))
    volume_digits = one.size_digits
    rows = []
    for start, first, high, low, last, volume, quote, *_ in view.bars(one, width, oldest, newest + 1).rows():
        turnover = plain(quote, one.quote_digits)
        base = plain(volume, volume_digits)
        sums = (base, turnover) if one.kind == "spot" else (amount(one, volume, start), base)
        prices = (plain(value, one.price_digits) for value in (first, high, low, last))
        rows.append([str(start), *prices, *sums, turnover, "0" if start == opened else "1"])
    rows.reverse()
    return told(rows)


def trades(view: WorldNow, query: Query) -> Reply:
    """The latest trades; there is no paging here."""
    one = instrument(view, query)
    return told(_rows(one, view.spoiled(view.latest(one, limit(query, 100, 500)).newest_first()), history=False))


def history_trades(view: WorldNow, query: Query) -> Reply:
    """Older trades: type 1 pages by trade id, type 2 by time (`after` only)."""
    one = instrument(view, query)
    count = limit(query, 100, 100)
    kind = query.get("type") or "1"
    after, before = integer(query, "after"), integer(query, "before")
    high = view.seen(one)
    low = 0
    if kind == "1":
        if after is not None:
            high = min(high, view.market.at_id(one, after))
        if before is not None:
            low = view.market.at_id(one, before + 1)
    elif kind == "2":
        if before is not None:
            raise refuse("51000", "Parameter before error")
        if after is not None:
            high = min(high, view.market.before(one, after))
    else:
        raise refuse("51000", "Parameter type error")
    page = view.rows(one, max(low, high - count), high)
    return told(_rows(one, view.spoiled(page.newest_first()), history=True))


def _rows(one: Listed, page: Prints, *, history: bool) -> list[dict[str, str]]:
    return [
        {
            "instId": one.native,
            "side": "buy" if side > 0 else "sell",
            "sz": amount(one, size, time),
            "px": plain(price, one.price_digits),
            "source": "0",
            "tradeId": str(trade_id),
            "ts": str(time),
        }
        for trade_id, time, price, size, side in page.rows()
    ]


def tickers(view: WorldNow, query: Query) -> Reply:
    return told([row for one in of_type(view, query) if (row := _ticker(view, one)) is not None])


def ticker(view: WorldNow, query: Query) -> Reply:
    row = _ticker(view, instrument(view, query))
    return told([] if row is None else [row])


def _ticker(view: WorldNow, one: Listed) -> dict[str, str] | None:
    day = view.day(one)
    if day is None:
        return None
    book = view.book(one, 1)
    bid = book.bids[0] if book and book.bids else (day.last, 0)
    ask = book.asks[0] if book and book.asks else (day.last, 0)
    opens = {}
    for name, zone in (("sodUtc0", "1Dutc"), ("sodUtc8", "1D")):
        start = INTERVALS[zone].floor(view.now)
        position = view.market.before(one, start)
        first = view.rows(one, position, position + 1)
        opens[name] = plain(int(first.price[0]), one.price_digits) if len(first) else ""
    base = plain(day.volume, one.size_digits)
    quote = plain(day.quote, one.quote_digits)
    spot = one.kind == "spot"
    return {
        "instType": inst_type(one),
        "instId": one.native,
        "last": plain(day.last, one.price_digits),
        "lastSz": amount(one, day.last_size, view.now),
        "askPx": plain(ask[0], one.price_digits),
        "askSz": amount(one, ask[1], view.now),
        "bidPx": plain(bid[0], one.price_digits),
        "bidSz": amount(one, bid[1], view.now),
        "open24h": plain(day.open, one.price_digits),
        "high24h": plain(day.high, one.price_digits),
        "low24h": plain(day.low, one.price_digits),
        "volCcy24h": quote if spot else base,
        "vol24h": base if spot else amount(one, day.volume, view.now),
        "ts": str(day.last_time),
        **opens,
    }


def books(view: WorldNow, query: Query) -> Reply:
    return _books(view, query, 400)


def books_full(view: WorldNow, query: Query) -> Reply:
    return _books(view, query, 5000)


def _books(view: WorldNow, query: Query, most: int) -> Reply:
    one = instrument(view, query)
    size = integer(query, "sz") or 1
    book = view.book(one, min(size, most))
    if book is None:
        return told([])

    def side(levels: list[tuple[int, int]]) -> list[list[Any]]:
        return [
            [plain(price, one.price_digits), amount(one, lots, view.now), "0", str(1 + lots // one.lot % 9)]
            for price, lots in levels
        ]

    return told([{"asks": side(book.asks), "bids": side(book.bids), "ts": str(book.time), "seqId": book.update_id}])
