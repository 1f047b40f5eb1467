"""Coinbase Exchange, spot: its main books are in USD."""

from typing import Any

from coinmon.exchange import hookimpl
from coinmon_exchanges.coinbase.venue import Coinbase


@hookimpl
def register_exchanges(register: Any) -> None:
    register("coinbase", Coinbase)
