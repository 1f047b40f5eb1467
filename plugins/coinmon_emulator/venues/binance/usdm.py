"""What only Binance USD-M answers: mark price, funding, open interest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from coinmon_emulator.market.decimals import fixed, units
from coinmon_emulator.market.intervals import UTC_INTERVALS
from coinmon_emulator.market.market import DAY, Listed, MarketKind
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.reply import Query, Reply
from coinmon_emulator.venues.binance.query import instrument, integer, limit, named, nothing_recorded, refuse

PERIODS = ("5m", "15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d")


def premium_index(view: WorldNow, kind: MarketKind, query: Query) -> Reply:
    """Mark, index and funding; `lastFundingRate` is the estimate for the period that is running."""
    symbol = query.get("symbol")
    chosen = [named(view, kind, symbol)] if symbol else view.listed("binance", kind)
    rows = [row for one in chosen if (row := _premium(view, one)) is not None]
    if not rows:
        raise nothing_recorded("mark price")
    return Reply(rows[0] if symbol else rows)


def _premium(view: WorldNow, one: Listed) -> dict[str, Any] | None:
    mark = view.mark(one)
    if mark is None:
        return None
    return {
        "symbol": one.native,
        "markPrice": f"{mark.mark:.8f}",
        "indexPrice": f"{mark.index:.8f}",
        "estimatedSettlePrice": f"{mark.index:.8f}",
        "lastFundingRate": f"{mark.rate:.8f}",
        "interestRate": "0.00010000",
        "nextFundingTime": mark.next_ms,
        "time": mark.time,
    }


def funding_rate(view: WorldNow, kind: MarketKind, query: Query) -> Reply:
    """Settled rates, oldest first."""
    count = limit(query, kind, 100, 1000)
    start, end = integer(query, "startTime"), integer(query, "endTime")
    high = view.now if end is None else min(view.now, end)
    if not query.get("symbol"):
        count, start = 200, high - 30 * DAY
    chosen = [instrument(view, kind, query)] if query.get("symbol") else view.listed("binance", kind)
    rows: list[tuple[int, str, dict[str, Any]]] = []
    for one in chosen:
        settled = view.settlements(one, 0 if start is None else start, high + 1)
        if settled is None:
            raise nothing_recorded("funding history")
        for each in settled:
            row = {
                "symbol": one.native,
                "fundingTime": each.time,
                "fundingRate": f"{each.rate:.8f}",
                "markPrice": f"{each.mark:.8f}",
                "rateType": "SETTLED",
            }
            rows.append((each.time, one.native, row))
    rows.sort(key=lambda row: row[:2])
    forward = start is not None and bool(query.get("symbol"))
    return Reply([row for *_, row in (rows[:count] if forward else rows[-count:])])


def funding_info(view: WorldNow, kind: MarketKind, query: Query) -> Reply:
    """Only the symbols whose cap, floor or interval was adjusted."""
    return Reply(
        [
            {
                "symbol": one.native,
                "adjustedFundingRateCap": "0.02000000",
                "adjustedFundingRateFloor": "-0.02000000",
                "fundingIntervalHours": one.as_of("funding_hours", view.now),
                "disclaimer": False,
                "updateTime": one.listed_ms,
            }
            for one in view.listed("binance", kind)
            if one.as_of("funding_hours", view.now) != 8 or one.changes
        ]
    )


def open_interest(view: WorldNow, kind: MarketKind, query: Query) -> Reply:
    one = instrument(view, kind, query)
    value = view.open_interest(one)
    if value is None:
        raise nothing_recorded("open interest")
    text = fixed(units(value, one.size_digits), one.size_digits, one.size_text)
    return Reply({"openInterest": text, "symbol": one.native, "time": view.now})


def open_interest_history(view: WorldNow, kind: MarketKind, query: Query) -> Reply:
    """The last month in steps of five minutes and more."""
    one = instrument(view, kind, query)
    period = query.get("period", "")
    if period not in PERIODS:
        raise refuse(-1130, "Data sent for parameter 'period' is not valid.")
    if view.open_interest(one) is None:
        raise nothing_recorded("open interest")
    count = limit(query, kind, 30, 500)
    start, end = integer(query, "startTime"), integer(query, "endTime")
    if start is not None and start < view.now - 31 * DAY:
        raise refuse(-1130, "Data sent for parameter 'startTime' is not valid.")
    step = UTC_INTERVALS[period].width
    newest = min(view.now, view.now if end is None else end) // step * step
    oldest = max(newest - (count - 1) * step, -(-view.market.begins(one) // step) * step)
    if start is not None:
        oldest = max(oldest, -(-start // step) * step)
    rows = []
    for at in range(oldest, newest + 1, step):
        base, mark = view.open_interest(one, at), view.market.mark(one, at)
        if base is not None and mark is not None:
            rows.append(
                {
                    "symbol": one.native,
                    "sumOpenInterest": f"{base:.8f}",
                    "sumOpenInterestValue": f"{base * mark.mark:.8f}",
                    "CMCCirculatingSupply": "0.00000000",
                    "timestamp": at,
                }
            )
    return Reply(rows)


ANSWERS: dict[str, Callable[[WorldNow, MarketKind, Query], Reply]] = {
    "premiumIndex": premium_index,
    "fundingRate": funding_rate,
    "fundingInfo": funding_info,
    "openInterest": open_interest,
}
