"""OKX: the paths, public data and statistics. Every answer is {"code", "msg", "data"}, numbers are strings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from coinmon_emulator.market.decimals import fixed, plain, units
from coinmon_emulator.market.market import DAY, HOUR, Listed, MarketKind
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.reply import Query, Refusal, Reply
from coinmon_emulator.venues.okx import market as okx_market
from coinmon_emulator.venues.okx.intervals import INTERVALS
from coinmon_emulator.venues.okx.query import (
    amount,
    inst_type,
    instrument,
    integer,
    limit,
    of_type,
    refuse,
    required,
    told,
)

NAME = "okx"
PERIODS = ("5m", "15m", "30m", "1H", "2H", "4H", "6Hutc", "12Hutc", "1Dutc", "6H", "12H", "1D")


def time(view: WorldNow, query: Query) -> Reply:
    return told([{"ts": str(view.server_time)}])


def instruments(view: WorldNow, query: Query) -> Reply:
    return told([_listed(one, view.now) for one in of_type(view, query)])


def _listed(one: Listed, now: int) -> dict[str, Any]:
    spot = one.kind == "spot"
    family = "" if spot else f"{one.base}-{one.quote}"
    exponent = one.as_of("contract_exponent", now)
    lot = amount(one, one.lot, now)
    row = {
        "alias": "",
        "baseCcy": one.base if spot else "",
        "category": "1",
        "contTdSwTime": str(one.listed_ms),
        "ctMult": "" if spot else "1",
        "ctType": "" if spot else "linear",
        "ctVal": "" if spot else plain(1, -exponent),
        "ctValCcy": "" if spot else one.base,
        "expTime": "",
        "instCategory": "1",
        "instFamily": family,
        "instId": one.native,
        "instType": inst_type(one),
        "lever": "10" if spot else "100",
        "listTime": str(one.listed_ms),
        "lotSz": lot,
        "maxIcebergSz": "9999999999.0000000000000000",
        "maxLmtAmt": "20000000",
        "maxLmtSz": "9999999999",
        "maxMktAmt": "1000000" if spot else "",
        "maxMktSz": "1000000",
        "maxStopSz": "1000000",
        "maxTriggerSz": "9999999999.0000000000000000",
        "maxTwapSz": "9999999999.0000000000000000",
        "minSz": lot,
        "optType": "",
        "quoteCcy": one.quote if spot else "",
        "ruleType": "normal",
        "settleCcy": "" if spot else one.quote,
        "state": "live",
        "stk": "",
        "tickSz": plain(one.as_of("tick", now), one.price_digits),
        "uly": family,
    }
    return one.said(row, now)


def mark_price(view: WorldNow, query: Query) -> Reply:
    rows = []
    for one in of_type(view, query):
        mark = view.mark(one)
        if mark is not None:
            price = fixed(units(mark.mark, one.price_digits), one.price_digits, one.price_digits)
            rows.append({"instType": "SWAP", "instId": one.native, "markPx": price, "ts": str(mark.time)})
    return told(rows)


def index_tickers(view: WorldNow, query: Query) -> Reply:
    """Spot as the venue reckons it, by quote currency (there are four that have indices) or by the index's name."""
    quote, name = query.get("quoteCcy"), query.get("instId")
    if quote and quote not in ("USD", "USDT", "BTC", "USDC"):
        raise refuse("51000", "Parameter quoteCcy error", 400)
    if not quote and not name:
        raise refuse("50014", "Either parameter quoteCcy or instId is required.", 400)
    rows = []
    for one in view.listed(NAME, "perp"):
        mark, index = view.mark(one), f"{one.base}-{one.quote}"
        if mark is not None and quote in (None, one.quote) and name in (None, index):
            price = fixed(units(mark.index, one.price_digits), one.price_digits, one.price_digits)
            rows.append({"instId": index, "idxPx": price, "ts": str(mark.time)})
    return told(rows)


def funding_rate(view: WorldNow, query: Query) -> Reply:
    """The forecast for the settlement at fundingTime; instId=ANY answers for every swap."""
    if required(query, "instId") == "ANY":
        return told([row for one in view.listed(NAME, "perp") if (row := _funding(view, one)) is not None])
    row = _funding(view, instrument(view, query, "perp"))
    return told([] if row is None else [row])


