"""Bybit's public files: a day of trades, gzipped text (EXCHANGES 6.2)."""

from __future__ import annotations

import gzip
import hashlib
import re

from coinmon_emulator.market.decimals import plain
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.files import DATE, published, span_of, text_of

HAS_CHECKSUMS = False
BYBIT = re.compile(rf"(?P<folder>trading|spot)/(?P<symbol>[A-Z0-9]+?)/(?P=symbol)(?P<mark>_?){DATE}\.csv\.gz")


def file(view: WorldNow, path: str) -> bytes | None:
    matched = BYBIT.fullmatch(path)
    if matched is None or (matched["folder"] == "spot") != bool(matched["mark"]):
        return None
    spot = matched["folder"] == "spot"
    one = view.find("bybit", "spot" if spot else "perp", matched["symbol"])
    span = span_of(matched["date"], monthly=False)
    if one is None or span is None or not published(view, one, *span):
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
    return gzip.compress(text_of(view, rows), mtime=0)
