"""Hyperliquid: one path, `POST /info`, whose body says what is asked. Sizes are base units, numbers are strings."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from coinmon_emulator.market.decimals import fixed
from coinmon_emulator.market.intervals import UTC_INTERVALS
from coinmon_emulator.market.market import HOUR, Listed, MarketKind
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.reply import Query, Refusal, Reply
from coinmon_emulator.venues.hyperliquid import assets
from coinmon_emulator.venues.hyperliquid.query import NAME, coin, integer, listed, needed
from coinmon_emulator.venues.hyperliquid.refusals import no_request

MOST_CANDLES = 5000
"""Of each interval there are no more, counted from now."""
MOST_SETTLEMENTS = 500
RECENT_TRADES = 10
DEPTH = 20
INTERVALS = ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "8h", "12h", "1d", "3d", "1w", "1M")
SETTLES_AFTER_MS = 40
"""A settlement bears the time of the block that made it, a little after the hour."""


def candles(view: WorldNow, query: Query) -> Reply:
    """Oldest first, the open one too: all that overlap the span, of the newest 5000."""
    name = query.get("req.interval", "")
    if name not in INTERVALS:
        raise no_request()
    start, end = needed(query, "req.startTime"), integer(query, "req.endTime")
    one, width = listed(view, query, "req.coin"), UTC_INTERVALS[name]
    newest = width.floor(view.now)
    low = max(width.floor(start), width.after(newest, 1 - MOST_CANDLES))
    bars = view.bars(one, width, low, (view.now if end is None else end) + 1)
    return Reply([candle(one, name, width.after(row[0]), row) for row in bars.rows()])


def candle(one: Listed, interval: str, following: int, row: tuple[int, ...]) -> dict[str, Any]:
    opened, first, high, low, last, volume, _, count, _, _ = row
    prices = {"o": first, "c": last, "h": high, "l": low}
    return {
        "t": opened,
        "T": following - 1,
        "s": one.native,
        "i": interval,
        **{name: assets.price(one, value) for name, value in prices.items()},
        "v": assets.size(one, volume),
        "n": count,
    }


def recent_trades(view: WorldNow, query: Query) -> Reply:
    """The last ten, newest first."""
    one = listed(view, query)
    page = view.spoiled(view.latest(one, RECENT_TRADES).newest_first())
    return Reply([trade(one, row) for row in page.rows()])


def trade(one: Listed, row: tuple[int, ...]) -> dict[str, Any]:
    """A trade: B where the taker bought. Its id is no sequence."""
    trade_id, time, price, size, side = row
    digest = hashlib.blake2b(f"{one.native}{trade_id}".encode(), digest_size=32).hexdigest()
    return {
        "coin": one.native,
        "side": "B" if side > 0 else "A",
        "px": assets.price(one, price),
        "sz": assets.size(one, size),
        "time": time,
        "hash": f"0x{digest}",
        "tid": int(digest[:12], 16) | 1 << 49,
        "users": [f"0x{digest[:40]}", f"0x{digest[24:]}"],
    }


def funding_history(view: WorldNow, query: Query) -> Reply:
    """Settled rates of every hour, oldest first, at most 500."""
    start, end = needed(query, "startTime"), integer(query, "endTime")
    one = listed(view, query)
    high = view.now if end is None else min(view.now, end)
    found = view.settlements(one, start - SETTLES_AFTER_MS, high - SETTLES_AFTER_MS + 1) or []
    rows = [
        {
            "coin": one.native,
            "fundingRate": fixed(round(each.rate * 10**10), 10, 10),
            "premium": fixed(round(each.rate * 8 * 10**10), 10, 10),
            "time": each.time + SETTLES_AFTER_MS,
        }
        for each in found
    ]
    return Reply(rows[:MOST_SETTLEMENTS])


def book(view: WorldNow, query: Query) -> Reply:
    """The twenty best levels a side; `null` where there is no such coin."""
    one = view.find(NAME, "perp", coin(query))
    found = None if one is None else view.book(one, DEPTH)
    return Reply(None if one is None or found is None else assets.levels(one, found))


def meta(view: WorldNow, query: Query) -> Reply:
    return Reply(_meta(view))


def meta_and_contexts(view: WorldNow, query: Query) -> Reply:
    """The list, and the figures of each of its coins in the same order."""
    return Reply([_meta(view), [assets.context(view, one) for one in view.listed(NAME)]])


def _meta(view: WorldNow) -> dict[str, Any]:
    tables = [[56, {"description": "tiered 40x", "marginTiers": [{"lowerBound": "0.0", "maxLeverage": 40}]}]]
    coins = [assets.asset(one, view.now) for one in view.listed(NAME)]
    return {"universe": coins, "marginTables": tables, "collateralToken": 0}


def mids(view: WorldNow, query: Query) -> Reply:
    found = {one.native: assets.mid(view, one) for one in view.listed(NAME)}
    return Reply({name: text for name, text in found.items() if text is not None})


def status(view: WorldNow, query: Query) -> Reply:
    return Reply({"time": view.server_time, "specialStatuses": None})


def predicted_fundings(view: WorldNow, query: Query) -> Reply:
    """Of each coin the rate of the running hour; what other venues have is left out."""
    found = []
    for one in view.listed(NAME):
        mark = view.mark(one)
        if mark is not None:
            told = {"fundingRate": f"{mark.rate:.10f}", "nextFundingTime": (view.now // HOUR + 1) * HOUR}
            found.append([one.native, [["HlPerp", {**told, "fundingIntervalHours": 1}]]])
    return Reply(found)


ANSWERS: dict[str, Callable[[WorldNow, Query], Reply]] = {
    "/info:allMids": mids,
    "/info:candleSnapshot": candles,
    "/info:exchangeStatus": status,
    "/info:fundingHistory": funding_history,
    "/info:l2Book": book,
    "/info:meta": meta,
    "/info:metaAndAssetCtxs": meta_and_contexts,
    "/info:predictedFundings": predicted_fundings,
    "/info:recentTrades": recent_trades,
}


def endpoint(path: str) -> str | None:
    """The name an endpoint is counted under; None when there is none."""
    return path if path in ANSWERS else None


def whole_market(path: str, query: Query) -> MarketKind | None:
    """The kind of instruments whose day is asked for all together: a day of hundreds takes a second."""
    return "perp" if path == "/info:metaAndAssetCtxs" else None


def answer(view: WorldNow, path: str, query: Query) -> Reply:
    place = path.partition(":")[0]
    if place != "/info":
        return Reply(b"", 404, content_type="text/plain")
    try:
        if path not in ANSWERS:
            raise no_request()
        return ANSWERS[path](view, query)
    except Refusal as refusal:
        return refusal.reply
