"""The venues' public files of history (EXCHANGES 6), made when they are asked for: only of days that are over."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from coinmon_emulator.market.decimals import fixed, plain
from coinmon_emulator.market.intervals import CandleInterval
from coinmon_emulator.market.market import DAY, HOUR, MINUTE, Listed
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.reply import Reply
from coinmon_emulator.venues.binance.trades import Aggregates

PREFIX = "/archive/"
"""Below a venue's own address; `archive_url` of the configuration points here."""
SPOT_IN_MICROSECONDS = 1_735_689_600_000  # 2025-01-01
DATE = r"(?P<date>\d{4}-\d{2}(?:-\d{2})?)"
VISION = re.compile(
    r"data/(?P<market>spot|futures/um)/(?P<period>daily|monthly)/"
    r"(?P<set>aggTrades|trades|klines|metrics|fundingRate)/(?P<symbol>[A-Z0-9]+)/(?:1m/)?"
    rf"(?P<name>[A-Z0-9]+-(?P<part>aggTrades|trades|1m|metrics|fundingRate)-{DATE})\.zip(?P<sum>\.CHECKSUM)?"
)
BYBIT = re.compile(rf"(?P<folder>trading|spot)/(?P<symbol>[A-Z0-9]+?)/(?P=symbol)(?P<mark>_?){DATE}\.csv\.gz")
OKX = re.compile(
    rf"cdn/okex/traderecords/trades/daily/(?P<day>\d{{8}})/(?P<name>(?P<symbol>[A-Z0-9-]+)-trades-{DATE})\.zip"
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
NOT_FOUND = Reply(b"not found", 404, content_type="text/plain")


def answer(venue: str, view: WorldNow, path: str) -> Reply:
    """A file below `/archive/`, or 404 as a file host says it."""
    makers = {"binance": _vision, "bybit": _bybit, "okx": _okx}
    maker = makers.get(venue)
    body = maker(view, path.removeprefix(PREFIX)) if maker else None
    if body is None:
        return Reply(NOT_FOUND.body, 404, content_type=NOT_FOUND.content_type)
    return Reply(body, content_type="application/octet-stream")


def _vision(view: WorldNow, path: str) -> bytes | None:
    matched = VISION.fullmatch(path)
    if matched is None:
        return None
    spot = matched["market"] == "spot"
    one = view.find("binance", "spot" if spot else "perp", matched["symbol"])
    span = _span(matched["date"], monthly=matched["period"] == "monthly")
    if one is None or span is None or not _published(view, one, *span):
        return None
    rows = _vision_rows(view, one, matched["part"], *span)
    if rows is None:
        return None
    header = [] if spot else [HEADERS[matched["part"]]]
    body = _zip(matched["name"], [*header, *rows])
    if matched["sum"]:
        return f"{hashlib.sha256(body).hexdigest()}  {matched['name']}.zip\n".encode()
    return body


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
    return (f"{each.time + each.time // HOUR % 7},{one.funding_hours},{each.rate:.8f}" for each in found)


def _bybit(view: WorldNow, path: str) -> bytes | None:
    matched = BYBIT.fullmatch(path)
    if matched is None or (matched["folder"] == "spot") != bool(matched["mark"]):
        return None
    spot = matched["folder"] == "spot"
    one = view.find("bybit", "spot" if spot else "perp", matched["symbol"])
    span = _span(matched["date"], monthly=False)
    if one is None or span is None or not _published(view, one, *span):
        return None
    trades = view.spoiled(view.between(one, *span)).rows()
    if spot:
        rows = ["id,timestamp,price,volume,side,rpi"]
        for number, (_, time, price, size, side) in enumerate(trades, 1):
            text = f"{plain(price, one.price_digits)},{plain(size, one.size_digits)},{'buy' if side > 0 else 'sell'},0"
            rows.append(f"{number},{time},{text}")
    else:
        rows = ["timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional,RPI"]
        for trade_id, time, price, size, side in trades:
            digest = hashlib.md5(str(trade_id).encode(), usedforsecurity=False).hexdigest()
            uuid = "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:]))
            amount, quote = plain(size, one.size_digits), plain(price * size, one.quote_digits)
            where = f"{time // 1000}.{time % 1000:03d}".rstrip("0").rstrip(".")
            rows.append(
                f"{where},{one.native},{'Buy' if side > 0 else 'Sell'},{amount},{plain(price, one.price_digits)},"
                f"PlusTick,{uuid},{quote}e+08,{amount},{quote},0"
            )
    return gzip.compress(_lines(rows), mtime=0)


def _okx(view: WorldNow, path: str) -> bytes | None:
    matched = OKX.fullmatch(path)
    if matched is None or matched["day"] != matched["date"].replace("-", ""):
        return None
    kind = "perp" if matched["symbol"].endswith("-SWAP") else "spot"
    one = view.find("okx", kind, matched["symbol"])
    span = _span(matched["date"], monthly=False)
    if one is None or span is None:
        return None
    start, end = span[0] - 8 * HOUR, span[1] - 8 * HOUR
    # a day late, where Binance and Bybit have the day before
    if not _published(view, one, start, end + DAY):
        return None
    rows = ["instrument_name,trade_id,side,price,size,created_time,source"]
    digits = one.size_digits + (one.contract_exponent or 0)
    for trade_id, time, price, size, side in view.spoiled(view.between(one, start, end)).rows():
        amounts = f"{plain(price, one.price_digits)},{plain(size, digits)}"
        rows.append(f"{one.native},{trade_id},{'buy' if side > 0 else 'sell'},{amounts},{time},0")
    return _zip(matched["name"], rows)


def _span(date: str, *, monthly: bool) -> tuple[int, int] | None:
    """The day or month, ms UTC."""
    if monthly != (len(date) == len("2026-11")):
        return None
    try:
        begin = datetime.strptime(date, "%Y-%m" if monthly else "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    start = round(begin.timestamp() * 1000)
    return start, (CandleInterval(0).after(start) if monthly else start + DAY)


def _published(view: WorldNow, one: Listed, start: int, end: int) -> bool:
    return end <= view.now and end > view.market.begins(one)


def _zip(name: str, rows: Iterable[str]) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        # a fixed time of the file, so that the same day has the same checksum each time
        archive.writestr(zipfile.ZipInfo(f"{name}.csv"), _lines(rows), zipfile.ZIP_DEFLATED)
    return into.getvalue()


def _lines(rows: Iterable[str]) -> bytes:
    return ("\n".join(rows) + "\n").encode()
