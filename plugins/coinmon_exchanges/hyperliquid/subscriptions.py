"""Hyperliquid's subscriptions: one request a coin and channel, answered one by one (EXCHANGES C19)."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import orjson

from coinmon.exchange import Instrument
from coinmon_exchanges._stream.rows import StreamItem, Subscribed
from coinmon_exchanges._stream.socket import Link, Reader

_CONNECTION_TOPICS = 100
"""An address may have a thousand subscriptions on some ten connections."""


def subscribe(channel: str, coin: str) -> str:
    return orjson.dumps({"method": "subscribe", "subscription": {"type": channel, "coin": coin}}).decode()


def links(
    url: str,
    instruments: Sequence[Instrument],
    channel: str,
    read: Reader | None = None,
    begin: Callable[[Link], Subscribed] | None = None,
) -> list[Link]:
    made = []
    for at in range(0, len(instruments), _CONNECTION_TOPICS):
        part = {each.native_id: each for each in instruments[at : at + _CONNECTION_TOPICS]}
        made.append(Link(url, [(subscribe(channel, name), [name]) for name in part], part, read, begin))
    return made


def subscription_states(message: Any, subscribed: Subscribed, channel: str) -> list[StreamItem]:
    """What an answer says of a coin; a refusal repeats the request in its text."""
    if message.get("channel") == "subscriptionResponse":
        wanted = message["data"]["subscription"]
        done = message["data"].get("method") == "subscribe" and wanted.get("type") == channel
        return [subscribed.state([wanted["coin"]], True)] if done else []
    if message.get("channel") != "error":
        return []
    text = str(message.get("data"))
    if text.startswith("Already subscribed"):
        return []
    names = [name for group in subscribed.groups for name in group if f'"coin":"{name}"' in text.replace(" ", "")]
    why = f"subscription refused: {text}"[:160]
    return [subscribed.refuse([name], why, partial(subscribe, channel, name)) for name in names]
