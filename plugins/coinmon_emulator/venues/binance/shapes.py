"""Odd shapes of Binance's answers: an ended market, empty numbers, a finer price grid."""

from __future__ import annotations

from typing import Any

from coinmon_emulator.market.decimals import finer


def reshape(path: str, body: Any, shape: str, base: str) -> bool:
    """Change what the answer says of one coin; whether it says anything of it."""
    if path.endswith("/exchangeInfo"):
        found = [row for row in body["symbols"] if row["baseAsset"] == base]
        for row in found:
            if shape == "delisted":
                row["status"] = "SETTLING" if path.startswith("/fapi") else "BREAK"
            elif shape == "tick":
                filters = [each for each in row["filters"] if each["filterType"] == "PRICE_FILTER"]
                for each in filters:
                    each["tickSize"] = each["minPrice"] = finer(each["tickSize"])
        return bool(found) and shape in ("delisted", "tick")
    if path == "/fapi/v1/premiumIndex" and shape == "odd":
        rows = body if isinstance(body, list) else [body]
        found = [row for row in rows if row["symbol"].startswith(base + "USD")]
        for row in found:
            row |= {"lastFundingRate": "", "indexPrice": ""}
        return bool(found)
    return False
