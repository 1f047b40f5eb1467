"""Odd shapes of Coinbase's answers: an ended market, a broken entry, a finer price grid."""

from __future__ import annotations

from typing import Any

from coinmon_emulator.market.decimals import finer
from coinmon_emulator.server.odd_rows import with_strange_rows


def reshape(path: str, body: Any, shape: str, base: str) -> bool:
    """Change what the answer says of one coin; whether it says anything of it."""
    rows = body if isinstance(body, list) else [body]
    found = [row for row in rows if isinstance(row, dict) and row.get("base_currency") == base]
    for row in found:
        if shape == "delisted":
            row |= {"status": "delisted", "trading_disabled": True}
        elif shape == "tick":
            row["quote_increment"] = finer(row["quote_increment"])
        elif shape == "broken":
            row["quote_increment"] = None
    return bool(found) and shape in ("delisted", "tick", "broken")


def strange(path: str, body: Any) -> bool:
    """Put what is no row into lists of rows; whether there was one."""
    if not path.endswith(("/products", "/trades", "/candles")):
        return False
    with_strange_rows(body)
    return True


def reframe(payload: bytes, shape: str) -> bytes:
    """A message of a stream in an odd shape: each of Coinbase's messages is about one thing, and none is known."""
    return payload
