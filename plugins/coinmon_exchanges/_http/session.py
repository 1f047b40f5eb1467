"""One venue host: requests within its budgets, retried within bounds, its refusals remembered."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from coinmon.exchange import ConfigError, VenueBlocked, VenueBusy, VenueError, WireTap
from coinmon_exchanges._http.answer import Firewalled, HttpAnswer, Refused, ReplyRules, Throttled, Transient, payload
from coinmon_exchanges._http.budget import MAX_PAUSE_S, Budget
from coinmon_exchanges._http.proxy import checked, proxy_for
from coinmon_exchanges._http.refusal import BLOCKED_PAUSES_S, RefusalPause
from coinmon_exchanges._http.wire import Wire, backoff

MAX_TRIES = 3
_MAX_COUNT_DIGITS = 9
FIREWALL_PAUSES_S = 30.0, 900.0
"""The first and the longest pause after a firewall's page: they pass within minutes (EXCHANGES C13)."""


class HostSession:
    """`api` maps ccxt's names of the host's interfaces to path prefixes below `url`.

    weights: the budget that the used-weight header of `reply_rules` counts.

    blocked: why the host refuses this place, until it is time to ask again. tap: who records what it answers.
    """

    def __init__(
        self,
        venue: str,
        ccxt_id: str,
        url: str,
        api: Mapping[str, str],
        *,
        reply_rules: ReplyRules,
        proxy: str | None,
        timeout: float,
        weights: Budget | None = None,
    ) -> None:
        base = base_url(venue, url)
        self.venue = venue
        self._ccxt_id = ccxt_id
        self._api = {name: base + prefix for name, prefix in api.items()}
        self._reply_rules = reply_rules
        self._proxy = proxy_for(base, checked(proxy, f"exchanges.{venue}.proxy") if proxy else None)
        self._timeout = positive(venue, timeout)
        self._weights = weights
        self._wire: Wire | None = None
        self._blocked = RefusalPause(*BLOCKED_PAUSES_S)
        self._firewall = RefusalPause(*FIREWALL_PAUSES_S)
        self._closed = False
        self.tap: WireTap | None = None

    @property
    def blocked(self) -> str | None:
        return self._blocked.words

    @property
    def requests(self) -> int:
        return self._wire.requests if self._wire else 0

    def currency(self, code: str) -> str:
        return self._open().currency(code)

    async def get(self, endpoint: str, params: Mapping[str, Any], budget: Budget, weight: float = 1.0) -> Any:
        """The decoded answer of a ccxt implicit endpoint."""
        problem, busy, waited = "", 0.0, 0.0
        for attempt in range(MAX_TRIES):
            if self.blocked:
                raise VenueBlocked(self.blocked)
            try:
                return await self._try(endpoint, params, budget, weight)
            except Transient as error:
                problem, busy = f"{self.venue} {error}", 0.0
                if attempt + 1 < MAX_TRIES:
                    await backoff(attempt)
            except Throttled as error:
                problem, busy = f"{self.venue} {error}", error.seconds
                if isinstance(error, Firewalled):
                    busy = self._firewall.begin(problem, busy)
                budget.penalise(busy, problem)
                waited += busy
                if waited > MAX_PAUSE_S:
                    break
            except VenueBusy:
                raise
            except VenueError as error:
                raise self._named(error) from None
        if busy:
            raise VenueBusy(f"{problem}; wait {busy:.0f} s", busy)
        raise VenueError(f"{problem} ({MAX_TRIES} tries)")

    async def _try(self, endpoint: str, params: Mapping[str, Any], budget: Budget, weight: float) -> Any:
        """One request. An answer that is one ends every pause that was made longer by refusals."""
        async with budget.spend(weight):
            answer = await self._open().get(endpoint, params)
            self._observe(answer)
        data = payload(answer, self._reply_rules)
        budget.relieve()
        self._blocked.end()
        self._firewall.end()
        return data

    def _named(self, error: VenueError) -> VenueError:
        """The same refusal with the venue's name before its words."""
        words = f"{self.venue} {error}"
        if isinstance(error, VenueBlocked):
            self._blocked.begin(words)
            return VenueBlocked(words)
        return Refused(words) if isinstance(error, Refused) else VenueError(words)

    def _observe(self, answer: HttpAnswer) -> None:
        used = answer.headers.get(self._reply_rules.used_weight_header, "")
        if self._weights and used.isdecimal() and len(used) <= _MAX_COUNT_DIGITS:
            self._weights.observe(int(used))

    async def close(self) -> None:
        self._closed = True
        if self._wire:
            await self._wire.close()

    def _open(self) -> Wire:
        if self._closed:
            raise VenueError("closed")
        if self._wire is None:
            self._wire = Wire(self._ccxt_id, self._api, self._proxy, self._timeout, self.tap)
        return self._wire


def positive(venue: str, timeout: float) -> float:
    if not 0 < timeout < float("inf"):
        raise ConfigError(f"exchanges.{venue}.timeout: {timeout!r} is not a number of seconds above 0")
    return timeout


def base_url(venue: str, url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"exchanges.{venue}: {url!r} is not a base URL; expected one like https://api.example.com")
    return url.rstrip("/")
