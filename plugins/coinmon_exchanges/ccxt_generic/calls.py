"""Calling ccxt's unified methods: its own throttle, our bounds on retries, its errors as ours."""

from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from coinmon.exchange import DecodeError, VenueBlocked, VenueBusy, VenueError
from coinmon_exchanges._http.answer import HttpAnswer, ReplyRules, Throttled, one_line, payload
from coinmon_exchanges._http.proxy import ccxt_settings, proxy_for
from coinmon_exchanges._http.refusal import BLOCKED_PAUSES_S, RefusalPause
from coinmon_exchanges._http.wire import backoff

MAX_TRIES = 3
BUSY_PAUSE_S = 60.0


class Calls:
    """One ccxt instance. `url` replaces scheme and host of every REST address it has."""

    def __init__(self, venue: str, ccxt_id: str, url: str | None, proxy: str | None, timeout: float) -> None:
        # even one class of ccxt takes a while to import: only once something is really sent
        from coinmon_exchanges._http.ccxt_class import exchange_class, tls_context

        make = exchange_class(ccxt_id)
        from aiohttp_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError

        # the attribute `base` of the whole package is a list of names
        from ccxt.base import errors

        self._venue = venue
        self._errors = errors
        self.ccxt: Any = make({"timeout": timeout * 1000, "enableRateLimit": True})
        self.ccxt.ssl_context = tls_context(self.ccxt.cafile)
        if url:
            self.ccxt.urls["api"] = _moved(self.ccxt.urls["api"], url)
        host = url or _first_url(self.ccxt.urls["api"]).replace("{hostname}", str(self.ccxt.hostname))
        for name, value in ccxt_settings(proxy_for(host, proxy)).items():
            setattr(self.ccxt, name, value)
        # ccxt rests 250 ms when it closes, for websockets that are not open here
        self.ccxt.timeout_on_exit = 0
        self.requests = 0
        send = self.ccxt.fetch

        async def counted(*args: Any, **kwargs: Any) -> Any:
            self.requests += 1
            try:
                return await send(*args, **kwargs)
            except (ProxyConnectionError, ProxyError, ProxyTimeoutError):
                # ccxt lets these through, and their text may hold the proxy's password
                raise self._errors.NetworkError("the proxy cannot be reached or refused") from None

        self.ccxt.fetch = counted
        self.ccxt.on_rest_response = self._answered
        self._dated: tuple[float, float] | None = None
        self._blocked = RefusalPause(*BLOCKED_PAUSES_S)

    def has(self, feature: str) -> bool:
        return self.ccxt.has.get(feature) is True

    def clock(self) -> int | None:
        """The venue's clock by the `Date` of its last answer, to half a second, ms UTC; None where there was none."""
        if self._dated is None:
            return None
        said_s, at = self._dated
        return round(1000 * (said_s + 0.5 + monotonic() - at))

    def _answered(self, code: int, reason: str, url: str, method: str, headers: Mapping[str, str], *rest: Any) -> str:
        """A hook of ccxt's fetch."""
        with suppress(TypeError, ValueError):
            self._dated = parsedate_to_datetime(headers.get("Date", "")).timestamp(), monotonic()
        return _read_refusal(code, reason, url, method, headers, *rest)

    async def __call__(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """The answer of a unified method. Raises our errors only."""
        problem = ""
        for attempt in range(MAX_TRIES):
            if why := self._blocked.words:
                raise VenueBlocked(why)
            try:
                answer = await getattr(self.ccxt, method)(*args, **kwargs)
                self._blocked.end()
                return answer
            except Throttled as error:
                raise VenueBusy(f"{self._venue} {method}: {error}", error.seconds) from None
            except VenueBlocked as error:
                self._blocked.begin(f"{self._venue} {method}: {error}")
                raise VenueBlocked(f"{self._venue} {method}: {error}") from None
            except VenueError as error:
                raise VenueError(f"{self._venue} {method}: {error}") from None
            except (self._errors.DDoSProtection, self._errors.RateLimitExceeded) as error:
                raise VenueBusy(self._told(method, error), BUSY_PAUSE_S) from None
            except self._errors.NetworkError as error:
                problem = self._told(method, error)
                if attempt + 1 < MAX_TRIES:
                    await backoff(attempt)
            except self._errors.BaseError as error:
                raise VenueError(self._told(method, error)) from None
            except Exception as error:
                raise DecodeError(f"{self._told(method, error)} (while ccxt read the answer)") from None
        raise VenueError(f"{problem} ({MAX_TRIES} tries)")

    async def close(self) -> None:
        await self.ccxt.close()

    def _told(self, method: str, error: Exception) -> str:
        return f"{self._venue} {method}: {type(error).__name__}: {one_line(str(error))}"


def _read_refusal(
    code: int, reason: str, url: str, method: str, headers: Mapping[str, str], body: str, *rest: Any
) -> str:
    """A hook of ccxt's fetch: refusals are read by their status before ccxt makes passing faults of them.

    Raises VenueBlocked, Throttled or VenueError.
    """
    if code in (403, 418, 429, 451):
        payload(HttpAnswer(urlsplit(url).path, code, headers, body.encode()), ReplyRules(pause=BUSY_PAUSE_S))
    return body.strip()


def _moved(urls: Any, base: str) -> Any:
    if isinstance(urls, Mapping):
        return {name: each if name == "ws" else _moved(each, base) for name, each in urls.items()}
    if not isinstance(urls, str) or not urls.startswith("http"):
        return urls
    parts = urlsplit(urls)
    return base.rstrip("/") + urlunsplit(("", "", parts.path, parts.query, ""))


def _first_url(urls: Any) -> str:
    while isinstance(urls, Mapping):
        urls = next(iter(urls.values()))
    return str(urls)
