"""Odd shapes of OKX's answers: an ended market, numbers that are not there, a finer price grid, books."""

from __future__ import annotations

from typing import Any

import orjson

from coinmon_emulator.market.decimals import finer
from coinmon_emulator.server.odd_rows import EMPTIED, empty, with_strange_rows

PAGES = ("/market/trades", "/market/history-trades", "/market/candles", "/market/history-candles")
NUMBERS = {
    "/public/funding-rate": ("fundingRate", "nextFundingTime"),
    "/public/open-interest": ("oi", "oiCcy", "oiUsd"),
    "/public/mark-price": ("markPx",),
}


def reshape(path: str, body: Any, shape: str, base: str) -> bool:
    """Change what the answer says of one coin; whether it says anything of it."""
    found = [row for row in body["data"] if isinstance(row, dict) and row.get("instId", "").startswith(base + "-")]
    names = next((names for end, names in NUMBERS.items() if path.endswith(end)), ())
    instruments = path.endswith("/public/instruments")
    for row in found:
        if instruments and shape == "delisted":
            row["state"] = "suspend"
        elif instruments and shape == "tick":
            row["tickSz"] = finer(row["tickSz"])
        elif instruments and shape == "broken":
            row |= {"tickSz": "", "ctVal": ""}
        elif names and shape in EMPTIED:
            empty(row, names, shape)
        else:
            return False
    return bool(found)


def strange(path: str, body: Any) -> bool:
    """Put what is no row into lists of rows; whether there was one."""
    if not body["data"] or not path.endswith(("/public/instruments", "/market/tickers", *PAGES, *NUMBERS)):
        return False
    with_strange_rows(body["data"])
    return True


def reframe(payload: bytes, shape: str) -> bytes:
    """A message of a stream in an odd shape."""
    told = orjson.loads(payload)
    if shape == "noprev" and told.get("action") == "snapshot":
        del told["data"][0]["prevSeqId"]
    elif shape == "oddrow" and told.get("arg", {}).get("channel") == "liquidation-orders" and told.get("data"):
        details = told["data"][0]["details"]
        details.insert(0, {**details[0], "bkPx": "", "sz": ""})
    else:
        return payload
    return orjson.dumps(told)
