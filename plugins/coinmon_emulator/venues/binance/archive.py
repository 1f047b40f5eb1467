"""Binance Vision: days and months of aggregates, trades, klines, metrics and funding (EXCHANGES 6.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from coinmon_emulator.market.decimals import fixed
from coinmon_emulator.market.intervals import CandleInterval
from coinmon_emulator.market.market import HOUR, MINUTE, Listed
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.files import DATE, published, span_of, zipped
from coinmon_emulator.venues.binance.trades import Aggregates

HAS_CHECKSUMS = True
SPOT_IN_MICROSECONDS = 1_735_689_600_000  # 2025-01-01
VISION = re.compile(
    r"data/(?P<market>spot|futures/um)/(?P<period>daily|monthly)/"
    r"(?P<set>aggTrades|trades|klines|metrics|fundingRate)/(?P<symbol>\w+)/(?:1m/)?"
    rf"(?P<name>\w+-(?P<part>aggTrades|trades|1m|metrics|fundingRate)-{DATE})\.zip"
)
HEADERS = {
    "aggTrades": "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker",
    "trades": "id,price,qty,quote_qty,time,is_buyer_maker",
    "1m": "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,"
    "taker_buy_quote_volume,ignore",
    "metrics": "create_time,symbol,sum_open_interest,sum_open_interest_value,count_toptrader_long_short_ratio,"
    "sum_toptrader_long_short_ratio,count_long_short_ratio,sum_taker_long_short_vol_ratio",
    "fundingRate": "calc_time,funding_interval_hours,last_funding_rate",
}


def file(view: WorldNow, path: str) -> bytes | None:
    matched = VISION.fullmatch(path)
    if matched is None:
        return None
    spot = matched["market"] == "spot"
    one = view.find("binance", "spot" if spot else "perp", matched["symbol"])
    span = span_of(matched["date"], monthly=matched["period"] == "monthly")
    if one is None or span is None or not published(view, one, *span):
        return None
    rows = _vision_rows(view, one, matched["part"], *span)
    if rows is None:
        return None
    header = [] if spot else [HEADERS[matched["part"]]]
    return zipped(view, matched["name"], [*header, *rows])


def _vision_rows(view: WorldNow, one: Listed, part: str, start: int, end: int) -> Iterable[str] | None:
    spot = one.kind == "spot"
    scale = 1000 if spot and start >= SPOT_IN_MICROSECONDS else 1
    if part == "aggTrades":
        return _aggregated(view, one, start, end, scale)
    if part == "trades":
        return _filled(view, one, start, end, scale)
    if part == "1m":
        return _candles(view, one, start, end, scale)
    if spot:
        return None
    return _metrics(view, one, start, end) if part == "metrics" else _funding(view, one, start, end)


def _aggregated(view: WorldNow, one: Listed, start: int, end: int, scale: int) -> Iterator[str]:
    found = Aggregates(view, one)
    yes, no, best = ("True", "False", ",True") if one.kind == "spot" else ("true", "false", "")
    for row in found.page(found.from_time(start), found.from_time(end)):
        maker = yes if row["m"] else no
        yield f"{row['a']},{row['p']},{row['q']},{row['f']},{row['l']},{row['T'] * scale},{maker}{best}"


def _filled(view: WorldNow, one: Listed, start: int, end: int, scale: int) -> Iterator[str]:
    spot = one.kind == "spot"
    places = 8 if spot else one.price_text + one.size_text
    for trade_id, time, price, size, side in view.spoiled(view.between(one, start, end)).rows():
        fields = (
            str(trade_id),
            fixed(price, one.price_digits, one.price_text),
            fixed(size, one.size_digits, one.size_text),
            fixed(price * size, one.quote_digits, places),
            str(time * scale),
            str(side < 0) if spot else str(side < 0).lower(),
        )
        yield ",".join(fields) + (",True" if spot else "")


def _candles(view: WorldNow, one: Listed, start: int, end: int, scale: int) -> Iterator[str]:
    places = 8 if one.kind == "spot" else one.price_text + one.size_text
    for opened, *prices, volume, quote, count, bought, bought_quote in view.bars(
        one, CandleInterval(MINUTE), start, end
    ).rows():
        closed = opened * scale + MINUTE * scale - 1
        fields = [
            str(opened * scale),
            *(fixed(price, one.price_digits, one.price_text) for price in prices),
            fixed(volume, one.size_digits, one.size_text),
            str(closed),
            fixed(quote, one.quote_digits, places),
            str(count),
            fixed(bought, one.size_digits, one.size_text),
            fixed(bought_quote, one.quote_digits, places),
            "0",
        ]
        yield ",".join(fields)


METRICS_LABELS_ARE_STARTS_FROM = 1_782_345_600_000
"""2026-06-25 00:00 UTC, in ms."""


def _metrics(view: WorldNow, one: Listed, start: int, end: int) -> Iterator[str] | None:
    if view.open_interest(one, start) is None:
        return None
    return _open_interest(view, one, start, end)


def _open_interest(view: WorldNow, one: Listed, start: int, end: int) -> Iterator[str]:
    # since 2026-06-25 a row is labelled with the start of its five minutes, before with their end (EXCHANGES C1)
    shift = 5 * MINUTE if start >= METRICS_LABELS_ARE_STARTS_FROM else 0
    first, last = start + 5 * MINUTE, end + 5 * MINUTE
    # the venue's rows are not in order
    for at in [*range(first + 5 * MINUTE, last, 10 * MINUTE), *range(first, last, 10 * MINUTE)]:
        base = view.open_interest(one, at) or 0.0
        price = (view.close_before(one, at + 1) or 0) / 10**one.price_digits
        text = datetime.fromtimestamp((at - shift) / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
        yield f"{text},{one.native},{base:.3f},{base * price:.8f},1.5,1.4,1.3,1.0"


def _funding(view: WorldNow, one: Listed, start: int, end: int) -> Iterator[str] | None:
    found = view.settlements(one, start, end)
    if found is None:
        return None
    return (
        f"{each.time + each.time // HOUR % 7},{one.as_of('funding_hours', each.time)},{each.rate:.8f}" for each in found
    )