def _funding(view: WorldNow, one: Listed) -> dict[str, str] | None:
    mark = view.mark(one)
    if mark is None:
        return None
    return {
        "formulaType": "noRate",
        "fundingRate": f"{mark.rate:.10f}",
        "fundingTime": str(mark.next_ms),
        "instId": one.native,
        "instType": "SWAP",
        "interestRate": "0.0001",
        "maxFundingRate": "0.00375",
        "method": "current_period",
        "minFundingRate": "-0.00375",
        "nextFundingRate": "",
        "nextFundingTime": str(mark.next_ms + mark.hours * HOUR),
        "premium": f"{mark.mark / mark.index - 1:.10f}",
        "settFundingRate": f"{mark.settled:.10f}",
        "settState": "settled",
        "ts": str(view.now),
    }


def funding_history(view: WorldNow, query: Query) -> Reply:
    """Settled rates, newest first, three months back."""
    one = instrument(view, query, "perp")
    after, before = integer(query, "after"), integer(query, "before")
    end = view.now + 1 if after is None else min(after, view.now + 1)
    start = view.now - 92 * DAY if before is None else before + 1
    found = list(view.settlements(one, start, end) or [])[-limit(query, 400, 400) :]
    return told(
        [
            {
                "formulaType": "noRate",
                "fundingRate": f"{each.rate:.10f}",
                "fundingTime": str(each.time),
                "instId": one.native,
                "instType": "SWAP",
                "method": "current_period",
                "realizedRate": f"{each.rate:.10f}",
            }
            for each in reversed(found)
        ]
    )


def open_interest(view: WorldNow, query: Query) -> Reply:
    rows = []
    for one in of_type(view, query):
        value, mark = view.open_interest(one), view.mark(one)
        if value is None or mark is None:
            continue
        size = units(value, one.size_digits)
        rows.append(
            {
                "instId": one.native,
                "instType": "SWAP",
                "oi": amount(one, size, view.now),
                "oiCcy": plain(size, one.size_digits),
                "oiUsd": f"{size / 10**one.size_digits * mark.mark:.6f}",
                "ts": str(view.now),
            }
        )
    return told(rows)


def open_interest_history(view: WorldNow, query: Query) -> Reply:
    """Rows of [ts, contracts, base, USD], newest first, of the newest 1,440 those after begin and before end."""
    one = instrument(view, query, "perp")
    period = query.get("period") or "5m"
    if period not in PERIODS:
        raise refuse("51000", "Parameter period error")
    width = INTERVALS[period]
    newest = width.floor(view.now)
    floor = width.after(newest, -1439)
    begin, end = integer(query, "begin"), integer(query, "end")
    if end is not None:
        newest = min(newest, width.floor(end - 1))
    rows: list[list[str]] = []
    begins = max(floor, 0 if begin is None else begin + 1, view.market.begins(one))
    at = newest
    while at >= begins and len(rows) < limit(query, 100, 100):
        value, mark = view.open_interest(one, at), view.market.mark(one, at)
        if value is None or mark is None:
            break
        size = units(value, one.size_digits)
        usd = f"{size / 10**one.size_digits * mark.mark:.6f}"
        rows.append([str(at), amount(one, size, at), plain(size, one.size_digits), usd])
        at = width.after(at, -1)
    return told(rows)


ANSWERS: dict[str, Callable[[WorldNow, Query], Reply]] = {
    "/api/v5/public/time": time,
    "/api/v5/public/instruments": instruments,
    "/api/v5/public/mark-price": mark_price,
    "/api/v5/public/funding-rate": funding_rate,
    "/api/v5/public/funding-rate-history": funding_history,
    "/api/v5/public/open-interest": open_interest,
    "/api/v5/rubik/stat/contracts/open-interest-history": open_interest_history,
    "/api/v5/market/candles": okx_market.candles,
    "/api/v5/market/history-candles": okx_market.history_candles,
    "/api/v5/market/trades": okx_market.trades,
    "/api/v5/market/history-trades": okx_market.history_trades,
    "/api/v5/market/tickers": okx_market.tickers,
    "/api/v5/market/index-tickers": index_tickers,
    "/api/v5/market/ticker": okx_market.ticker,
    "/api/v5/market/books": okx_market.books,
    "/api/v5/market/books-full": okx_market.books_full,
}


def endpoint(path: str) -> str | None:
    """The name an endpoint is counted under; None when there is none."""
    return path if path in ANSWERS else None


def whole_market(path: str, query: Query) -> MarketKind | None:
    """The kind of instruments whose day is asked for all together: a day of hundreds takes a second."""
    if path != "/api/v5/market/tickers" or "instId" in query:
        return None
    return "perp" if query.get("instType") == "SWAP" else "spot"


def answer(view: WorldNow, path: str, query: Query) -> Reply:
    if path not in ANSWERS:
        return Reply({"msg": "Invalid request path", "code": "404", "data": [], "error_code": "404"}, 404)
    try:
        return ANSWERS[path](view, query)
    except Refusal as refusal:
        return refusal.reply
