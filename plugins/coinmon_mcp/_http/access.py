"""Who may ask, and how often: token, Host and Origin, rate, checked before anything else is done."""

import hmac
import time
from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_OPEN = ("/healthz",)
"""Asked by health checks, which know no token and come by any name."""
_LOCAL = ("127.0.0.1", "localhost", "::1")
_REMEMBERED = 4096


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True)
class Rules:
    """token: required of every request where set. names: hosts that requests may be addressed to, None for any.

    per_second: requests of one address, with bursts of ten times as many.
    """

    token: str | None
    names: frozenset[str] | None
    per_second: float

    @classmethod
    def of(cls, host: str, public_url: str | None, token: str | None, per_second: float) -> "Rules":
        """A page in a browser can send requests to loopback under a name of its own: only our names are answered."""
        if not is_loopback(host):
            return cls(token, None, per_second)
        public = urlsplit(public_url).hostname if public_url else None
        return cls(token, frozenset(each for each in (*_LOCAL, host, public) if each), per_second)


class Access:
    """ASGI middleware that answers 401, 403, 421 or 429 itself."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self._app = app
        self._rules = rules
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _OPEN:
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        names = self._rules.names
        host = _name(headers.get("host", ""))
        if names is not None and host not in names:
            return PlainTextResponse(f"not addressed to this server: use {sorted(names)[0]}\n", 421)
        origin = headers.get("origin")
        if origin and urlsplit(origin).hostname not in (names or {host}):
            return PlainTextResponse("requests from other sites' pages are refused\n", 403)
        if self._rules.token is not None and not self._has_token(headers):
            return PlainTextResponse(
                "a token is required: send the header Authorization: Bearer MCP_TOKEN\n",
                401,
                {"WWW-Authenticate": "Bearer"},
            )
        wait = self._wait((scope.get("client") or ("?",))[0])
        if wait > 0:
            return PlainTextResponse("too many requests\n", 429, {"Retry-After": str(int(wait) + 1)})
        return None

    def _has_token(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        token = self._rules.token or ""
        return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())

    def _wait(self, address: str) -> float:
        """Seconds until this address may ask again."""
        rate, now = self._rules.per_second, time.monotonic()
        left, at = self._buckets.pop(address, (rate * 10, now))
        left = min(rate * 10, left + (now - at) * rate) - 1
        self._buckets[address] = (max(left, -1), now)
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        return -left / rate


def _name(host: str) -> str:
    """`[::1]:8022`, `localhost:8022` and `localhost` without their port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
