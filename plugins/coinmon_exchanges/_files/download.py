"""Files over HTTP: whole and verified, or not there at all."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from coinmon.exchange import CoinmonError, NotPublished, VenueBlocked, VenueBusy, VenueError, WrongChecksum
from coinmon_exchanges._http.answer import FIREWALL
from coinmon_exchanges._http.proxy import checked, proxy_for
from coinmon_exchanges._http.session import MAX_TRIES, base_url, positive
from coinmon_exchanges._http.wire import backoff

_CHUNK_BYTES = 1 << 18
_PAGE_BYTES = 4000
_BUSY_S = 30.0
"""Seconds to wait where a refusal names none."""


class _RetryableDownload(Exception):
    """May go away by itself. kind: what it is when it does not."""

    kind: type[VenueError] = VenueError


class _NotAsPublished(_RetryableDownload):
    kind = WrongChecksum


class Downloads:
    """One host of files."""

    def __init__(self, venue: str, url: str, proxy: str | None, timeout: float) -> None:
        self.url = base_url(venue, url)
        self._venue = venue
        self._proxy = proxy_for(self.url, checked(proxy, f"exchanges.{venue}.proxy") if proxy else None)
        self._timeout = positive(venue, timeout)
        self._session: Any = None

    async def fetch(self, url: str, to: Path, progress: Callable[[int], None], *, checksum: bool) -> None:
        """The file at `url`. checksum: the host has a sha256 beside it, in `url` + ".CHECKSUM"."""
        problem, kind = "", VenueError
        partial = to.with_name(f".{to.name}.partial")
        for attempt in range(MAX_TRIES):
            try:
                # the small file tells whether the large one is there
                expected = (await self._text(f"{url}.CHECKSUM")).split() if checksum else None
                digest = await self._save(url, partial, progress)
                if expected is not None and digest != expected[0].lower():
                    raise _NotAsPublished("does not have the published checksum")
                partial.replace(to)
                return
            except _RetryableDownload as error:
                problem, kind = f"{self._venue}: {to.name}: {error}", error.kind
                if attempt + 1 < MAX_TRIES:
                    await backoff(attempt)
            except OSError as error:
                raise CoinmonError(f"{to}: cannot be written: {error.strerror or error}") from None
            finally:
                partial.unlink(missing_ok=True)
        raise kind(f"{problem} ({MAX_TRIES} tries)")

    async def _text(self, url: str) -> str:
        async def read(response: Any) -> str:
            return str((await response.read())[:200].decode(errors="replace")).strip() or "-"

        return str(await self._get(url, read))

    async def _save(self, url: str, to: Path, progress: Callable[[int], None]) -> str:
        async def read(response: Any) -> str:
            digest = hashlib.sha256()
            with to.open("wb") as file:
                async for piece in response.content.iter_chunked(_CHUNK_BYTES):
                    digest.update(piece)
                    file.write(piece)
                    progress(len(piece))
            return digest.hexdigest()

        return str(await self._get(url, read))

    async def _get(self, url: str, read: Callable[[Any], Any]) -> Any:
        import aiohttp
        from aiohttp_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError

        name = url.rsplit("/", 1)[-1]
        seconds = self._timeout
        proxy = None if self._proxy and self._proxy.startswith("socks") else self._proxy
        try:
            async with self._open().get(
                url, proxy=proxy, timeout=aiohttp.ClientTimeout(total=None, sock_connect=seconds, sock_read=seconds)
            ) as response:
                if response.status == 404:
                    raise NotPublished(f"{self._venue}: {name} is not published (yet)")
                if response.status == 451:
                    raise VenueBlocked(f"{self._venue}: {name}: HTTP 451: not served to this network")
                if response.status == 429:
                    raise self._busy(name, response)
                if response.status >= 500:
                    raise _RetryableDownload(f"HTTP {response.status}")
                if response.status == 403 and FIREWALL.search(await response.content.read(_PAGE_BYTES)):
                    raise self._busy(name, response)
                if response.status >= 300:
                    raise VenueError(f"{self._venue}: {name}: HTTP {response.status}")
                return await read(response)
        # no text of these errors is passed on: some carry the proxy's URL with its password
        except (TimeoutError, ProxyTimeoutError):
            raise _RetryableDownload(f"no answer within {seconds:g} s") from None
        except (aiohttp.ClientProxyConnectionError, ProxyConnectionError, ProxyError):
            raise _RetryableDownload("the proxy cannot be reached or refused") from None
        except aiohttp.ClientConnectorError as error:
            raise _RetryableDownload(f"cannot connect: {error.os_error.strerror or 'no such host'}") from None
        except aiohttp.ClientPayloadError:
            raise _RetryableDownload("the answer was cut short") from None
        except aiohttp.ClientError as error:
            raise _RetryableDownload(f"the connection failed ({type(error).__name__})") from None

    def _busy(self, name: str, response: Any) -> VenueBusy:
        """It asks to wait, or a firewall does in its place: both pass."""
        said = response.headers.get("Retry-After", "")
        seconds = float(said[:9]) if said.isdecimal() else _BUSY_S
        return VenueBusy(f"{self._venue}: {name}: HTTP {response.status}; wait {seconds:.0f} s", seconds)

    def _open(self) -> Any:
        if self._session is None:
            import aiohttp
            from aiohttp_socks import ProxyConnector

            socks = self._proxy if self._proxy and self._proxy.startswith("socks") else None
            self._session = aiohttp.ClientSession(
                connector=ProxyConnector.from_url(socks) if socks else None, auto_decompress=False
            )
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
