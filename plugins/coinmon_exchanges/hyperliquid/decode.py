"""Hyperliquid's answers (EXCHANGES C19): sizes in base units, `side` is the taker's: B bought, A sold."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from coinmon.exchange import MINUTE, Bars, Book, Funding, Instrument, OpenInterest, Ticker
from coinmon_exchanges._columns import BUY, SELL, JsonRows, klines, levels, moment, numbers, rows, sides, strict, whole
from coinmon_exchanges._entries import each_readable, without_odd
from coinmon_exchanges._listing import Draft

TAKER = {"B": BUY, "A": SELL}
QUOTE = "USDC"
BOOK_LEVELS = 20
"""A side of a book has at most so many."""
_PRICE_DECIMALS = 6
"""A price has at most so many decimals less those of the size, and at most five figures, which vary with the price."""
_HOUR_MS = 60 * MINUTE


@strict("Hyperliquid metaAndAssetCtxs")
def figures(payload: Any) -> list[dict[str, Any]]:
    """An entry for each coin: what the list says of it, and its figures, which come in the same order."""
    universe, contexts = payload[0]["universe"], payload[1]
    if len(universe) != len(contexts):
        raise ValueError(f"{len(universe)} coins and figures of {len(contexts)}")
    return [
        {**context, **coin}
        for coin, context in zip(universe, contexts, strict=True)
        if isinstance(coin, dict) and isinstance(context, dict) and isinstance(coin.get("name"), str)
    ]


def trading(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in entries if each.get("isDelisted") is not True]


def draft(entry: dict[str, Any], currency: Callable[[str], str]) -> Draft:
    """The name as it is: `kPEPE` is a thousand PEPE. The tick is the finest that any price of the coin may have."""
    decimals = int(entry["szDecimals"])
    if not 0 <= decimals <= _PRICE_DECIMALS:
        raise ValueError(f"sizes of {decimals} decimals")
    tick, lot = f"1e-{_PRICE_DECIMALS - decimals}", f"1e-{decimals}"
    return Draft(entry["name"], QUOTE, QUOTE, entry["name"], tick, lot)


@strict("Hyperliquid exchangeStatus")
def time(payload: Any) -> int:
    return moment(payload["time"])


@strict("Hyperliquid candleSnapshot")
def bars(payload: Any, instrument: Instrument) -> Bars:
    """Oldest first, the open minute too. v is base units; there is neither quote volume nor taker split."""
    return Bars.empty(instrument.tick_size) if payload == [] else without_odd(payload, partial(_bars, instrument))


def _bars(instrument: Instrument, page: Sequence[Any]) -> Bars:
    prices = [[row[name] for row in page] for name in ("o", "h", "l", "c")]
    return klines(
        instrument,
        whole([row["t"] for row in page]),
        prices,
        numbers([row["v"] for row in page]),
        trades=whole([row["n"] for row in page]),
    )


@strict("Hyperliquid recentTrades")
def trades(payload: Any, instrument: Instrument) -> JsonRows:
    """Newest first. Ids are no sequence: they prove nothing but that a trade is the same one."""
    return without_odd(payload, partial(_trades, instrument))


def _trades(instrument: Instrument, page: Sequence[Any]) -> JsonRows:
    times = whole([row["time"] for row in page])
    order = np.lexsort((-np.arange(len(times)), times))
    return rows(
        instrument,
        whole([row["tid"] for row in page]),
        times,
        numbers([row["px"] for row in page]),
        numbers([row["sz"] for row in page]),
        sides([row["side"] for row in page], TAKER),
        order,
    )


@strict("Hyperliquid metaAndAssetCtxs")
def open_interest(entry: Any, at: int) -> OpenInterest:
    return OpenInterest(at, float(entry["openInterest"]), float(entry["openInterest"]) * float(entry["markPx"]))


@strict("Hyperliquid metaAndAssetCtxs")
def funding(entry: Any, at: int) -> Funding:
    """The rate of an hour, settled on the hour."""
    oracle = entry.get("oraclePx")
    return Funding(
        at,
        float(entry["funding"]),
        (at // _HOUR_MS + 1) * _HOUR_MS,
        _HOUR_MS,
        float(entry["markPx"]),
        float(oracle) if oracle else None,
    )


@strict("Hyperliquid fundingHistory")
def past_funding(payload: Any) -> list[tuple[int, float, float | None]]:
    """Time and rate of settlements, oldest first."""
    return each_readable(payload, lambda each: (int(each["time"]), float(each["fundingRate"]), None))


@strict("Hyperliquid metaAndAssetCtxs")
def ticker(entry: Any, at: int) -> Ticker:
    """Its last price is not said: the mid, or the mark where a side of the book is empty."""
    base, quote = entry.get("dayBaseVlm"), entry.get("dayNtlVlm")
    return Ticker(
        at,
        float(entry.get("midPx") or entry["markPx"]),
        None,
        None,
        float(base) if base else None,
        float(quote) if quote else None,
    )


@strict("Hyperliquid l2Book")
def book(payload: Any) -> Book:
    bids, asks = (levels([(row["px"], row["sz"]) for row in side]) for side in payload["levels"])
    # what lies beyond the last of twenty levels is not told
    low = float(bids[-1, 0]) if len(bids) >= BOOK_LEVELS else None
    high = float(asks[-1, 0]) if len(asks) >= BOOK_LEVELS else None
    return Book(int(payload["time"]), bids, asks, low, high)
