"""Odd shapes of OKX's answers: an ended market, empty numbers, a finer price grid."""

from __future__ import annotations

from typing import Any

from coinmon_emulator.market.decimals import finer


def reshape(path: str, body: Any, shape: str, base: str) -> bool:
    """Change what the answer says of one coin; whether it says anything of it."""
    found = [row for row in body["data"] if isinstance(row, dict) and row.get("instId", "").startswith(base + "-")]
    for row in found:
        if path.endswith("/public/instruments") and shape == "delisted":
            row["state"] = "suspend"
        elif path.endswith("/public/instruments") and shape == "tick":
            row["tickSz"] = finer(row["tickSz"])
        elif path.endswith("/public/funding-rate") and shape == "odd":
            row |= {"fundingRate": "", "nextFundingTime": ""}
        elif path.endswith("/public/open-interest") and shape == "odd":
            row |= {"oi": "", "oiCcy": "", "oiUsd": ""}
        else:
            return False
    return bool(found)
