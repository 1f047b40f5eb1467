"""What recorded messages of Binance's sockets are about, and what answers a client's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_NAMES = {
    "aggTrade": ("@aggTrade",),
    "trade": ("@trade",),
    "depthUpdate": ("@depth@100ms", "@depth", "@depth@500ms"),
    "bookTicker": ("@bookTicker",),
    "markPriceUpdate": ("@markPrice", "@markPrice@1s"),
    "24hrMiniTicker": ("@miniTicker",),
}
_OF_ALL = {
    "forceOrder": ("!forceOrder@arr",),
    "markPriceUpdate": ("!markPrice@arr", "!markPrice@arr@1s"),
    "24hrMiniTicker": ("!miniTicker@arr",),
}
SERVER_TIME = ("/api/v3/time", "/fapi/v1/time")


def server_time(body: Any) -> int:
    """ms, of an answer of `SERVER_TIME`."""
    return int(body["serverTime"])


def asked(message: Any) -> tuple[str, list[str]]:
    if not isinstance(message, dict):
        return "", []
    operation = {"SUBSCRIBE": "subscribe", "UNSUBSCRIBE": "unsubscribe"}.get(str(message.get("method")), "")
    return operation, [str(name) for name in message.get("params") or []] if operation else []


def told(message: Any) -> Sequence[str]:
    if isinstance(message, list):
        return _OF_ALL.get(str(message[0].get("e")), ()) if message and isinstance(message[0], dict) else ()
    if not isinstance(message, dict):
        return ()
    if "stream" in message:
        return (str(message["stream"]),)
    event = str(message.get("e"))
    if event == "forceOrder":
        order = message.get("o")
        one = f"{str(order.get('s')).lower()}@forceOrder" if isinstance(order, dict) else ""
        return "!forceOrder@arr", one
    symbol = str(message.get("s")).lower()
    if event == "kline":
        return (f"{symbol}@kline_{(message.get('k') or {}).get('i')}",)
    return tuple(symbol + name for name in _NAMES.get(event, ()))


def is_whole(message: Any) -> bool:
    return False


def accepted(message: Any) -> list[Any]:
    return [{"result": None, "id": message.get("id")}]


def pong(message: Any) -> Any:
    return None


def is_pong(message: Any) -> bool:
    return False
