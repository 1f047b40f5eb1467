"""Odd shapes of Bybit's answers: an ended market, numbers that are not there, a finer price grid."""

from __future__ import annotations

from typing import Any

import orjson

from coinmon_emulator.market.decimals import finer
from coinmon_emulator.server.odd_rows import EMPTIED, empty, with_strange_rows

EMPTY_BEFORE_THE_FIRST_SETTLEMENT = (
    "fundingRate",
    "nextFundingTime",
    "fundingIntervalHour",
    "openInterest",
    "singleOpenInterest",
)


def reshape(path: str, body: Any, shape: str, base: str) -> bool:
    """Change what the answer says of one coin; whether it says anything of it."""
    rows = [row for row in body["result"].get("list") or [] if isinstance(row, dict)]
    if path.endswith("/instruments-info"):
        found = [row for row in rows if row.get("baseCoin") == base]
        for row in found:
            if shape == "delisted":
                row["status"] = "Closed"
            elif shape == "tick":
                row["priceFilter"]["tickSize"] = finer(row["priceFilter"]["tickSize"])
            elif shape == "broken":
                row["priceFilter"], row["fundingInterval"] = None, None
        return bool(found) and shape in ("delisted", "tick", "broken")
    if path.endswith("/tickers") and shape in EMPTIED:
        found = [row for row in rows if row.get("symbol", "").startswith(base + "USD") and "fundingRate" in row]
        for row in found:
            empty(row, EMPTY_BEFORE_THE_FIRST_SETTLEMENT, shape)
        return bool(found)
    return False


def strange(path: str, body: Any) -> bool:
    """Put what is no row into lists of rows; whether there was one."""
    rows = body["result"].get("list")
    if not rows or not path.endswith(("/instruments-info", "/tickers", "/recent-trade", "/kline")):
        return False
    with_strange_rows(rows)
    return True


def reframe(payload: bytes, shape: str) -> bytes:
    """A message of a stream in an odd shape."""
    told = orjson.loads(payload)
    if shape != "oddrow" or not told.get("topic", "").startswith("allLiquidation"):
        return payload
    told["data"].insert(0, {**told["data"][0], "p": "", "v": ""})
    return orjson.dumps(told)
