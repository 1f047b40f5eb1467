"""What Binance's error codes mean; they come with any status (EXCHANGES 2.1; spot docs, errors.md)."""

from typing import Any

from coinmon_exchanges._http.answer import Refused, Throttled, Transient

_TOO_MANY = -1003
_PAUSE_S = 60.0
_PASSING = {-1000, -1001, -1006, -1007, -1008, -1016}
"""Unknown, disconnected, unexpected response, timeout, overloaded, shutting down: of Binance itself."""


def check_code(reply: Any) -> None:
    """An answer with a negative code is an error."""
    code = reply.get("code") if isinstance(reply, dict) else None
    if not isinstance(code, int) or code >= 0:
        return
    text = f"code {code}: {reply.get('msg')}"
    if code == _TOO_MANY:
        raise Throttled(text, _PAUSE_S)
    raise Transient(text) if code in _PASSING else Refused(text)
