"""OKX v5 payloads (EXCHANGES 1.3, 4): lists are newest first, swap sizes are contracts, `side` is the taker's."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from coinmon.exchange import Bars, Book, Funding, Instrument, OpenInterest, Ticker
from coinmon_exchanges._columns import (
    BUY,
    SELL,
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
from coinmon_exchanges._columns import by_id as in_order
from coinmon_exchanges._entries import by_name, each_readable, without_odd
from coinmon_exchanges._listing import QUOTES, Draft, exact

_TAKER = {"buy": BUY, "sell": SELL}
_UNITED_MARGIN = "_UM"


@strict("OKX trades")
def trades(payload: Any, instrument: Instrument) -> JsonRows:
    return without_odd(payload["data"], partial(_trades, instrument))


def _trades(instrument: Instrument, data: Sequence[Any]) -> JsonRows:
    ids = whole([row["tradeId"] for row in data])
    return rows(
        instrument,
        ids,
        whole([row["ts"] for row in data]),
        numbers([row["px"] for row in data]),
        base_units([row["sz"] for row in data], instrument.contract_size),
        sides([row["side"] for row in data], _TAKER),
        in_order(ids),
    )


@strict("OKX candles")
def bars(payload: Any, instrument: Instrument) -> Bars:
    """Closed bars (confirm "1"). Base volume is vol for spot and volCcy for swaps, where vol counts contracts."""
    return without_odd(payload["data"], partial(_bars, instrument))


def _bars(instrument: Instrument, data: Sequence[Any]) -> Bars:
    closed = [row for row in data if row[8] == "1"]
    if not closed:
        return Bars.empty(instrument.tick_size)
    columns = list(zip(*reversed(closed), strict=True))
    volume = columns[5] if instrument.kind == "spot" else columns[6]
    return klines(instrument, whole(columns[0]), columns[1:5], numbers(volume), numbers(columns[7]))


@strict("OKX candles")
def times(payload: Any) -> list[int]:
    """Opening times of all rows, the open bar's too, newest first."""
    return each_readable(payload["data"], lambda row: int(row[0]))


@strict("OKX instruments")
def listed(payload: Any) -> list[dict[str, Any]]:
    """Live crypto instruments: spot and linear swaps. Equities and such have another instCategory (EXCHANGES 1.3)."""
    return [
        each
        for each in payload["data"]
        if isinstance(each, dict)
        and each.get("state") == "live"
        and each.get("instCategory", "1") in ("1", "")
        and (each.get("instType") == "SPOT" or each.get("ctType") == "linear")
    ]


def draft(entry: dict[str, Any], currency: Callable[[str], str]) -> Draft:
    """A contract is ctVal x ctMult base units (ccxt leaves ctMult out); swap entries name the pair only in their id."""
    base, quote = entry["instId"].split("-")[:2]
    # BTC-USD_UM-SWAP is margined in dollars, which OKX writes as USD and a circled S (EXCHANGES C6)
    united = quote.endswith(_UNITED_MARGIN)
    quote = quote.removesuffix(_UNITED_MARGIN)
    name, tick, lot, began = entry["instId"], entry["tickSz"], entry["lotSz"], entry.get("listTime")
    if entry["instType"] == "SPOT":
        return Draft(currency(base), currency(quote), None, name, tick, lot, listed_at=began)
    if quote not in QUOTES or entry["ctValCcy"] != base:
        raise ValueError(f"{entry['instId']} is not a linear perp of USD, USDT or USDC")
    size = exact(entry["ctVal"]) * Decimal(entry.get("ctMult") or 1)
    settle = currency("USD" if united else entry["settleCcy"])
    return Draft(currency(base), currency(quote), settle, name, tick, lot, exact(size), began)


@strict("OKX time")
def time(payload: Any) -> int:
    return moment(payload["data"][0]["ts"])


@strict("a bulk answer of OKX")
def by_id(payload: Any) -> dict[str, dict[str, Any]]:
    return by_name(payload["data"], "instId")


@strict("OKX open-interest")
def open_interest(entry: Any) -> OpenInterest:
    """oi is contracts, oiCcy base units; one side."""
    value = entry.get("oiUsd")
    return OpenInterest(int(entry["ts"]), float(entry["oiCcy"]), float(value) if value else None)


@strict("OKX funding-rate")
def funding(entry: Any, mark: Any, index: Any) -> Funding:
    """fundingRate is the forecast for the settlement at fundingTime; the one after it tells the interval."""
    due = int(entry["fundingTime"])
    interval = int(entry["nextFundingTime"] or 0) - due
    known = interval if interval > 0 else None
    return Funding(int(entry["ts"]), float(entry["fundingRate"]), due, known, _known(mark), _known(index))


@strict("OKX open-interest-history")
def past_open_interest(payload: Any) -> list[OpenInterest]:
    """Rows of time, contracts, base units and USD, newest first."""
    return each_readable(payload["data"], lambda row: OpenInterest(int(row[0]), float(row[2]), _known(row[3])))


@strict("OKX funding-rate-history")
def past_funding(payload: Any) -> list[tuple[int, float, float | None]]:
    """Time and rate of settlements; realizedRate is what was paid."""
    return each_readable(
        payload["data"],
        lambda each: (int(each["fundingTime"]), float(each.get("realizedRate") or each["fundingRate"]), None),
    )


@strict("OKX tickers")
def ticker(entry: Any, instrument: Instrument) -> Ticker:
    """SPOT: vol24h base, volCcy24h quote. SWAP: vol24h contracts, volCcy24h base, quote not given."""
    spot = instrument.kind == "spot"
    return Ticker(
        int(entry["ts"]),
        float(entry["last"]),
        _known(entry["bidPx"]),
        _known(entry["askPx"]),
        float(entry["vol24h" if spot else "volCcy24h"]),
        float(entry["volCcy24h"]) if spot else None,
    )


@strict("OKX books")
def book(payload: Any, instrument: Instrument) -> Book:
    entry = payload["data"][0]
    bids, asks = (levels(entry[side], instrument.contract_size) for side in ("bids", "asks"))
    return Book(int(entry["ts"]), bids, asks)


def _known(text: Any) -> float | None:
    return float(text) if text else None
