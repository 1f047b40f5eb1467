"""Hyperliquid's perpetuals."""

from typing import Any

from coinmon.exchange import hookimpl
from coinmon_exchanges.hyperliquid.venue import Hyperliquid


@hookimpl
def register_exchanges(register: Any) -> None:
    register("hyperliquid", Hyperliquid)
