"""How Hyperliquid words what it refuses: `null` where others say why, a line of text where a request is none."""

from __future__ import annotations

from coinmon_emulator.server.reply import Refusal, Reply

ALWAYS_SAYS_WHEN = False
"""Whether a 429 or 418 has Retry-After even where the fault names no seconds."""
LIMITED = None
BROKEN = None
GEO_BLOCKED = {"message": "Service unavailable from a restricted location."}


def banned(until_ms: int) -> dict[str, str]:
    """A ban whose end only the text says."""
    return {"message": f"Too many requests; banned until {until_ms}"}


def no_request() -> Refusal:
    """The body is no request that there is: an unknown type, a field that is missing or of another kind."""
    text = b"Failed to deserialize the JSON body into the target type"
    return Refusal(Reply(text, 422, content_type="text/plain"))


def no_coin() -> Refusal:
    """The coin is none of the list's."""
    return Refusal(Reply(None, 500))
