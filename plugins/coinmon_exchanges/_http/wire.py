"""One ccxt instance as transport: ccxt knows the paths, the sessions and the proxies; we want the bytes."""

import asyncio
from collections.abc import Mapping
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from coinmon.exchange import WireTap
from coinmon_exchanges._http.answer import HttpAnswer, Transient
from coinmon_exchanges._http.proxy import ccxt_settings


class Wire:
    """Sends ccxt's implicit endpoints and hands back what came, undecoded.

    ccxt's own fetch decodes to text, parses with the slow parser, hides the headers from concurrent callers, and calls
    a geo-block a passing fault (CCXT.md 2), so that one step is replaced.
    """

    def __init__(
        self, ccxt_id: str, api: Mapping[str, str], proxy: str | None, timeout: float, tap: WireTap | None = None
    ) -> None:
        # even one class of ccxt takes a while to import: only once something is really sent
        from coinmon_exchanges._http.ccxt_class import exchange_class, tls_context

        config = {
            "enableRateLimit": False,
            "timeout": timeout * 1000,
            "urls": {"api": dict(api)},
            **ccxt_settings(proxy),
        }
        self._ccxt: Any = _with_raw_fetch(exchange_class(ccxt_id))(config)
        self._ccxt.ssl_context = tls_context(self._ccxt.cafile)
        # ccxt rests 250 ms when it closes, for websockets that are not open here
        self._ccxt.timeout_on_exit = 0
        self._ccxt.wire_tap = tap
        self.requests = 0

    def currency(self, code: str) -> str:
        """ccxt's name for a venue's currency code (XBT is BTC, CGLD is CELO). Raises ValueError for what is no code."""
        if not isinstance(code, str) or not code:
            raise ValueError(f"{code!r} is not a currency")
        return str(self._ccxt.safe_currency_code(code))

    async def get(self, endpoint: str, params: Mapping[str, Any]) -> HttpAnswer:
        """One request, no retry. Raises Transient when no whole answer comes."""
        self.requests += 1
        answer: HttpAnswer = await getattr(self._ccxt, endpoint)(dict(params))
        return answer

    async def close(self) -> None:
        await self._ccxt.close()


def _with_raw_fetch(venue: Any) -> Any:
    import aiohttp
    from aiohttp_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError
    from yarl import URL

    async def fetch(self: Any, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> HttpAnswer:
        began, tap = monotonic(), self.wire_tap
        try:
            answer: HttpAnswer = await send(self, url, method, headers, body)
        except Transient as error:
            if tap:
                tap.unanswered(method, url, body, 1000 * (monotonic() - began), str(error))
            raise
        if tap:
            took_ms = 1000 * (monotonic() - began)
            tap.answered(method, url, body, took_ms, answer.status, answer.headers, answer.body)
        return answer

    async def send(self: Any, url: str, method: str, headers: Any, body: Any) -> HttpAnswer:
        path = urlsplit(url).path
        http_proxy, https_proxy, socks_proxy = self.check_proxy_settings(url, method, headers, body)
        self.open(True)
        session = self.get_socks_proxy_session(socks_proxy) if socks_proxy else self.session
        seconds = self.timeout / 1000
        try:
            async with session.request(
                method,
                URL(url, encoded=True),
                data=body,
                headers=self.prepare_request_headers(headers),
                proxy=http_proxy or https_proxy,
                # sock_read as well: a bare total can hang on a stale keep-alive connection (ccxt#27468)
                timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=seconds, sock_read=seconds),
            ) as response:
                return HttpAnswer(path, response.status, response.headers, await response.read())
        except (aiohttp.ClientError, OSError, ProxyTimeoutError, ProxyConnectionError, ProxyError) as error:
            raise Transient(f"{path}: {_why_unanswered(error, seconds)}") from None

    async def request(self: Any, *args: Any, **kwargs: Any) -> Any:
        return await self.fetch2(*args, **kwargs)  # some of ccxt's classes look into the answer here

    return type(f"Raw{venue.__name__}", (venue,), {"fetch": fetch, "request": request})


def _why_unanswered(error: Exception, seconds: float) -> str:
    """In our words: some of these errors carry the proxy's URL with its password."""
    import aiohttp
    from aiohttp_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError

    if isinstance(error, TimeoutError | ProxyTimeoutError):
        return f"no answer within {seconds:g} s"
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy answered {error.status}"
    if isinstance(error, aiohttp.ClientProxyConnectionError | ProxyConnectionError | ProxyError):
        return "the proxy cannot be reached or refused"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"cannot connect: {error.os_error.strerror or 'no such host'}"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the answer was cut short"
    return f"the connection failed ({type(error).__name__})"


async def backoff(attempt: int) -> None:
    """Wait a little before try number `attempt` + 2, not in step with others who failed at the same moment."""
    from random import uniform

    await asyncio.sleep(0.25 * 2**attempt * uniform(0.5, 1.5))
