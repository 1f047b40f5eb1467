"""Binance spot and USD-M: the paths, and what both markets answer alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from coinmon_emulator.market.decimals import fixed
from coinmon_emulator.market.market import DAY, Listed, MarketKind
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.reply import Query, Refusal, Reply
from coinmon_emulator.venues.binance import trades as binance_trades
from coinmon_emulator.venues.binance import usdm
from coinmon_emulator.venues.binance.instruments import exchange_info
from coinmon_emulator.venues.binance.query import (
    instrument,
    integer,
    interval,
    limit,
    named,
    nothing_recorded,
    refuse,
    several,
)

NAME = "binance"
BinanceAnswer = Callable[[WorldNow, MarketKind, Query], Reply]


def ping(view: WorldNow, kind: MarketKind, query: Query) -> Reply:
    return Reply({})


def time(view: WorldNow, kind: MarketKind, query: Query) -> Reply:
    return Reply({"serverTime": view.server_time})


def klines(view: WorldNow, kind: MarketKind, query: Query) -> Reply:
    """Candles; the last row is the one still open. startTime counts forward, endTime alone backward."""
    one = instrument(view, kind, query)
    _, width = interval(query)
    count = limit(query, kind, 500, 1000 if kind == "spot" else 1500)
    start, end = integer(query, "startTime"), integer(query, "endTime")
    newest = width.floor(min(view.now, view.now if end is None else end))
    if start is None:
        low, high = width.after(newest, 1 - count), newest + 1
    else:
        low = width.floor(max(start, view.market.begins(one)))
        low = low if low >= start else width.after(low)
        high = min(width.after(low, count), newest + 1)
    places = 8 if kind == "spot" else one.price_text + one.size_text
    return Reply(
        [
            [
                opened,
                *(fixed(price, one.price_digits, one.price_text) for price in prices),
                fixed(volume, one.size_digits, one.size_text),
                width.after(opened) - 1,
                fixed(quote, one.quote_digits, places),
                trades,
                fixed(bought, one.size_digits, one.size_text),
                fixed(bought_quote, one.quote_digits, places),
                "0",
            ]
            for opened, *prices, volume, quote, trades, bought, bought_quote in view.bars(one, width, low, high).rows()
        ]
    )


def _chosen(view: WorldNow, kind: MarketKind, query: Query) -> tuple[list[Listed], bool]:
    """The instruments asked for, and whether the answer is a list."""
    if query.get("symbol"):
        return [named(view, kind, query["symbol"])], False
    listed = several(view, kind, query)
    return (view.listed(NAME, kind) if listed is None else listed), True


def ticker_day(view: WorldNow, kind: MarketKind, query: Query) -> Reply:
    chosen, many = _chosen(view, kind, query)
    rows = [row for one in chosen if (row := _day(view, one)) is not None]
    if not many and not rows:
        raise refuse(-1000, "Nothing has traded yet at this time.")
    return Reply(rows if many else rows[0])


def _day(view: WorldNow, one: Listed) -> dict[str, Any] | None:
    day = view.day(one)
    if day is None:
        return None

    def price(value: int) -> str:
        return fixed(value, one.price_digits, one.price_text)

    spot = one.kind == "spot"
    change = day.last - day.open
    average = day.quote * 10**8 // max(1, day.volume) // 10**one.price_digits
    row: dict[str, Any] = {
        "symbol": one.native,
        "priceChange": price(change),
        "priceChangePercent": f"{100 * change / day.open:.3f}",
        "weightedAvgPrice": fixed(average, 8, 8 if spot else one.price_text),
        "lastPrice": price(day.last),
        "lastQty": fixed(day.last_size, one.size_digits, one.size_text),
        "openPrice": price(day.open),
        "highPrice": price(day.high),
        "lowPrice": price(day.low),
        "volume": fixed(day.volume, one.size_digits, one.size_text),
        "quoteVolume": fixed(day.quote, one.quote_digits, 8 if spot else 2),
        "openTime": view.now - DAY,
        "closeTime": view.now,
        "firstId": day.first_id,
        "lastId": day.last_id,
        "count": day.count,
    }
    if spot:
        # A tape may have no book: then the last trade stands for both sides.
        top = _top(view, one) or {}
        row["prevClosePrice"] = price(day.previous_close)
        for side in ("bid", "ask"):
            row[f"{side}Price"] = top.get(f"{side}Price", row["lastPrice"])
            row[f"{side}Qty"] = top.get(f"{side}Qty", row["lastQty"])
    return row


def _top(view: WorldNow, one: Listed) -> dict[str, Any] | None:
    book = view.book(one, 1)
    if book is None or not book.bids or not book.asks:
        return None
    row: dict[str, Any] = {"symbol": one.native}
    for name, (price, size) in (("bid", book.bids[0]), ("ask", book.asks[0])):
        row[f"{name}Price"] = fixed(price, one.price_digits, one.price_text)
        row[f"{name}Qty"] = fixed(size, one.size_digits, one.size_text)
    if one.kind == "perp":
        row |= {"time": book.time, "lastUpdateId": book.update_id}
    return row


def book_ticker(view: WorldNow, kind: MarketKind, query: Query) -> Reply:
    chosen, many = _chosen(view, kind, query)
    rows = [row for one in chosen if (row := _top(view, one)) is not None]
    if not many and not rows:
        raise nothing_recorded("order book")
    return Reply(rows if many else rows[0])


def ticker_price(view: WorldNow, kind: MarketKind, query: Query) -> Reply:
    chosen, many = _chosen(view, kind, query)
    rows = []
    for one in chosen:
        last = view.last(one)
        if last is not None:
            row = {"symbol": one.native, "price": fixed(int(last.price[0]), one.price_digits, one.price_text)}
            rows.append(row if kind == "spot" else row | {"time": int(last.time[0])})
    if not many and not rows:
        raise refuse(-1000, "Nothing has traded yet at this time.")
    return Reply(rows if many else rows[0])


def depth(view: WorldNow, kind: MarketKind, query: Query) -> Reply:
    one = instrument(view, kind, query)
    levels = integer(query, "limit") or (100 if kind == "spot" else 500)
    if kind == "perp" and levels not in (5, 10, 20, 50, 100, 500, 1000):
        raise refuse(-4021, f"{levels} is not valid depth limit")
    book = view.book(one, min(levels, 5000))
    if book is None:
        raise nothing_recorded("order book")
    sides: dict[str, Any] = {"lastUpdateId": book.update_id}
    if kind == "perp":
        sides |= {"E": book.time, "T": book.time}
    for name, found in (("bids", book.bids), ("asks", book.asks)):
        sides[name] = [
            [fixed(price, one.price_digits, one.price_text), fixed(size, one.size_digits, one.size_text)]
            for price, size in found
        ]
    return Reply(sides)


SHARED: dict[str, BinanceAnswer] = {
    "ping": ping,
    "time": time,
    "exchangeInfo": exchange_info,
    "klines": klines,
    "trades": binance_trades.recent,
    "historicalTrades": binance_trades.historical,
    "aggTrades": binance_trades.aggregated,
    "ticker/24hr": ticker_day,
    "ticker/bookTicker": book_ticker,
    "ticker/price": ticker_price,
    "depth": depth,
}
ANSWERS: dict[str, tuple[MarketKind, BinanceAnswer]] = {
    **{f"/api/v3/{path}": ("spot", answer) for path, answer in SHARED.items()},
    **{f"/fapi/v1/{path}": ("perp", answer) for path, answer in (SHARED | usdm.ANSWERS).items()},
    "/futures/data/openInterestHist": ("perp", usdm.open_interest_history),
}


def endpoint(path: str) -> str | None:
    """The name an endpoint is counted under; None when there is none."""
    return path if path in ANSWERS else None


def whole_market(path: str, query: Query) -> MarketKind | None:
    """The kind of instruments whose day is asked for all together: a day of hundreds takes a second."""
    if path not in ("/api/v3/ticker/24hr", "/fapi/v1/ticker/24hr") or {"symbol", "symbols"} & query.keys():
        return None
    return "perp" if path.startswith("/fapi") else "spot"


def answer(view: WorldNow, path: str, query: Query) -> Reply:
    known = ANSWERS.get(path)
    if known is None:
        if path.startswith("/fapi"):
            return Reply({"code": -5000, "msg": f"Path {path}, Method GET is invalid"}, 404)
        return Reply({"code": -1000, "msg": "Not found."}, 404)
    kind, function = known
    try:
        return function(view, kind, query)
    except Refusal as refusal:
        return refusal.reply
