"""What recorded messages of Hyperliquid's socket are about, and what answers a client's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

SERVER_TIME = ("/info:exchangeStatus",)
_WHOLE = ("l2Book", "candle", "bbo", "activeAssetCtx")


def server_time(body: Any) -> int:
    """ms, of an answer of `SERVER_TIME`."""
    return int(body["time"])


def asked(message: Any) -> tuple[str, list[str]]:
    if not isinstance(message, dict) or message.get("method") not in ("subscribe", "unsubscribe"):
        return "", []
    wanted = message.get("subscription")
    return message["method"], [f"{wanted.get('type')}.{wanted.get('coin')}"] if isinstance(wanted, dict) else []


def told(message: Any) -> Sequence[str]:
    if not isinstance(message, dict) or message.get("channel") in (None, "subscriptionResponse", "error", "pong"):
        return ()
    data = message.get("data")
    one = data[0] if isinstance(data, list) and data else data
    name = (one.get("coin") or one.get("s")) if isinstance(one, dict) else None
    return () if name is None else (f"{message['channel']}.{name}",)


def is_whole(message: Any) -> bool:
    return message.get("channel") in _WHOLE


def accepted(message: Any) -> list[Any]:
    return [{"channel": "subscriptionResponse", "data": message}]


def pong(message: Any) -> Any:
    asks = isinstance(message, dict) and message.get("method") == "ping"
    return {"channel": "pong"} if asks else None


def is_pong(message: Any) -> bool:
    return isinstance(message, dict) and (message.get("channel") == "pong" or message.get("method") == "ping")
