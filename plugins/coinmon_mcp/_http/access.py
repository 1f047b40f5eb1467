"""Who may ask, and how often: token, Host and Origin, rate, checked before anything else is done."""

import hmac
import socket
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from coinmon.command import SESSION_COOKIE, Pages, is_session
from coinmon_mcp._http.oauth import OAuth

ADMITTED = "coinmon.admitted"
"""In the scope of a health check: whether its sender may see everything."""
_HEALTH = "/healthz"
"""Asked by health checks, which know no token and come by any name."""
_LOCAL = ("127.0.0.1", "localhost", "::1")
_MAX_ADDRESSES = 4096
MAX_BURST_OF_GUESSES = 10
"""Wrong tokens of one address before it has to wait; a wrong one costs GUESS_INTERVAL_S."""
GUESS_INTERVAL_S = 6.0
MAX_BURST_OF_ALL_GUESSES, ALL_GUESSES_PER_S = 200, 5.0
"""Of all addresses together, but those that have shown the right token."""


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True)
class Rules:
    """token: required of every request where set, or a token that `oauth` admits.

    names: hosts that requests may be addressed to, None for any.

    by_number: requests may also be addressed to any IP address, which no page's name can be made to mean.
    per_second: requests of one address, with bursts of ten times as many.
    """

    token: str | None
    names: frozenset[str] | None
    per_second: float
    by_number: bool = False
    oauth: OAuth | None = None

    @property
    def guarded(self) -> bool:
        """Whether a token is required."""
        return self.token is not None or self.oauth is not None

    @classmethod
    def of(
        cls, host: str, public_url: str | None, token: str | None, per_second: float, oauth: OAuth | None = None
    ) -> "Rules":
        """A page in a browser can send requests under a name of its own (DNS rebinding): only our names are answered.

        With a token any name will do on other addresses than loopback: a page does not know the token.
        """
        if (token is not None or oauth) and not is_loopback(host):
            return cls(token, None, per_second, oauth=oauth)
        public = _name(urlsplit(public_url).netloc) if public_url else None
        names = {*_LOCAL, host, public}
        if not is_loopback(host):
            names |= {socket.gethostname().lower(), f"{socket.gethostname().lower()}.local"}
        return cls(token, frozenset(each for each in names if each), per_second, not is_loopback(host), oauth)

    def admits(self, host: str) -> bool:
        """Whether a request may be addressed to that host."""
        return self.names is None or host in self.names or (self.by_number and _is_number(host))


class Buckets:
    """What each address may still do: `most` at once, and `per_second` after that."""

    def __init__(self, most: float, per_second: float) -> None:
        self._most = most
        self._rate = per_second
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, address: str, cost: float) -> float:
        """Seconds until the address may do it; 0: it may now, and `cost` is taken."""
        now = time.monotonic()
        left, at = self._left.pop(address, (self._most, now))
        left = min(self._most, left + (now - at) * self._rate)
        if enough := left >= max(cost, 1):
            left -= cost
        self._left[address] = (left, now)
        if len(self._left) > _MAX_ADDRESSES:
            self._left.popitem(last=False)
        return 0.0 if enough else (max(cost, 1) - left) / self._rate


