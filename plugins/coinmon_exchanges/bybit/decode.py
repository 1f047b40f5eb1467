"""Bybit v5 payloads (EXCHANGES 1.4): base units throughout, `side` is the taker's, lists are newest first."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from coinmon.exchange import Bars, Book, Funding, Instrument, OpenInterest, Ticker
from coinmon_exchanges._columns import (
    BUY,
    SELL,
    Ints,
    JsonRows,
    base_units,
    klines,
    levels,
    moment,
    numbers,
    rows,
    sides,
    strict,
    whole,
)
from coinmon_exchanges._entries import by_name, each_readable, without_odd
from coinmon_exchanges._listing import QUOTES, Draft

_TAKER = {"Buy": BUY, "Sell": SELL}
CATEGORIES = {"spot": "spot", "perp": "linear"}
_NO_COINS = {"commodity", "stock", "forex", "xstocks", "index", "etf"}
"""Kinds of instrument that are no coins (EXCHANGES C8)."""


_UUID_DIGITS = np.r_[0:8, 9:13, 14:18]
"""Where the first 64 bits of a UUID's text are."""


@strict("Bybit recent-trade")
def trades(payload: Any, instrument: Instrument) -> JsonRows:
    """Ordered by time and the venue's sequence number; block trades are rows but no trades of the order book."""
    return without_odd(payload["result"]["list"][::-1], partial(_trades, instrument))


def _trades(instrument: Instrument, data: Sequence[Any]) -> JsonRows:
    times = whole([row["time"] for row in data])
    blocks = [row.get("isBlockTrade") for row in data]
    return rows(
        instrument,
        ids([row["execId"] for row in data]),
        times,
        numbers([row["price"] for row in data]),
        base_units([row["size"] for row in data], instrument.contract_size),
        sides([row["side"] for row in data], _TAKER),
        np.lexsort((whole([row.get("seq") or "0" for row in data]), times)),
        np.array([block is not True for block in blocks], np.bool_) if True in blocks else None,
    )


def ids(texts: list[str]) -> Ints:
    """Spot ids are numbers; of a linear UUID the first 63 bits. A whole column at once, as int() of each is dear."""
    lengths = {len(text) for text in texts}
    if lengths != {36}:
        return whole(texts) if 36 not in lengths else np.concatenate([ids([text]) for text in texts])
    digits = np.frombuffer("".join(texts).encode("ascii"), np.uint8).reshape(-1, 36)[:, _UUID_DIGITS]
    return (np.frombuffer(bytes.fromhex(digits.tobytes().decode()), ">u8") >> 1).astype(np.int64)


@strict("Bybit kline")
def bars(payload: Any, instrument: Instrument) -> Bars:
    """Closed bars: the reply's own time tells, as rows have no closed flag. Volume is base, turnover quote."""
    now = int(payload["time"])
    return without_odd(payload["result"]["list"], partial(_bars, instrument, now))


def _bars(instrument: Instrument, now: int, data: Sequence[Any]) -> Bars:
    closed = [row for row in data if int(row[0]) + 60_000 <= now]
    if not closed:
        return Bars.empty(instrument.tick_size)
    columns = list(zip(*reversed(closed), strict=True))
    return klines(instrument, whole(columns[0]), columns[1:5], numbers(columns[5]), numbers(columns[6]))


@strict("Bybit instruments-info")
def listed(payload: Any, kind: str) -> list[dict[str, Any]]:
    entries = payload["result"]["list"]
    trading = [
        each
        for each in entries
        if isinstance(each, dict) and each.get("status") == "Trading" and each.get("symbolType") not in _NO_COINS
    ]
    if kind == "spot":
        return trading
    return [
        each for each in trading if each.get("contractType") == "LinearPerpetual" and each.get("quoteCoin") in QUOTES
    ]


def funding_minutes(entries: list[dict[str, Any]]) -> dict[str, int]:
    """instruments-info counts the funding interval in minutes; spot entries have none."""
    known = [each for each in entries if each.get("fundingInterval")]
    return dict(each_readable(known, lambda each: (each["symbol"], int(each["fundingInterval"]))))


def draft(entry: dict[str, Any], currency: Callable[[str], str]) -> Draft:
    lot, settle = entry["lotSizeFilter"], entry.get("settleCoin")
    return Draft(
        currency(entry["baseCoin"]),
        currency(entry["quoteCoin"]),
        currency(settle) if settle else None,
        entry["symbol"],
        entry["priceFilter"]["tickSize"],
        lot["qtyStep"] if settle else lot["basePrecision"],
        listed_at=entry.get("launchTime"),
    )


@strict("Bybit time")
def time(payload: Any) -> int:
    return moment(payload["time"])


@strict("Bybit tickers")
def by_symbol(payload: Any) -> dict[str, dict[str, Any]]:
    return by_name(payload["result"]["list"], "symbol")


@strict("Bybit tickers")
def open_interest(entry: Any, at: int) -> OpenInterest | None:
    """openInterest is the sum of both sides; singleOpenInterest (since 2026-06) is what other venues publish."""
    single = entry.get("singleOpenInterest")
    value = entry.get("singleOpenInterestValue")
    if single:
        return OpenInterest(at, float(single), float(value) if value else None)
    if not entry.get("openInterest"):
        return None
    both = entry.get("openInterestValue")
    return OpenInterest(at, float(entry["openInterest"]) / 2, float(both) / 2 if both else None)


@strict("Bybit open-interest")
def past_open_interest(payload: Any) -> list[OpenInterest]:
    """Newest first; openInterest is the sum of both sides here too."""

    def of(each: dict[str, Any]) -> OpenInterest:
        single = each.get("singleOpenInterest")
        return OpenInterest(int(each["timestamp"]), float(single) if single else float(each["openInterest"]) / 2)

    return each_readable(payload["result"]["list"], of)


@strict("Bybit funding/history")
def past_funding(payload: Any) -> list[tuple[int, float, float | None]]:
    """Time and rate of settlements."""
    return each_readable(
        payload["result"]["list"],
        lambda each: (int(each["fundingRateTimestamp"]), float(each["fundingRate"]), None),
    )


@strict("Bybit tickers")
def funding(entry: Any, at: int, minutes: int | None) -> Funding | None:
    """`minutes` is the interval of instruments-info, for tickers that do not name it."""
    if not entry.get("fundingRate"):
        return None
    hours = entry.get("fundingIntervalHour")
    interval = int(hours) * 60 if hours else minutes
    mark, index = entry.get("markPrice"), entry.get("indexPrice")
    return Funding(
        at,
        float(entry["fundingRate"]),
        int(entry.get("nextFundingTime") or 0) or None,
        interval * 60_000 if interval else None,
        float(mark) if mark else None,
        float(index) if index else None,
    )


@strict("Bybit tickers")
def ticker(entry: Any, at: int) -> Ticker:
    bid, ask = entry.get("bid1Price"), entry.get("ask1Price")
    return Ticker(
        at,
        float(entry["lastPrice"]),
        float(bid) if bid else None,
        float(ask) if ask else None,
        float(entry["volume24h"]),
        float(entry["turnover24h"]),
    )


@strict("Bybit orderbook")
def book(payload: Any) -> Book:
    entry = payload["result"]
    return Book(int(entry["ts"]), levels(entry["b"]), levels(entry["a"]))
