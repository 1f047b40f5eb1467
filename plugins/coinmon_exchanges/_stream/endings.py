"""How a venue's websocket ended or was refused: in words, and how long to wait before the next is opened."""

from random import uniform
from typing import Any

from coinmon.exchange import DecodeError
from coinmon_exchanges._http.answer import LONGEST_BAN_S, HttpAnswer, one_line, retry_after

_MAX_PAUSE_S, _MAX_REFUSED_PAUSE_S = 30.0, 900.0
"""The longest pauses after what passes, and after a host that refuses us, whose bans grow where it is asked again."""
_REFUSALS = (403, 418, 429, 451)


class NotJson(DecodeError):
    """A text cannot be taken apart: what came with it is lost, of any instrument."""


def words_of_close(code: int | None, reason: Any) -> str:
    """`the connection was closed (1008: Too many requests)`: with the venue's own words, where it says some.

    reason: them, or the error of the connection.
    """
    if isinstance(reason, TimeoutError):
        return "no answer to a ping"
    said = [str(code)] if code else []
    if isinstance(reason, str) and reason.strip():
        said.append(one_line(reason))
    return f"the connection was closed ({': '.join(said)})" if said else "the connection was closed"


def words_of_failure(error: BaseException) -> str:
    """No text of a proxy's error is passed on: some carry its URL with its password."""
    import aiohttp

    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, aiohttp.WSServerHandshakeError):
        wait = _asked_for(error)
        return f"HTTP {error.status} instead of a websocket" + (f"; wait {wait:.0f} s" if wait else "")
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.strerror:
        return f"cannot connect: {error.os_error.strerror}"
    return f"the connection failed ({type(error).__name__})"


def pause_after(failures: int, error: BaseException | None) -> float:
    """Seconds: growing, not in step with other connections, and at least what a refusal asks for."""
    refused = getattr(error, "status", None) in _REFUSALS
    longest = _MAX_REFUSED_PAUSE_S if refused else _MAX_PAUSE_S
    grown = min(longest, 0.25 * 2.0 ** min(failures, 12)) * uniform(0.5, 1.5)
    return max(grown, _asked_for(error))


def _asked_for(error: BaseException | None) -> float:
    """Seconds that a refused handshake asks us to wait; 0: it does not."""
    headers = getattr(error, "headers", None)
    if headers is None:
        return 0.0
    return min(retry_after(HttpAnswer("", getattr(error, "status", 0), headers, b"")) or 0.0, LONGEST_BAN_S)
