"""Odd shapes of Hyperliquid's answers: an ended market, numbers that are not there, a finer size grid."""

from __future__ import annotations

from typing import Any

from coinmon_emulator.server.odd_rows import EMPTIED, empty, with_strange_rows

NOT_YET_KNOWN = ("funding", "openInterest", "premium", "midPx", "impactPxs")


def reshape(path: str, body: Any, shape: str, base: str) -> bool:
    """Change what the answer says of one coin; whether it says anything of it."""
    if path not in ("/info:meta", "/info:metaAndAssetCtxs"):
        return False
    universe = body[0]["universe"] if isinstance(body, list) else body["universe"]
    places = [
        place
        for place, row in enumerate(universe)
        if isinstance(row, dict) and row.get("name") in (base, f"k{base.removeprefix('1000')}")
    ]
    for place in places:
        if shape == "delisted":
            universe[place]["isDelisted"] = True
        elif shape == "tick":
            universe[place]["szDecimals"] = max(0, universe[place]["szDecimals"] - 1)
        elif shape == "broken":
            universe[place]["szDecimals"] = None
        elif shape in EMPTIED and isinstance(body, list):
            empty(body[1][place], NOT_YET_KNOWN, shape)
    known = shape in ("delisted", "tick", "broken") or (shape in EMPTIED and isinstance(body, list))
    return bool(places) and known


def strange(path: str, body: Any) -> bool:
    """Put what is no row into lists of rows; whether there was one. The figures keep the order of the list."""
    if path in ("/info:recentTrades", "/info:candleSnapshot"):
        with_strange_rows(body)
        return True
    if path != "/info:metaAndAssetCtxs":
        return False
    for rows in (body[0]["universe"], body[1]):
        with_strange_rows(rows)
    return True


def reframe(payload: bytes, shape: str) -> bytes:
    """A message of a stream in an odd shape: none is known of Hyperliquid's."""
    return payload
