"""Binance USD-M liquidations: `!forceOrder@arr`, the largest order of each symbol within a second (EXCHANGES C11)."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from coinmon.exchange import Instrument
from coinmon_exchanges._stream.liquidations import LONG, SHORT, RawLiquidation, one_link, reader
from coinmon_exchanges._stream.socket import Link
from coinmon_exchanges.binance.trades import subscription_states

_UNITED_MARGIN = 1
"""`st` of contracts margined in dollars; 2 are coin-margined ones, which the stream carries too."""


def links(url: str, instruments: Sequence[Instrument]) -> list[Link]:
    """A mark price beside them comes every three seconds."""
    heartbeat = [f"{each.native_id.lower()}@markPrice" for each in instruments[:1]]
    request = orjson.dumps({"method": "SUBSCRIBE", "params": ["!forceOrder@arr", *heartbeat], "id": 1}).decode()
    read = reader("Binance forceOrder stream", _liquidations_in, subscription_states)
    return one_link(url, instruments, request, read)


def _liquidations_in(message: Any) -> Iterator[RawLiquidation]:
    """`S` is the side of the order that closed the position. `st` stands inside the order, or beside it."""
    if message.get("e") != "forceOrder":
        return
    order = message["o"]
    if order.get("st", message.get("st", _UNITED_MARGIN)) == _UNITED_MARGIN:
        side = {"SELL": LONG, "BUY": SHORT}[order["S"]]
        yield order["s"], order["T"], side, order["ap"] if float(order["ap"]) else order["p"], order["z"]