class Access:
    """ASGI middleware that answers 401, 403, 421 or 429 itself.

    pages: of plugins; a browser without the token is sent to the login form of the first.
    """

    def __init__(self, app: ASGIApp, rules: Rules, pages: Sequence[Pages] = ()) -> None:
        self._app = app
        self._rules = rules
        # a browser's form takes our own token
        self._login = pages[0].login_path if pages and rules.token is not None else None
        self._unguarded = {path for each in pages for path in each.open_paths}
        if rules.oauth:
            self._unguarded.add(rules.oauth.metadata_path)
        self._requests = Buckets(rules.per_second * 10, rules.per_second)
        self._guesses = Buckets(MAX_BURST_OF_GUESSES, 1 / GUESS_INTERVAL_S)
        self._all_guesses = Buckets(MAX_BURST_OF_ALL_GUESSES, ALL_GUESSES_PER_S)
        # addresses that have shown the right token
        self._trusted: OrderedDict[str, None] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope, admitted=await self._by_oauth(scope))
        if scope["path"] == _HEALTH:
            scope[ADMITTED] = refusal is None
            refusal = None
        await (refusal or self._app)(scope, receive, send)

    async def _by_oauth(self, scope: Scope) -> bool:
        """Whether the request shows a token of the authorisation server; who guesses is not even looked at."""
        oauth = self._rules.oauth
        if oauth is None or self._guesses.wait(_network((scope.get("client") or ("?",))[0]), 0):
            return False
        return await oauth.admits(scope)

    def _refusal(self, scope: Scope, *, admitted: bool) -> Response | None:
        headers = Headers(scope=scope)
        rules = self._rules
        host = _name(headers.get("host", ""))
        if not rules.admits(host):
            there = sorted(rules.names or ())[0]
            return PlainTextResponse(f"not addressed to this server: use {there}, or set MCP_PUBLIC_URL\n", 421)
        origin = headers.get("origin")
        if origin and not self._own(_name(origin.partition("://")[2]), host):
            return PlainTextResponse("requests from other sites' pages are refused\n", 403)
        address = _network((scope.get("client") or ("?",))[0])
        refusal = self._unadmitted(scope, headers, address) if rules.guarded and not admitted else None
        if refusal:
            return refusal
        wait = self._requests.wait(address, 1)
        return _too_many("too many requests", wait) if wait else None

    def _unadmitted(self, scope: Scope, headers: Headers, address: str) -> Response | None:
        """What a request gets that does not show the token: a browser the login form, all others a refusal."""
        if scope["path"] in self._unguarded:
            if scope.get("method") != "POST":
                return None
            # a form that is sent is a guess like any other
            wait = self._guesses.wait(address, 1) or self._all_guesses.wait("", address not in self._trusted)
            return _too_many("too many wrong tokens", wait) if wait else None
        refusal = self._without_token(headers, address)
        if refusal is None or refusal.status_code != 401 or self._login is None:
            return refusal
        if scope.get("method") != "GET" or "text/html" not in headers.get("accept", ""):
            return refusal
        query = scope.get("query_string", b"").decode("latin-1")
        target = scope["path"] + (f"?{query}" if query else "")
        return RedirectResponse(f"{self._login}?next={quote(target)}", 303)

    def _own(self, origin: str, host: str) -> bool:
        """Whether a page of that host is ours: it is where the request is addressed to, or one of our names."""
        return bool(origin) and (origin == host or origin in (self._rules.names or ()))

    def _without_token(self, headers: Headers, address: str) -> PlainTextResponse | None:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        session = cookie_parser(headers.get("cookie", "")).get(SESSION_COOKIE)
        token = self._rules.token or ""
        if (scheme.lower() == "bearer" and given.strip()) or session:
            # a right token is not even looked at while the address has to wait: else it could be guessed all the same
            wait = self._guesses.wait(address, 0)
            if not wait and address not in self._trusted:
                wait = self._all_guesses.wait("", 0)
            if wait:
                return _too_many("too many wrong tokens", wait)
            right = scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())
            if token and (right or is_session(session, token)):
                self._trusted[address] = None
                if len(self._trusted) > _MAX_ADDRESSES:
                    self._trusted.popitem(last=False)
                return None
            self._guesses.wait(address, 1)
            if address not in self._trusted:
                self._all_guesses.wait("", 1)
        oauth = self._rules.oauth
        which = f"TOKEN, of the server that {oauth.metadata_url} names" if oauth else "MCP_TOKEN"
        return PlainTextResponse(
            f"a token is required: send the header Authorization: Bearer {which}\n",
            401,
            {"WWW-Authenticate": oauth.challenge if oauth else "Bearer"},
        )


def _too_many(text: str, wait_s: float) -> PlainTextResponse:
    return PlainTextResponse(f"{text}\n", 429, {"Retry-After": str(int(wait_s) + 1)})


def _network(address: str) -> str:
    """The address, or the /64 of an IPv6 one, of which one client has as many as it likes."""
    try:
        number = ip_address(address)
    except ValueError:
        return address
    return str(number) if number.version == 4 else str(ip_network((int(number) >> 64 << 64, 64)))


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _name(host: str) -> str:
    """`[::1]:8022`, `localhost:8022` and `localhost` without their port; nothing where it is no host."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
