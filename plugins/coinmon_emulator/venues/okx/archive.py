"""OKX's files: a day of trades that begins at 16:00 UTC (EXCHANGES 6.3)."""

from __future__ import annotations

import re

from coinmon_emulator.market.decimals import plain
from coinmon_emulator.market.market import DAY, HOUR
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.files import DATE, published, span_of, zipped
from coinmon_emulator.venues.okx.query import amount

HAS_CHECKSUMS = False
OKX = re.compile(rf"cdn/okex/traderecords/trades/daily/(?P<day>\d{{8}})/(?P<name>(?P<symbol>[^/]+)-trades-{DATE})\.zip")

OLD_HEADER = "trade_id/撮合id,side/交易方向,size/数量,price/价格,created_time/成交时间"
"""Of the files before 2025, written in GBK (EXCHANGES C16)."""


def file(view: WorldNow, path: str) -> bytes | None:
    matched = OKX.fullmatch(path)
    if matched is None or matched["day"] != matched["date"].replace("-", ""):
        return None
    kind = "perp" if matched["symbol"].endswith("-SWAP") else "spot"
    one = view.find("okx", kind, matched["symbol"])
    span = span_of(matched["date"], monthly=False)
    if one is None or span is None:
        return None
    start, end = span[0] - 8 * HOUR, span[1] - 8 * HOUR
    # a day late, where Binance and Bybit have the day before
    if view.now < end + DAY or not published(view, one, start, end):
        return None
    old = "gbk" in view.spoil.files
    rows = [OLD_HEADER if old else "instrument_name,trade_id,side,price,size,created_time,source"]
    for trade_id, time, price, size, side in view.spoiled(view.between(one, start, end)).rows():
        amounts = f"{plain(price, one.price_digits)},{amount(one, size, time)}"
        taker = "buy" if side > 0 else "sell"
        if old:
            amounts = f"{amount(one, size, time)},{plain(price, one.price_digits)}"
            rows.append(f"{trade_id},{taker},{amounts},{time}")
        else:
            rows.append(f"{one.native},{trade_id},{taker},{amounts},{time},0")
    return zipped(view, matched["name"], rows)
