"""What recorded messages of Bybit's sockets are about, and what answers a client's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

SERVER_TIME = ("/v5/market/time",)


def server_time(body: Any) -> int:
    """ms, of an answer of `SERVER_TIME`."""
    return int(body["time"])


def asked(message: Any) -> tuple[str, list[str]]:
    if not isinstance(message, dict) or message.get("op") not in ("subscribe", "unsubscribe"):
        return "", []
    return message["op"], [str(each) for each in message.get("args") or []]


def told(message: Any) -> Sequence[str]:
    return (str(message["topic"]),) if isinstance(message, dict) and "topic" in message else ()


def is_whole(message: Any) -> bool:
    return bool(message.get("type") == "snapshot" and not str(message.get("topic")).startswith("publicTrade"))


def accepted(message: Any) -> list[Any]:
    return [_answer(message, message["op"], "")]


def pong(message: Any) -> Any:
    asks = isinstance(message, dict) and message.get("op") == "ping"
    return _answer(message, "ping", "pong") if asks else None


def is_pong(message: Any) -> bool:
    return isinstance(message, dict) and (message.get("op") in ("ping", "pong") or message.get("ret_msg") == "pong")


def _answer(asked_for: Any, operation: str, words: str) -> dict[str, Any]:
    told_back = {"success": True, "ret_msg": words, "conn_id": "playback"}
    return told_back | {"req_id": asked_for.get("req_id", ""), "op": operation}
