"""How Binance words what it refuses: too many requests, a fault of its own, a place it does not serve."""

from __future__ import annotations

from typing import Any

ALWAYS_SAYS_WHEN = True
"""Whether a 429 or 418 has Retry-After even where the fault names no seconds."""
LIMITED = {"code": -1003, "msg": "Too many requests; current limit of IP is reached."}
BROKEN = {"code": -1001, "msg": "Internal error; unable to process your request. Please try again."}
GEO_BLOCKED = {
    "code": 0,
    "msg": "Service unavailable from a restricted location according to 'b. Eligibility' in "
    "https://www.binance.com/en/terms. Please contact customer service if you believe you received this message in "
    "error.",
}


def banned(until_ms: int) -> dict[str, Any]:
    """A ban whose end only the text says."""
    return {
        "code": -1003,
        "msg": f"Way too much request weight used; IP banned until {until_ms}. Please use WebSocket Streams for live "
        "updates to avoid bans.",
    }
