"""Any other venue that ccxt knows, through ccxt's unified calls: slower, coarser, but there."""

from typing import Any

from coinmon.exchange import hookimpl
from coinmon_exchanges.ccxt_generic.venue import CcxtGeneric


@hookimpl
def register_exchanges(register: Any) -> None:
    register("ccxt_generic", CcxtGeneric)
