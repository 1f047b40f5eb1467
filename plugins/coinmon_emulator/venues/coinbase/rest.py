"""Coinbase Exchange: spot against USD. A trade's side is the MAKER's; a minute without trades has no candle."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from coinmon_emulator.market.clock import parse_time, utc_text
from coinmon_emulator.market.decimals import fixed, number, plain
from coinmon_emulator.market.market import DAY, Listed, MarketKind
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.reply import LARGEST, Query, Refusal, Reply
from coinmon_emulator.venues.coinbase.intervals import INTERVALS

NAME = "coinbase"
MOST_CANDLES = 300


def refuse(message: str, status: int = 400) -> Refusal:
    return Refusal(Reply({"message": message}, status))


def moment(ms: int) -> str:
    """Microseconds are always written; trades are known to the millisecond."""
    return f"{_second(ms // 1000)}.{ms % 1000:03d}000Z"


@lru_cache(4096)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _integer(query: Query, name: str) -> int | None:
    text = query.get(name)
    if not text:
        return None
    if not text.isdigit():
        raise refuse(f"{name} is not a valid number")
    return min(int(text), LARGEST)


def time(view: WorldNow, one: Listed | None, query: Query) -> Reply:
    return Reply({"utc_text": utc_text(view.server_time), "epoch": view.server_time / 1000})


def products(view: WorldNow, one: Listed | None, query: Query) -> Reply:
    return Reply([_product(each, view.now) for each in view.listed(NAME)])


def product(view: WorldNow, one: Listed | None, query: Query) -> Reply:
    assert one is not None
    return Reply(_product(one, view.now))


def _product(one: Listed, now: int) -> dict[str, Any]:
    row = {
        "id": one.native,
        "base_currency": one.base,
        "quote_currency": one.quote,
        "quote_increment": plain(one.as_of("tick", now), one.price_digits),
        "base_increment": plain(one.lot, one.size_digits),
        "display_name": one.native,
        "min_market_funds": "1",
        "margin_enabled": False,
        "post_only": False,
        "limit_only": False,
        "cancel_only": False,
        "status": "online",
        "status_message": "",
        "trading_disabled": False,
        "fx_stablecoin": False,
        "max_slippage_percentage": "0.02000000",
        "auction_mode": False,
        "high_bid_limit_percentage": "",
    }
    return one.said(row, now)


def currencies(view: WorldNow, one: Listed | None, query: Query) -> Reply:
    listed = view.listed(NAME)
    names = sorted({each.base for each in listed} | {each.quote for each in listed})
    return Reply([_currency(name) for name in names])


def _currency(name: str) -> dict[str, Any]:
    fiat = name in ("USD", "EUR", "GBP")
    precision = "0.01" if fiat else "0.00000001"
    return {
        "id": name,
        "name": name,
        "min_size": precision,
        "status": "online",
        "message": "",
        "max_precision": precision,
        "convertible_to": [],
        "details": {
            "type": "fiat" if fiat else "crypto",
            "symbol": None,
            "network_confirmations": None,
            "sort_order": 0,
            "crypto_address_link": None,
            "crypto_transaction_link": None,
            "push_payment_methods": [],
            "group_types": [],
            "display_name": None,
            "processing_time_seconds": None,
            "min_withdrawal_amount": None,
            "max_withdrawal_amount": None,
        },
        "default_network": "" if fiat else name.lower(),
        "supported_networks": [],
        "display_name": name,
    }


def ticker(view: WorldNow, one: Listed | None, query: Query) -> Reply:
    assert one is not None
    day = view.day(one)
    if day is None:
        raise refuse("NotFound", 404)
    book = view.book(one, 1)
    bid = book.bids[0][0] if book and book.bids else day.last
    ask = book.asks[0][0] if book and book.asks else day.last
    return Reply(
        {
            "ask": plain(ask, one.price_digits),
            "bid": plain(bid, one.price_digits),
            "volume": plain(day.volume, one.size_digits),
            "trade_id": day.last_id,
            "price": plain(day.last, one.price_digits),
            "size": plain(day.last_size, one.size_digits),
            "time": moment(day.last_time),
            "rfq_volume": "0.000000",
        }
    )


def stats(view: WorldNow, one: Listed | None, query: Query) -> Reply:
    assert one is not None
    day = view.day(one)
    if day is None:
        raise refuse("NotFound", 404)
    month = int(view.between(one, max(view.market.begins(one), view.now - 30 * DAY), view.now + 1).size.sum())
    prices = {"open": day.open, "high": day.high, "low": day.low, "last": day.last}
    return Reply(
        {name: plain(value, one.price_digits) for name, value in prices.items()}
        | {"volume": plain(day.volume, one.size_digits), "volume_30day": plain(month, one.size_digits)}
    )


def book(view: WorldNow, one: Listed | None, query: Query) -> Reply:
    assert one is not None
    level = query.get("level") or "1"
    if level not in ("1", "2", "3"):
        raise refuse("Invalid level")
    found = view.book(one, 1 if level == "1" else 500)
    if found is None:
        raise refuse("NotFound", 404)

    def side(levels: list[tuple[int, int]], name: str) -> list[list[Any]]:
        last: Callable[[int], Any] = (lambda at: f"{name}-{at:012d}") if level == "3" else lambda at: 1 + at % 7
        return [
            [plain(price, one.price_digits), plain(size, one.size_digits), last(place)]
            for place, (price, size) in enumerate(levels)
        ]

    return Reply(
        {
            "bids": side(found.bids, "b"),
            "asks": side(found.asks, "a"),
            "sequence": found.update_id,
            "auction_mode": False,
            "auction": None,
            "time": moment(found.time),
        }
    )


def candles(view: WorldNow, one: Listed | None, query: Query) -> Reply:
    """[seconds, low, high, open, close, volume], newest first, at most 300."""
    assert one is not None
    name = query.get("granularity") or "60"
    if name not in INTERVALS:
        raise refuse("Unsupported granularity")
    width = INTERVALS[name]
    try:
        start, end = (parse_time(query[key]) if query.get(key) else None for key in ("start", "end"))
    except ValueError:
        raise refuse("Invalid start or end") from None
    newest = view.now if end is None else min(end, view.now)
    if start is None:
        start = width.after(width.floor(newest), 1 - MOST_CANDLES)
    elif ((view.now if end is None else end) - start) // width.width >= MOST_CANDLES + 1:
        raise refuse("granularity too small for the requested time range. Count of aggregations requested exceeds 300")
    bars = view.bars(one, width, width.floor(start), newest + 1, flat=False)
    digits = one.price_digits
    rows = [
        [
            opened // 1000,
            number(low, digits),
            number(high, digits),
            number(first, digits),
            number(last, digits),
            number(volume, one.size_digits),
        ]
        for opened, first, high, low, last, volume, *_ in bars.rows()
    ]
    rows.reverse()
    return Reply(rows[:MOST_CANDLES])


def trades(view: WorldNow, one: Listed | None, query: Query) -> Reply:
    """Newest first; `after` is older than, `before` is newer than, and the headers carry both cursors."""
    assert one is not None
    count = min(_integer(query, "limit") or 1000, 1000)
    after, before = _integer(query, "after"), _integer(query, "before")
    high = view.seen(one) if after is None else min(view.seen(one), view.market.at_id(one, after))
    low = 0 if before is None else view.market.at_id(one, before + 1)
    page = view.rows(one, max(low, high - count), high).newest_first()
    cursors = {"CB-BEFORE": str(page.id[0]), "CB-AFTER": str(page.id[-1])} if len(page) else {}
    rows = [
        {
            "trade_id": trade_id,
            "side": "sell" if side > 0 else "buy",
            "size": fixed(size, one.size_digits, one.size_text),
            "price": fixed(price, one.price_digits, one.price_text),
            "time": moment(ms),
        }
        for trade_id, ms, price, size, side in view.spoiled(page).rows()
    ]
    return Reply(rows, headers=cursors)


ANSWERS: dict[str, Callable[[WorldNow, Listed | None, Query], Reply]] = {
    "/time": time,
    "/products": products,
    "/currencies": currencies,
    "/products/:id": product,
    "/products/:id/ticker": ticker,
    "/products/:id/stats": stats,
    "/products/:id/book": book,
    "/products/:id/candles": candles,
    "/products/:id/trades": trades,
}


def endpoint(path: str) -> str | None:
    """The name an endpoint is counted under; None when there is none."""
    name = re.sub(r"^/products/[^/]+", "/products/:id", path)
    return name if name in ANSWERS else None


def whole_market(path: str, query: Query) -> MarketKind | None:
    """The kind of instruments whose day is asked for all together: a day of hundreds takes a second."""
    return None


def answer(view: WorldNow, path: str, query: Query) -> Reply:
    name = endpoint(path)
    one = None
    if name is not None and ":id" in name:
        one = view.find(NAME, "spot", path.split("/")[2])
        name = name if one else None
    if name is None:
        return Reply({"message": "NotFound"}, 404)
    try:
        return ANSWERS[name](view, one, query)
    except Refusal as refusal:
        return refusal.reply
