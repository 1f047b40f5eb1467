"""Binance spot and USD-M perpetuals."""

from typing import Any

from coinmon.exchange import hookimpl
from coinmon_exchanges.binance.venue import Binance


@hookimpl
def register_exchanges(register: Any) -> None:
    register("binance", Binance)
