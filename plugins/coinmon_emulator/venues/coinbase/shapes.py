"""Odd shapes of Coinbase's answers: an ended market, empty numbers, a finer price grid."""

from __future__ import annotations

from typing import Any

from coinmon_emulator.market.decimals import finer


def reshape(path: str, body: Any, shape: str, base: str) -> bool:
    """Change what the answer says of one coin; whether it says anything of it."""
    rows = body if isinstance(body, list) else [body]
    found = [row for row in rows if isinstance(row, dict) and row.get("base_currency") == base]
    for row in found:
        if shape == "delisted":
            row |= {"status": "delisted", "trading_disabled": True}
        elif shape == "tick":
            row["quote_increment"] = finer(row["quote_increment"])
    return bool(found) and shape in ("delisted", "tick")
