"""Open interest and funding of Bybit's linear perpetuals: now, from the tickers, and of the past (EXCHANGES 1.4)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from coinmon_exchanges._entries import each_readable

if TYPE_CHECKING:
    from coinmon.exchange import Funding, Instrument, OpenInterest

_HISTORY_ROWS = 200
_MAX_FUNDING_INTERVAL_MS = 8 * 3_600_000

Tickers = tuple[dict[str, dict[str, Any]], int]
"""Entries by symbol, and their time."""


class BybitDerivatives:
    """get: an instrument, endpoint and parameters to the decoded answer. tickers: of instruments of a kind.

    funding_minutes: the interval of each symbol, from the listing.
    """

    def __init__(
        self,
        get: "Callable[[Instrument, str, Mapping[str, Any]], Awaitable[Any]]",
        tickers: "Callable[[str, Sequence[Instrument]], Awaitable[Tickers]]",
    ) -> None:
        self._get = get
        self._tickers = tickers
        self.funding_minutes: dict[str, int] = {}

    async def open_interest(self, instruments: "Sequence[Instrument]") -> "Mapping[str, OpenInterest]":
        from coinmon_exchanges.bybit import decode

        perps = [each for each in instruments if each.kind == "perp"]
        entries, time = await self._tickers("perp", perps)
        wanted = [each for each in perps if each.native_id in entries]
        found = each_readable(wanted, lambda each: (each.id, decode.open_interest(entries[each.native_id], time)))
        return {id: value for id, value in found if value is not None}

    async def funding(self, instruments: "Sequence[Instrument]") -> "Mapping[str, Funding]":
        from coinmon_exchanges.bybit import decode

        perps = [each for each in instruments if each.kind == "perp"]
        entries, time = await self._tickers("perp", perps)
        minutes = self.funding_minutes
        found = each_readable(
            [each for each in perps if each.native_id in entries],
            lambda each: (each.id, decode.funding(entries[each.native_id], time, minutes.get(each.native_id))),
        )
        return {id: value for id, value in found if value is not None}

    async def past_open_interest(self, instrument: "Instrument", start: int, end: int) -> "Sequence[OpenInterest]":
        from coinmon_exchanges.bybit import decode

        found: list[OpenInterest] = []
        params: dict[str, Any] = {"startTime": start, "endTime": end - 1, "limit": _HISTORY_ROWS}
        params["intervalTime"] = "5min"
        seen = {None, ""}
        while True:
            reply = await self._get(instrument, "OpenInterest", params)
            found += [each for each in decode.past_open_interest(reply) if start <= each.time < end]
            cursor = reply["result"].get("nextPageCursor")
            if cursor in seen:
                return found[::-1]
            seen.add(cursor)
            params["cursor"] = cursor

    async def past_funding(self, instrument: "Instrument", start: int, end: int) -> "Sequence[Funding]":
        from coinmon_exchanges._settlements import settlements
        from coinmon_exchanges.bybit import decode

        rows: list[tuple[int, float, float | None]] = []
        until, since = end, start - _MAX_FUNDING_INTERVAL_MS
        while until > since:
            params = {"startTime": since, "endTime": until - 1, "limit": _HISTORY_ROWS}
            reply = await self._get(instrument, "FundingHistory", params)
            page = decode.past_funding(reply)
            rows += page
            oldest = min((each[0] for each in page), default=since)
            until = oldest if len(reply["result"]["list"]) >= _HISTORY_ROWS and oldest < until else since
        return settlements(rows, start)
