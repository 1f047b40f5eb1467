"""How Coinbase words what it refuses: too many requests, a fault of its own, a place it does not serve."""

from __future__ import annotations

from typing import Any

ALWAYS_SAYS_WHEN = False
"""Whether a 429 or 418 has Retry-After even where the fault names no seconds."""
LIMITED = {"message": "Public rate limit exceeded"}
BROKEN = {"message": "Internal server error"}
GEO_BLOCKED = {"message": "Service unavailable from a restricted location."}


def banned(until_ms: int) -> dict[str, Any]:
    """A ban whose end only the text says."""
    return {"message": f"Public rate limit exceeded; banned until {until_ms}"}
