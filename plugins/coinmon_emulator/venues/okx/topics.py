"""What recorded messages of OKX's sockets are about, and what answers a client's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

SERVER_TIME = ("/api/v5/public/time",)


def server_time(body: Any) -> int:
    """ms, of an answer of `SERVER_TIME`."""
    return int(body["data"][0]["ts"])


def asked(message: Any) -> tuple[str, list[str]]:
    if not isinstance(message, dict) or message.get("op") not in ("subscribe", "unsubscribe"):
        return "", []
    return message["op"], [_name(each) for each in message.get("args") or []]


def told(message: Any) -> Sequence[str]:
    if not isinstance(message, dict) or "event" in message or not isinstance(message.get("arg"), dict):
        return ()
    return (_name(message["arg"]),)


def is_whole(message: Any) -> bool:
    return bool(message.get("action") == "snapshot")


def accepted(message: Any) -> list[Any]:
    number = {"id": message["id"]} if "id" in message else {}
    return [number | {"event": message["op"], "arg": each, "connId": "playback"} for each in message["args"]]


def pong(message: Any) -> Any:
    return "pong" if message == "ping" else None


def is_pong(message: Any) -> bool:
    return bool(message == "pong")


def _name(argument: Any) -> str:
    if not isinstance(argument, dict):
        return str(argument)
    return ",".join(f"{name}={argument[name]}" for name in sorted(argument))
