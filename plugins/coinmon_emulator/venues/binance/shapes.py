"""Odd shapes of Binance's answers: an ended market, numbers that are not there, a finer price grid."""

from __future__ import annotations

from typing import Any

import orjson

from coinmon_emulator.market.decimals import finer
from coinmon_emulator.server.odd_rows import EMPTIED, empty, with_strange_rows

BULK = ("premiumIndex", "ticker/24hr", "fundingInfo", "aggTrades", "klines")


def reshape(path: str, body: Any, shape: str, base: str) -> bool:
    """Change what the answer says of one coin; whether it says anything of it."""
    if path.endswith("/exchangeInfo"):
        found = [row for row in body["symbols"] if isinstance(row, dict) and row.get("baseAsset") == base]
        for row in found:
            if shape == "delisted":
                row["status"] = "SETTLING" if path.startswith("/fapi") else "BREAK"
            for each in row["filters"] if shape == "tick" else ():
                if each["filterType"] == "PRICE_FILTER":
                    each["tickSize"] = each["minPrice"] = finer(each["tickSize"])
            if shape == "broken":
                row["filters"] = [each for each in row["filters"] if each["filterType"] != "PRICE_FILTER"]
        return bool(found) and shape in ("delisted", "tick", "broken")
    if shape not in EMPTIED:
        return False
    rows = body if isinstance(body, list) else [body]
    found = [row for row in rows if isinstance(row, dict) and str(row.get("symbol", "")).startswith(base + "USD")]
    names = {
        "/fapi/v1/premiumIndex": ("lastFundingRate", "indexPrice"),
        "/fapi/v1/openInterest": ("openInterest",),
        "/fapi/v1/fundingInfo": ("fundingIntervalHours",),
    }.get(path, ())
    for row in found:
        empty(row, names, shape)
    return bool(found and names)


def strange(path: str, body: Any) -> bool:
    """Put what is no row into lists of rows; whether there was one."""
    rows = body.get("symbols") if path.endswith("/exchangeInfo") else body
    if not isinstance(rows, list) or not path.endswith(("/exchangeInfo", *BULK)):
        return False
    with_strange_rows(rows)
    return True


def reframe(payload: bytes, shape: str) -> bytes:
    """A message of a stream in an odd shape."""
    told = orjson.loads(payload)
    data = told.get("data", told) if isinstance(told, dict) else told
    if shape != "oddrow" or not isinstance(data, list) or not data:
        return payload
    data.insert(0, {**data[0], "s": "NEWUSDT", "p": "", "r": ""})
    return orjson.dumps(told)
