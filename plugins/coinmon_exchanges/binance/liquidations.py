"""Binance USD-M liquidations: `!forceOrder@arr`, the largest order of each symbol within a second (EXCHANGES C11)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import orjson

from coinmon.exchange import Instrument
from coinmon_exchanges._stream.liquidations import HEARTBEATS, LONG, SHORT, RawLiquidation, one_link, reader
from coinmon_exchanges._stream.socket import Link
from coinmon_exchanges.binance.trades import subscribe, subscription_states

_UNITED_MARGIN = 1
"""`st` of contracts margined in dollars; 2 are coin-margined ones, which the stream carries too."""


def links(url: str, instruments: Sequence[Instrument]) -> list[Link]:
    """Mark prices beside them come every three seconds; a market that is there no more says nothing."""
    request = orjson.dumps({"method": "SUBSCRIBE", "params": ["!forceOrder@arr"], "id": 1}).decode()
    beats = subscribe(1, [each.native_id for each in instruments[:HEARTBEATS]], "@markPrice")
    read = reader("Binance forceOrder stream", _liquidations_in, subscription_states)
    return [replace(link, requests=[*link.requests, (beats, [])]) for link in one_link(url, instruments, request, read)]


def _liquidations_in(message: Any) -> Iterator[RawLiquidation]:
    """`S` is the side of the order that closed the position. `st` stands inside the order, or beside it."""
    if message.get("e") != "forceOrder":
        return
    order = message["o"]
    if order.get("st", message.get("st", _UNITED_MARGIN)) == _UNITED_MARGIN:
        side = {"SELL": LONG, "BUY": SHORT}[order["S"]]
        yield order["s"], order["T"], side, order["ap"] if float(order["ap"]) else order["p"], order["z"]
