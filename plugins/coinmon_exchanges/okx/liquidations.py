"""OKX liquidations: `liquidation-orders` of all swaps in one stream (EXCHANGES 3.3)."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from coinmon.exchange import Instrument
from coinmon_exchanges._stream.liquidations import HEARTBEATS, LONG, SHORT, RawLiquidation, one_link, reader
from coinmon_exchanges._stream.rows import StreamItem, Subscribed
from coinmon_exchanges._stream.socket import Link
from coinmon_exchanges.okx.trades import subscription_states

_CHANNEL = "liquidation-orders"


def links(url: str, instruments: Sequence[Instrument]) -> list[Link]:
    """Mark prices beside them are pushed at least every 10 s; open interest only when it changes (EXCHANGES C3)."""
    args = [{"channel": _CHANNEL, "instType": "SWAP"}]
    args += [{"channel": "mark-price", "instId": each.native_id} for each in instruments[:HEARTBEATS]]
    request = orjson.dumps({"op": "subscribe", "args": args}).decode()
    return one_link(url, instruments, request, reader("OKX liquidation stream", _liquidations_in, _states_in))


def _states_in(message: Any, subscribed: Subscribed) -> list[StreamItem]:
    if message.get("event") == "subscribe":
        return [subscribed.everything(True, "")] if message["arg"]["channel"] == _CHANNEL else []
    return subscription_states(message, subscribed) if "event" in message else []


def _liquidations_in(message: Any) -> Iterator[RawLiquidation]:
    if message.get("arg", {}).get("channel") != _CHANNEL:
        return
    for entry in message.get("data", ()):
        for one in entry["details"]:
            # in net mode posSide is "net"; the order that closes a position has the opposite side
            position = one.get("posSide")
            if position not in ("long", "short"):
                position = {"sell": "long", "buy": "short"}[one["side"]]
            yield entry["instId"], int(one["ts"]), LONG if position == "long" else SHORT, one["bkPx"], one["sz"]
