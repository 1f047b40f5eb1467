"""How Bybit words what it refuses: too many requests, a fault of its own, a place it does not serve."""

from __future__ import annotations

ALWAYS_SAYS_WHEN = False
"""Whether a 429 or 418 has Retry-After even where the fault names no seconds."""
LIMITED = {"retCode": 10006, "retMsg": "Too many visits!", "result": {}, "retExtInfo": {}, "time": 0}
BROKEN = {"retCode": 10016, "retMsg": "Internal server error.", "result": {}, "retExtInfo": {}, "time": 0}
GEO_BLOCKED = {"message": "Service unavailable from a restricted location."}
