"""ccxt's unified structures to ours, for venues without a decoder of their own (CCXT.md 3 names what they lose)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from hashlib import blake2b
from typing import Any, Literal

import numpy as np

from coinmon.exchange import Bars, Book, Funding, Instrument, OpenInterest, Ticker
from coinmon_exchanges._columns import JsonRows, base_units, klines, levels, numbers, rows, strict, whole
from coinmon_exchanges._entries import without_odd
from coinmon_exchanges._listing import QUOTES, Draft

_DECIMAL_PLACES, _TICK_SIZE = 2, 4
_FINEST = Decimal("0.00000001")
"""The grid where a venue has none (prices of so many significant digits): fine enough, and exact in 63 bits."""
_TAKER = {"buy": 1, "sell": -1}
_ID_LIMIT = 2**63


_NO_COINS = ("commodity", "stock", "forex", "xstocks", "index", "etf")


def wanted(markets: Mapping[str, Any], kinds: Sequence[str]) -> Iterator[dict[str, Any]]:
    for market in markets.values():
        if market.get("active") is False or _no_coin(market.get("info")):
            continue
        perp = market.get("swap") and market.get("linear") and market.get("quote") in QUOTES
        if (market.get("spot") and "spot" in kinds) or (perp and "perp" in kinds):
            yield market


def _no_coin(info: Any) -> bool:
    """Whether the venue's own entry, as ccxt hands it on, is of gold, a stock or a currency (EXCHANGES C8)."""
    if not isinstance(info, dict):
        return False
    return info.get("instCategory") not in (None, "", "1") or info.get("symbolType") in _NO_COINS


def draft(market: dict[str, Any], precision_mode: int) -> Draft:
    perp = bool(market.get("swap"))
    precision = market.get("precision") or {}
    return Draft(
        market["base"],
        market["quote"],
        market["settle"] if perp else None,
        market["id"],
        str(_grid(precision.get("price"), precision_mode)),
        str(_grid(precision.get("amount"), precision_mode)),
        Decimal(str(market.get("contractSize") or 1)) if perp else Decimal(1),
    )


def _grid(precision: Any, mode: int) -> Decimal:
    if precision is None or mode not in (_DECIMAL_PLACES, _TICK_SIZE):
        return _FINEST
    return Decimal(1).scaleb(-int(precision)) if mode == _DECIMAL_PLACES else Decimal(str(precision))


OpenInterestUnit = Literal["base", "base of both sides", "contracts", "quote", "base as value"]
"""What ccxt's figure counts; "base as value": base units that stand where ccxt's value in quote currency should."""


@strict("ccxt fetch_ohlcv")
def bars(payload: Any, instrument: Instrument, in_contracts: bool = False) -> Bars:
    """[t, o, h, l, c, v]. Of a contract worth other than one base unit, v is unknown unless known to count them."""
    if payload == []:
        return Bars.empty(instrument.tick_size)
    return without_odd(payload, partial(_bars, instrument, instrument.contract_size == 1 or in_contracts))


def _bars(instrument: Instrument, is_known: bool, page: Sequence[Any]) -> Bars:
    columns = list(zip(*(row[:6] for row in page), strict=True))
    volume = base_units(columns[5], instrument.contract_size) if is_known else np.full(len(page), np.nan)
    return klines(instrument, whole(columns[0]), columns[1:5], volume)


@strict("ccxt fetch_trades")
def trades(payload: Any, instrument: Instrument, maker_side: bool) -> tuple[JsonRows, bool]:
    """The trades, and whether each one says which side took. Amounts of swaps are contracts.

    maker_side: ccxt passes the maker's side for this venue (EXCHANGES 1.6).
    """
    return without_odd(payload, partial(_trades, instrument, -1 if maker_side else 1))


def _trades(instrument: Instrument, sign: int, page: Sequence[Any]) -> tuple[JsonRows, bool]:
    side = np.array([sign * _TAKER.get(row["side"], 0) for row in page], np.int8)
    times = whole([row["timestamp"] for row in page])
    found = rows(
        instrument,
        whole(list(_ids(page))),
        times,
        numbers([row["price"] for row in page]),
        base_units([row["amount"] for row in page], instrument.contract_size),
        side,
        np.argsort(times, kind="stable"),
        side != 0,
    )
    return found, bool(side.all())


def _ids(payload: Sequence[Any]) -> Iterator[int]:
    """Numbers as they are, else a 63-bit digest; for want of an id, of all it says and its place among twins."""
    twins: Counter[str] = Counter()
    for row in payload:
        text = row.get("id")
        if text is None:
            content = f"{row['timestamp']} {row['side']} {row['price']} {row['amount']}"
            twins[content] += 1
            text = f"{content} {twins[content]}"
        number = int(text) if str(text).isdecimal() else _ID_LIMIT
        yield number if number < _ID_LIMIT else int.from_bytes(blake2b(str(text).encode(), digest_size=8).digest()) >> 1


@strict("ccxt ticker")
def ticker(entry: Any, instrument: Instrument, time: int) -> Ticker:
    base = entry.get("baseVolume") if instrument.contract_size == 1 else None
    return Ticker(
        int(entry.get("timestamp") or time),
        float(entry["last"]),
        _known(entry.get("bid")),
        _known(entry.get("ask")),
        _known(base),
        _known(entry.get("quoteVolume")),
    )


@strict("ccxt funding rate")
def funding(entry: Any, time: int) -> Funding:
    due = entry.get("fundingTimestamp") or entry.get("nextFundingTimestamp")
    interval = str(entry.get("interval") or "")
    hours = int(interval[:-1]) if interval.endswith("h") and interval[:-1].isdecimal() else None
    return Funding(
        int(entry.get("timestamp") or time),
        float(entry["fundingRate"]),
        int(due) if due else None,
        hours * 3_600_000 if hours else None,
        _known(entry.get("markPrice")),
        _known(entry.get("indexPrice")),
    )


@strict("ccxt open interest")
def open_interest(
    entry: Any, instrument: Instrument, time: int, unit: OpenInterestUnit, price: float | None
) -> OpenInterest | None:
    """None: it is not told, or cannot be put into base units. price: what a base unit costs, for `quote`."""
    amount, value = _known(entry.get("openInterestAmount")), _known(entry.get("openInterestValue"))
    if unit == "base as value":
        amount, value = value, None
    elif unit == "quote":
        amount = value / price if value is not None and price else None
    elif unit == "contracts":
        amount = None if amount is None else amount * float(instrument.contract_size)
    elif instrument.contract_size != 1:
        # of such contracts ccxt gives base units or contracts, as the venue does
        return None
    if amount is None:
        return None
    share = 0.5 if unit == "base of both sides" else 1.0
    return OpenInterest(int(entry.get("timestamp") or time), amount * share, None if value is None else value * share)


@strict("ccxt order book")
def book(payload: Any, instrument: Instrument, depth: int, time: int) -> Book:
    bids, asks = (levels(payload[side][:depth], instrument.contract_size) for side in ("bids", "asks"))
    return Book(int(payload.get("timestamp") or time), bids, asks)


def _known(value: Any) -> float | None:
    return None if value is None else float(value)
