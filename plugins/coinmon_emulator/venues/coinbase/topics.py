"""What recorded messages of Coinbase Exchange's socket are about, and what answers a client's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_CHANNELS = {
    "match": ("matches",),
    "last_match": ("matches",),
    "heartbeat": ("heartbeat",),
    "snapshot": ("level2_batch", "level2"),
    "l2update": ("level2_batch", "level2"),
    "ticker": ("ticker", "ticker_batch"),
}
SERVER_TIME = ("/time",)


def server_time(body: Any) -> int:
    """ms, of an answer of `SERVER_TIME`."""
    return round(float(body["epoch"]) * 1000)


def asked(message: Any) -> tuple[str, list[str]]:
    if not isinstance(message, dict) or message.get("type") not in ("subscribe", "unsubscribe"):
        return "", []
    names = []
    for channel in message.get("channels") or []:
        own = channel.get("product_ids") if isinstance(channel, dict) else None
        name = channel.get("name") if isinstance(channel, dict) else channel
        names += [f"{name}.{product}" for product in own or message.get("product_ids") or []]
    return message["type"], names


def told(message: Any) -> Sequence[str]:
    if not isinstance(message, dict) or "product_id" not in message:
        return ()
    return tuple(f"{name}.{message['product_id']}" for name in _CHANNELS.get(str(message.get("type")), ()))


def is_whole(message: Any) -> bool:
    return bool(message.get("type") == "snapshot")


def accepted(message: Any) -> list[Any]:
    channels: dict[str, list[str]] = {}
    for name in asked(message)[1]:
        channel, _, product = name.partition(".")
        channels.setdefault(channel, []).append(product)
    told_back = [{"name": name, "product_ids": products, "account_ids": None} for name, products in channels.items()]
    return [{"type": "subscriptions", "channels": told_back}]


def pong(message: Any) -> Any:
    return None


def is_pong(message: Any) -> bool:
    return False
