"""Open interest and funding of Binance's USD-M perpetuals: now, and of the past (EXCHANGES 1.2)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

from coinmon.exchange import DAY, MINUTE, DecodeError, VenueError
from coinmon_exchanges._entries import each_readable
from coinmon_exchanges._http.answer import what_succeeded
from coinmon_exchanges._http.budget import Budget
from coinmon_exchanges._http.session import HostSession

if TYPE_CHECKING:
    from coinmon.exchange import Funding, Instrument, OpenInterest

_BULK_INSTRUMENTS = 20
"""From so many instruments on, one all-symbols call is cheaper than one call each."""
_STEP, _ROWS = 5 * MINUTE, 500
_HISTORY_REACH_MS = 30 * DAY - 10 * MINUTE
"""openInterestHist has the last month; a little less, as time passes on the way."""
_SETTLEMENT_ROWS = 1000
_MAX_FUNDING_INTERVAL_MS = 8 * 3_600_000
_HOURS_BELIEVED_S, _RECHECK_INTERVAL_S = 3600.0, 60.0
"""Seconds that intervals between settlements are believed, and those that a next settlement contradicts."""

Ask = Callable[[str, Mapping[str, Any], float], Awaitable[Any]]
"""Endpoint, parameters and weight to the decoded answer."""


class UsdmDerivatives:
    """weight: the host's budget; what has limits of its own gets budgets here."""

    def __init__(self, venue: str, session: HostSession, weight: Budget) -> None:
        self._session = session
        self._weight = weight
        self._fundings = Budget(f"{venue} fundingRate and fundingInfo", 450, 300.0)
        self._statistics = Budget(f"{venue} futures/data", 900, 300.0)
        self._hours: dict[str, int] | None = None
        self._hours_known_at = self._hours_asked_at = float("-inf")

    @property
    def budgets(self) -> Sequence[Budget]:
        return self._fundings, self._statistics

    async def open_interest(self, instruments: "Sequence[Instrument]") -> "Mapping[str, OpenInterest]":
        """One call each: Binance has no bulk call for it."""
        from coinmon_exchanges.binance import decode

        async def of(instrument: "Instrument") -> "OpenInterest":
            return decode.open_interest(await self._get("OpenInterest", {"symbol": instrument.native_id}, 1))

        perps = [each for each in instruments if each.kind == "perp"]
        return what_succeeded(perps, await asyncio.gather(*(of(each) for each in perps), return_exceptions=True))

    async def funding(self, instruments: "Sequence[Instrument]") -> "Mapping[str, Funding]":
        from coinmon_exchanges.binance import decode

        perps = [each for each in instruments if each.kind == "perp"]
        if not perps:
            return {}
        entries = await by_symbol(self._get, perps, "PremiumIndex", 1, 10)
        await self._renew_hours(_HOURS_BELIEVED_S)
        known = [each for each in perps if each.native_id in entries]
        if any(decode.settles_otherwise(entries[each.native_id], self._hours_of(each)) for each in known):
            await self._renew_hours(_RECHECK_INTERVAL_S)

        def of(each: "Instrument") -> "tuple[str, Funding]":
            entry, hours = entries[each.native_id], self._hours_of(each)
            return each.id, decode.funding(entry, None if decode.settles_otherwise(entry, hours) else hours)

        return dict(each_readable(known, of))

    async def past_open_interest(self, instrument: "Instrument", start: int, end: int) -> "Sequence[OpenInterest]":
        from coinmon_exchanges.binance import decode

        now = decode.time(await self._get("Time", {}, 1))
        found: list[OpenInterest] = []
        # no page is larger than its window, so that it does not matter at which end a venue would cut it
        for at in range(max(start, now - _HISTORY_REACH_MS), min(end, now), _ROWS * _STEP):
            window = {"startTime": at, "endTime": min(end, at + _ROWS * _STEP) - 1, "limit": _ROWS}
            params = {"symbol": instrument.native_id, "period": "5m", **window}
            reply = await self._session.get("fapiDataGetOpenInterestHist", params, self._statistics)
            found += decode.past_open_interest(reply)
        return found

    async def past_funding(self, instrument: "Instrument", start: int, end: int) -> "Sequence[Funding]":
        from coinmon_exchanges._settlements import settlements
        from coinmon_exchanges.binance import decode

        rows: list[tuple[int, float, float | None]] = []
        at = start - _MAX_FUNDING_INTERVAL_MS
        while at < end:
            params = {"symbol": instrument.native_id, "startTime": at, "endTime": end - 1, "limit": _SETTLEMENT_ROWS}
            reply = await self._session.get("fapiPublicGetFundingRate", params, self._fundings)
            page = decode.past_funding(reply)
            rows += page
            if len(reply) < _SETTLEMENT_ROWS or not page or page[-1][0] < at:
                break
            at = page[-1][0] + 1
        return settlements(rows, start)

    async def _get(self, endpoint: str, params: Mapping[str, Any], weight: float) -> Any:
        return await self._session.get(f"fapiPublicGet{endpoint}", params, self._weight, weight)

    def _hours_of(self, instrument: "Instrument") -> int | None:
        """Between its settlements; Binance names those that are not 8."""
        return None if self._hours is None else self._hours.get(instrument.native_id, 8)

    async def _renew_hours(self, believed_s: float) -> None:
        """Ask for the hours between settlements where what is known is so old, and nobody asked just now."""
        from coinmon_exchanges.binance import decode

        now = monotonic()
        if now - self._hours_known_at < believed_s or now - self._hours_asked_at < _RECHECK_INTERVAL_S:
            return
        self._hours_asked_at = now
        # the rates are known without it
        with suppress(VenueError, DecodeError):
            self._hours = decode.funding_hours(await self._session.get("fapiPublicGetFundingInfo", {}, self._fundings))
            self._hours_known_at = now


async def by_symbol(
    ask: Ask, wanted: "Sequence[Instrument]", endpoint: str, one: float, every: float
) -> dict[str, Any]:
    """Entries by symbol: from the all-symbols call when that is cheaper. one, every: the weights of the two."""
    from coinmon_exchanges.binance import decode

    if len(wanted) > _BULK_INSTRUMENTS:
        return decode.by_symbol(await ask(endpoint, {}, every))
    replies = await asyncio.gather(
        *(ask(endpoint, {"symbol": each.native_id}, one) for each in wanted), return_exceptions=True
    )
    found = what_succeeded(wanted, replies)
    return {each.native_id: found[each.id] for each in wanted if each.id in found}
