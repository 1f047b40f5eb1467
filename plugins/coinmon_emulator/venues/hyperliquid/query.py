"""What a request to Hyperliquid's `/info` asks: its body, whose members are named as `coin` and `req.coin`."""

from __future__ import annotations

from coinmon_emulator.market.market import Listed
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.reply import LARGEST, Query
from coinmon_emulator.venues.hyperliquid.refusals import no_coin, no_request

NAME = "hyperliquid"


def integer(query: Query, name: str) -> int | None:
    """ms, or None where the member is missing or null."""
    text = query.get(name, "null")
    if text == "null":
        return None
    if not text.isdigit():
        raise no_request()
    return min(int(text), LARGEST)


def needed(query: Query, name: str) -> int:
    found = integer(query, name)
    if found is None:
        raise no_request()
    return found


def coin(query: Query, name: str = "coin") -> str:
    found = query.get(name)
    if not found:
        raise no_request()
    return found


def listed(view: WorldNow, query: Query, name: str = "coin") -> Listed:
    one = view.find(NAME, "perp", coin(query, name))
    if one is None:
        raise no_coin()
    return one
