"""OKX spot and linear swaps."""

from typing import Any

from coinmon.exchange import hookimpl
from coinmon_exchanges.okx.venue import Okx


@hookimpl
def register_exchanges(register: Any) -> None:
    register("okx", Okx)
