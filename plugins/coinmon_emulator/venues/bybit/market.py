"""Bybit: tickers, open interest, funding, books."""

from __future__ import annotations

from typing import Any

from coinmon_emulator.market.decimals import fixed, plain, units
from coinmon_emulator.market.market import DAY, HOUR, MINUTE, Listed
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.reply import Query, Reply
from coinmon_emulator.venues.bybit.query import (
    category,
    cursor_after,
    instrument,
    integer,
    limit,
    next_cursor,
    refuse,
    told,
)

DEEP = 200
STEPS = {
    "5min": 5 * MINUTE,
    "15min": 15 * MINUTE,
    "30min": 30 * MINUTE,
    "1h": HOUR,
    "4h": 4 * HOUR,
    "1d": DAY,
}


def tickers(view: WorldNow, query: Query) -> Reply:
    kind = category(query)
    chosen = [] if kind is None else view.listed("bybit", kind)
    if query.get("symbol"):
        chosen = [instrument(view, query)]
    rows = [row for one in chosen if (row := ticker(view, one)) is not None]
    return told(view, {"category": query["category"], "list": rows})


def ticker(view: WorldNow, one: Listed) -> dict[str, Any] | None:
    day = view.day(one)
    if day is None:
        return None

    def price(value: int) -> str:
        return fixed(value, one.price_digits, one.price_text)

    book = view.book(one, 1)
    bid = book.bids[0] if book and book.bids else (day.last, 0)
    ask = book.asks[0] if book and book.asks else (day.last, 0)
    row: dict[str, Any] = {
        "symbol": one.native,
        "bid1Price": price(bid[0]),
        "bid1Size": plain(bid[1], one.size_digits),
        "ask1Price": price(ask[0]),
        "ask1Size": plain(ask[1], one.size_digits),
        "lastPrice": price(day.last),
        "prevPrice24h": price(day.open),
        "price24hPcnt": f"{(day.last - day.open) / day.open:.4f}",
        "highPrice24h": price(day.high),
        "lowPrice24h": price(day.low),
        "turnover24h": plain(day.quote, one.quote_digits),
        "volume24h": plain(day.volume, one.size_digits),
    }
    if one.kind == "spot":
        return row | {"usdIndexPrice": price(day.last)}
    figures = derivatives(view, one)
    if not figures:
        return row
    position = view.market.before(one, view.now - HOUR)
    hour_ago = view.rows(one, max(0, position - 1), position)
    row["prevPrice1h"] = price(int(hour_ago.price[0]) if len(hour_ago) else day.open)
    return row | figures


def derivatives(view: WorldNow, one: Listed) -> dict[str, str]:
    """Mark, index, funding and open interest; nothing where the market has none."""
    mark, held = view.mark(one), view.open_interest(one)
    if mark is None or held is None:
        return {}
    single = units(held, one.size_digits)
    return {
        "indexPrice": f"{mark.index:.{one.price_digits}f}",
        "markPrice": f"{mark.mark:.{one.price_digits}f}",
        # Both sides here, one side in the single* fields.
        "openInterest": plain(2 * single, one.size_digits),
        "openInterestValue": f"{2 * single / 10**one.size_digits * mark.mark:.2f}",
        "singleOpenInterest": plain(single, one.size_digits),
        "singleOpenInterestValue": f"{single / 10**one.size_digits * mark.mark:.2f}",
        "fundingRate": f"{mark.rate:.8f}",
        "fundingIntervalHour": str(mark.hours),
        "fundingCap": "0.005",
        "nextFundingTime": str(mark.next_ms),
        "predictedDeliveryPrice": "",
        "basisRate": "",
        "basis": "",
        "deliveryFeeRate": "",
        "deliveryTime": "0",
        "preOpenPrice": "",
        "preQty": "",
        "curPreListingPhase": "",
    }


def open_interest(view: WorldNow, query: Query) -> Reply:
    """Both sides, and one side since 2026-06; newest first, in pages."""
    one = instrument(view, query)
    if one.kind == "spot":
        raise refuse("params error: Category is invalid")
    step = STEPS.get(query.get("intervalTime", ""))
    if step is None:
        raise refuse("params error: intervalTime is invalid")
    start, end = integer(query, "startTime"), integer(query, "endTime")
    newest = min(view.now, view.now if end is None else end) // step * step
    count, skipped = limit(query, 50, 200), cursor_after(query)
    at = newest - skipped * step
    rows: list[dict[str, str]] = []
    begins = max(view.market.begins(one), start or 0)
    while at >= begins and len(rows) < count:
        held = view.open_interest(one, at)
        if held is None:
            break
        single = units(held, one.size_digits)
        rows.append(
            {
                "openInterest": fixed(2 * single, one.size_digits, 8),
                "singleOpenInterest": plain(single, one.size_digits),
                "timestamp": str(at),
            }
        )
        at -= step
    cursor = next_cursor(skipped + len(rows)) if at >= begins and rows else ""
    result = {"symbol": one.native, "category": query["category"], "list": rows, "nextPageCursor": cursor}
    return told(view, result)


def funding_history(view: WorldNow, query: Query) -> Reply:
    """Settled rates, newest first; a start without an end is an error."""
    one = instrument(view, query)
    start, end = integer(query, "startTime"), integer(query, "endTime")
    if start is not None and end is None:
        raise refuse("params error: endTime is required with startTime")
    if one.kind == "spot":
        raise refuse("params error: Category is invalid")
    high = view.now if end is None else min(view.now, end)
    found = list(view.settlements(one, start or 0, high + 1) or [])[-limit(query, 200, 200) :]
    rows = [
        {"symbol": one.native, "fundingRate": f"{each.rate:.8f}", "fundingRateTimestamp": str(each.time)}
        for each in reversed(found)
    ]
    return told(view, {"category": query["category"], "list": rows})


def orderbook(view: WorldNow, query: Query) -> Reply:
    one = instrument(view, query)
    depth = limit(query, 1 if one.kind == "spot" else 25, 1000)
    # The state that the stream of 1,000 levels is in, which moves every 200 ms.
    book = view.market.book(one, view.now // DEEP * DEEP, depth)
    if book is None:
        raise refuse("params error: no order book")

    def side(levels: list[tuple[int, int]]) -> list[list[str]]:
        return [
            [fixed(price, one.price_digits, one.price_text), plain(size, one.size_digits)] for price, size in levels
        ]

    result = {
        "s": one.native,
        "b": side(book.bids),
        "a": side(book.asks),
        "ts": view.server_time,
        "u": book.time // DEEP,
        "seq": 3 * book.update_id,
        "cts": book.time,
    }
    return told(view, result)
