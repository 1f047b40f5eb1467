"""Coinbase Exchange payloads (EXCHANGES 1.5): base units; a trade's `side` is the MAKER's: `sell`, a taker bought."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from coinmon.exchange import Bars, Book, Instrument, Ticker
from coinmon_exchanges._columns import (
    BUY,
    SELL,
    JsonRows,
    by_id,
    iso_times,
    klines,
    levels,
    moment,
    numbers,
    rows,
    sides,
    strict,
    whole,
)
from coinmon_exchanges._entries import without_odd
from coinmon_exchanges._listing import Draft

_TAKER = {"sell": BUY, "buy": SELL}


@strict("Coinbase trades")
def trades(payload: Any, instrument: Instrument) -> JsonRows:
    return without_odd(payload, partial(_trades, instrument))


def _trades(instrument: Instrument, page: Sequence[Any]) -> JsonRows:
    ids = whole([row["trade_id"] for row in page])
    return rows(
        instrument,
        ids,
        iso_times([row["time"] for row in page]),
        numbers([row["price"] for row in page]),
        numbers([row["size"] for row in page]),
        sides([row["side"] for row in page], _TAKER),
        by_id(ids),
    )


@strict("Coinbase candles")
def bars(payload: Any, instrument: Instrument) -> Bars:
    """Rows are [seconds, LOW, HIGH, OPEN, CLOSE, base volume], newest first; quiet minutes are absent."""
    return Bars.empty(instrument.tick_size) if payload == [] else without_odd(payload, partial(_bars, instrument))


def _bars(instrument: Instrument, page: Sequence[Any]) -> Bars:
    time, low, high, opened, close, volume = zip(*reversed(page), strict=True)
    return klines(instrument, whole(time) * 1000, (opened, high, low, close), numbers(volume))


@strict("Coinbase products")
def listed(payload: Any) -> list[dict[str, Any]]:
    return [
        each
        for each in payload
        if isinstance(each, dict) and each.get("status") == "online" and not each.get("trading_disabled")
    ]


def draft(entry: dict[str, Any], currency: Callable[[str], str]) -> Draft:
    base, quote = currency(entry["base_currency"]), currency(entry["quote_currency"])
    return Draft(base, quote, None, entry["id"], entry["quote_increment"], entry["base_increment"])


@strict("Coinbase time")
def time(payload: Any) -> int:
    return moment(round(float(payload["epoch"]) * 1000))


@strict("Coinbase ticker")
def ticker(payload: Any) -> Ticker:
    """volume is base; the quote volume is not given."""
    time = int(iso_times([payload["time"]])[0])
    # a side of the book may be empty
    bid, ask = (float(payload[name]) if payload.get(name) else None for name in ("bid", "ask"))
    return Ticker(time, float(payload["price"]), bid, ask, float(payload["volume"]))


@strict("Coinbase book")
def book(payload: Any, depth: int) -> Book:
    bids, asks = (levels(payload[side][:depth]) for side in ("bids", "asks"))
    return Book(int(iso_times([payload["time"]])[0]), bids, asks)
