"""How Bybit words what it refuses: too many requests, a fault of its own, a place it does not serve."""

from __future__ import annotations

from typing import Any

ALWAYS_SAYS_WHEN = False
"""Whether a 429 or 418 has Retry-After even where the fault names no seconds."""
LIMITED = {"retCode": 10006, "retMsg": "Too many visits!", "result": {}, "retExtInfo": {}, "time": 0}
BROKEN = {"retCode": 10016, "retMsg": "Internal server error.", "result": {}, "retExtInfo": {}, "time": 0}
GEO_BLOCKED = {"message": "Service unavailable from a restricted location."}


def banned(until_ms: int) -> dict[str, Any]:
    """A ban whose end only the text says."""
    return {"retCode": 10018, "retMsg": f"Out of frequency limit of IP; banned until {until_ms}.", "result": {}}
