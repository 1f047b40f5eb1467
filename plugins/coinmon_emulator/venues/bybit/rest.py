"""Bybit v5: the paths, instruments, candles and trades. Lists are newest first."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from coinmon_emulator.market.candles import opened_at_the_close_before
from coinmon_emulator.market.decimals import fixed, plain
from coinmon_emulator.market.market import HOUR, Listed, MarketKind
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.reply import Query, Refusal, Reply
from coinmon_emulator.venues.bybit import market as bybit_market
from coinmon_emulator.venues.bybit.query import (
    category,
    cursor_after,
    instrument,
    integer,
    interval,
    limit,
    next_cursor,
    told,
)

NAME = "bybit"


def time(view: WorldNow, query: Query) -> Reply:
    ms = view.server_time
    return told(view, {"timeSecond": str(ms // 1000), "timeNano": f"{ms}000000"})


def instruments(view: WorldNow, query: Query) -> Reply:
    """Spot in one answer; linear in pages."""
    kind = category(query)
    result: dict[str, Any] = {"category": query["category"], "list": []}
    if kind is None:
        return told(view, result | {"nextPageCursor": ""})
    found: Sequence[Listed] = view.listed(NAME, kind)
    if query.get("symbol"):
        found = [instrument(view, query, kind)]
    if query.get("status", "Trading") != "Trading":
        found = []
    if query.get("baseCoin"):
        found = [one for one in found if one.base == query["baseCoin"]]
    if kind == "spot":
        return told(view, result | {"list": [_spot(one, view.now) for one in found]})
    low = cursor_after(query)
    high = low + limit(query, 500, 1000)
    cursor = next_cursor(high) if high < len(found) else ""
    return told(view, result | {"list": [_linear(one, view.now) for one in found[low:high]], "nextPageCursor": cursor})


def _spot(one: Listed, now: int) -> dict[str, Any]:
    row = {
        "symbol": one.native,
        "baseCoin": one.base,
        "quoteCoin": one.quote,
        "innovation": "0",
        "status": "Trading",
        "marginTrading": "utaOnly",
        "stTag": "0",
        "lotSizeFilter": {
            "basePrecision": plain(one.lot, one.size_digits),
            "quotePrecision": "0.0000001",
            "minOrderQty": plain(one.lot, one.size_digits),
            "maxOrderQty": "1000000",
            "minOrderAmt": "5",
            "maxOrderAmt": "8000000",
        },
        "priceFilter": {"tickSize": plain(one.as_of("tick", now), one.price_digits)},
        "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
    }
    return one.said(row, now)


def _linear(one: Listed, now: int) -> dict[str, Any]:
    tick = fixed(one.as_of("tick", now), one.price_digits, one.price_text)
    step = plain(one.lot, one.size_digits)
    row = {
        "symbol": one.native,
        "contractType": "LinearPerpetual",
        "status": "Trading",
        "baseCoin": one.base,
        "quoteCoin": one.quote,
        "launchTime": str(one.listed_ms),
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": str(one.price_digits),
        "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
        "priceFilter": {"minPrice": tick, "maxPrice": "1999999.80", "tickSize": tick},
        "lotSizeFilter": {
            "maxOrderQty": "1000000",
            "minOrderQty": step,
            "qtyStep": step,
            "postOnlyMaxOrderQty": "1000000",
            "maxMktOrderQty": "100000",
            "minNotionalValue": "5",
        },
        "unifiedMarginTrade": True,
        "fundingInterval": one.as_of("funding_hours", now) * HOUR // 60_000,
        "settleCoin": one.quote,
        "copyTrading": "both",
        "upperFundingRate": "0.005",
        "lowerFundingRate": "-0.005",
        "isPreListing": False,
        "preListingInfo": None,
        "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
        "displayName": "",
    }
    return one.said(row, now)


def kline(view: WorldNow, query: Query) -> Reply:
    """Candles that open at the close before them; the first row is the open one."""
    one = instrument(view, query)
    width = interval(query)
    count = limit(query, 200, 1000)
    start, end = integer(query, "start"), integer(query, "end")
    high = width.floor(min(view.now, view.now if end is None else end))
    low = width.after(high, 1 - count)
    if start is not None:
        first = max(width.floor(start), width.floor(view.market.begins(one)))
        first = first if first >= start else width.after(first)
        if end is None:
            low, high = first, min(high, width.after(first, count - 1))
        else:
            low = max(low, first)
    bars = view.bars(one, width, low, high + 1)
    if len(bars):
        bars = opened_at_the_close_before(bars, view.close_before(one, int(bars.start[0])))
    rows = [
        [
            str(opened),
            *(plain(price, one.price_digits) for price in prices),
            plain(volume, one.size_digits),
            plain(quote, one.quote_digits),
        ]
        for opened, *prices, volume, quote, _, _, _ in bars.rows()
    ]
    rows.reverse()
    return told(view, {"symbol": one.native, "category": query["category"], "list": rows})


def recent_trade(view: WorldNow, query: Query) -> Reply:
    """The last trades, 60 on spot and 1,000 on linear at most; nothing older can be had."""
    one = instrument(view, query)
    most = 60 if one.kind == "spot" else 1000
    page = view.spoiled(view.latest(one, limit(query, min(500, most), most)).newest_first())
    rows = [
        {
            "execId": exec_id(one, trade_id),
            "symbol": one.native,
            "price": fixed(price, one.price_digits, one.price_text),
            "size": plain(size, one.size_digits),
            "side": "Buy" if side > 0 else "Sell",
            "time": str(time),
            "isBlockTrade": False,
            "isRPITrade": False,
            "seq": str(3 * trade_id + 7),
        }
        for trade_id, time, price, size, side in page.rows()
    ]
    return told(view, {"category": query["category"], "list": rows})


def exec_id(one: Listed, trade_id: int) -> str:
    """Digits on spot, a UUID on linear; neither is contiguous."""
    if one.kind == "spot":
        return str(2_290_000_000_000_000_000 + 13 * trade_id)
    digest = hashlib.blake2b(f"{one.native}{trade_id}".encode(), digest_size=16).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-8{digest[17:20]}-{digest[20:]}"


ANSWERS: dict[str, Callable[[WorldNow, Query], Reply]] = {
    "/v5/market/time": time,
    "/v5/market/instruments-info": instruments,
    "/v5/market/kline": kline,
    "/v5/market/recent-trade": recent_trade,
    "/v5/market/tickers": bybit_market.tickers,
    "/v5/market/open-interest": bybit_market.open_interest,
    "/v5/market/funding/history": bybit_market.funding_history,
    "/v5/market/orderbook": bybit_market.orderbook,
}


def endpoint(path: str) -> str | None:
    """The name an endpoint is counted under; None when there is none."""
    return path if path in ANSWERS else None


def whole_market(path: str, query: Query) -> MarketKind | None:
    """The kind of instruments whose day is asked for all together: a day of hundreds takes a second."""
    if path != "/v5/market/tickers" or "symbol" in query:
        return None
    return "perp" if query.get("category") == "linear" else "spot"


def answer(view: WorldNow, path: str, query: Query) -> Reply:
    if path not in ANSWERS:
        return Reply({"retCode": 404, "retMsg": "Not Found", "result": {}, "time": view.server_time}, 404)
    try:
        return ANSWERS[path](view, query)
    except Refusal as refusal:
        refusal.reply.body["time"] = view.server_time
        return refusal.reply
