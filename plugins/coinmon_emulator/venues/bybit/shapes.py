"""Odd shapes of Bybit's answers: an ended market, empty numbers, a finer price grid."""

from __future__ import annotations

from typing import Any

from coinmon_emulator.market.decimals import finer

EMPTY_BEFORE_THE_FIRST_SETTLEMENT = (
    "fundingRate",
    "nextFundingTime",
    "fundingIntervalHour",
    "openInterest",
    "singleOpenInterest",
)


def reshape(path: str, body: Any, shape: str, base: str) -> bool:
    """Change what the answer says of one coin; whether it says anything of it."""
    rows = body["result"].get("list") or []
    if path.endswith("/instruments-info"):
        found = [row for row in rows if row["baseCoin"] == base]
        for row in found:
            if shape == "delisted":
                row["status"] = "Closed"
            elif shape == "tick":
                row["priceFilter"]["tickSize"] = finer(row["priceFilter"]["tickSize"])
        return bool(found) and shape in ("delisted", "tick")
    if path.endswith("/tickers") and shape == "odd":
        found = [row for row in rows if row["symbol"].startswith(base + "USD") and "fundingRate" in row]
        for row in found:
            row |= dict.fromkeys(EMPTY_BEFORE_THE_FIRST_SETTLEMENT, "")
        return bool(found)
    return False
