"""Binance spot and USD-M payloads (EXCHANGES 1.1, 1.2): everything is in base units, `m` means the taker sold."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from coinmon.exchange import MINUTE, Bars, Book, Funding, Instrument, OpenInterest, Ticker
from coinmon_exchanges._columns import (
    JsonRows,
    by_id,
    fills_of,
    flags,
    klines,
    levels,
    moment,
    numbers,
    rows,
    strict,
    whole,
)
from coinmon_exchanges._entries import ODD, by_name, each_readable, without_odd
from coinmon_exchanges._listing import QUOTES, Draft


@strict("Binance aggTrades")
def agg_trades(payload: Any, instrument: Instrument) -> JsonRows:
    return without_odd(payload, partial(_agg_trades, instrument))


def _agg_trades(instrument: Instrument, page: Sequence[Any]) -> JsonRows:
    ids = whole([row["a"] for row in page])
    sold = flags([row["m"] for row in page])
    return rows(
        instrument,
        ids,
        whole([row["T"] for row in page]),
        numbers([row["p"] for row in page]),
        numbers([row["q"] for row in page]),
        (1 - 2 * sold).astype(np.int8),
        by_id(ids),
        fills=fills_of([row.get("f", 0) for row in page], [row.get("l", 0) for row in page]),
    )


@strict("Binance klines")
def bars(payload: Any, instrument: Instrument) -> Bars:
    """Columns 9 and 10 are the taker's buys; 7 is quote volume, 8 the number of trades."""
    return Bars.empty(instrument.tick_size) if payload == [] else without_odd(payload, partial(_bars, instrument))


def _bars(instrument: Instrument, page: Sequence[Any]) -> Bars:
    columns = list(zip(*page, strict=True))
    return klines(
        instrument,
        whole(columns[0]),
        columns[1:5],
        numbers(columns[5]),
        numbers(columns[7]),
        whole(columns[8]),
        numbers(columns[9]),
        numbers(columns[10]),
    )


@strict("Binance exchangeInfo")
def listed(payload: Any, kind: str) -> list[dict[str, Any]]:
    """The entries that trade.

    USD-M also has coin-margined, quarterly and equity contracts since 2026: a contract is linear only where its margin
    is its quote (EXCHANGES 1.2, C10).
    """
    entries = [each for each in payload["symbols"] if isinstance(each, dict) and each.get("status") == "TRADING"]
    if kind == "spot":
        return entries
    return [
        each
        for each in entries
        if each.get("contractType") == "PERPETUAL"
        and each.get("quoteAsset") in QUOTES
        and each.get("marginAsset") == each.get("quoteAsset")
        and each.get("underlyingType", "COIN") == "COIN"
    ]


def draft(entry: dict[str, Any], currency: Callable[[str], str]) -> Draft:
    filters = {each["filterType"]: each for each in entry["filters"]}
    settle = entry.get("marginAsset")
    return Draft(
        currency(entry["baseAsset"]),
        currency(entry["quoteAsset"]),
        currency(settle) if settle else None,
        entry["symbol"],
        filters["PRICE_FILTER"]["tickSize"],
        filters["LOT_SIZE"]["stepSize"],
        listed_at=entry.get("onboardDate"),
    )


@strict("Binance time")
def time(payload: Any) -> int:
    return moment(payload["serverTime"])


@strict("an all-symbols answer of Binance")
def by_symbol(payload: Any) -> dict[str, dict[str, Any]]:
    return by_name(payload, "symbol")


@strict("Binance fundingInfo")
def funding_hours(payload: Any) -> dict[str, int]:
    """Hours between settlements of the symbols whose interval was adjusted; the others have Binance's 8."""
    entries = by_name(payload, "symbol").items()
    return dict(each_readable(entries, lambda each: (each[0], int(each[1]["fundingIntervalHours"]))))


@strict("Binance openInterest")
def open_interest(payload: Any) -> OpenInterest:
    return OpenInterest(int(payload["time"]), float(payload["openInterest"]))


@strict("Binance premiumIndex")
def funding(entry: Any, interval_hours: int | None) -> Funding:
    """lastFundingRate is the running estimate for nextFundingTime, which is 0 on contracts without funding."""
    mark, index = entry.get("markPrice"), entry.get("indexPrice")
    return Funding(
        int(entry["time"]),
        float(entry["lastFundingRate"]),
        int(entry["nextFundingTime"]) or None,
        interval_hours * 3_600_000 if interval_hours else None,
        float(mark) if mark else None,
        float(index) if index else None,
    )


def settles_otherwise(entry: Any, interval_hours: int | None) -> bool:
    """Whether its next settlement is at no moment of that interval: Binance shortens intervals within a day."""
    try:
        due, now, interval = int(entry["nextFundingTime"]), int(entry["time"]), (interval_hours or 0) * 3_600_000
        return due > 0 and (due % interval > 0 or due - now > interval + MINUTE)
    except ODD:
        return False


@strict("Binance openInterestHist")
def past_open_interest(payload: Any) -> list[OpenInterest]:
    return each_readable(
        payload,
        lambda each: OpenInterest(
            int(each["timestamp"]), float(each["sumOpenInterest"]), float(each.get("sumOpenInterestValue") or 0) or None
        ),
    )


@strict("Binance fundingRate")
def past_funding(payload: Any) -> list[tuple[int, float, float | None]]:
    """Time, rate and mark price of settlements; old ones have no mark price."""
    return each_readable(
        payload,
        lambda each: (int(each["fundingTime"]), float(each["fundingRate"]), float(each.get("markPrice") or 0) or None),
    )


@strict("Binance ticker/24hr")
def ticker(entry: Any) -> Ticker:
    """USD-M tickers have no bid and ask."""
    bid, ask = entry.get("bidPrice"), entry.get("askPrice")
    return Ticker(
        int(entry["closeTime"]),
        float(entry["lastPrice"]),
        float(bid) if bid else None,
        float(ask) if ask else None,
        float(entry["volume"]),
        float(entry["quoteVolume"]),
    )


@strict("Binance depth")
def book(payload: Any, time: int) -> Book:
    """Spot books carry no time; USD-M books carry the moment of the last change in T."""
    return Book(int(payload.get("T", time)), levels(payload["bids"]), levels(payload["asks"]))
