"""Bybit spot and linear perpetuals."""

from typing import Any

from coinmon.exchange import hookimpl
from coinmon_exchanges.bybit.venue import Bybit


@hookimpl
def register_exchanges(register: Any) -> None:
    register("bybit", Bybit)
