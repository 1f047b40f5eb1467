"""Open interest and funding of OKX's swaps: now, in bulk, and of the past (EXCHANGES 1.3)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from coinmon_exchanges._entries import each_readable

if TYPE_CHECKING:
    from coinmon.exchange import Funding, Instrument, OpenInterest

_HISTORY_ROWS, _SETTLEMENT_ROWS = 100, 400
_MAX_FUNDING_INTERVAL_MS = 8 * 3_600_000
_INDEXED = ("USD", "USDT", "BTC", "USDC")
"""Quote currencies that have indices; OKX's page of index-tickers knows no others."""


class OkxDerivatives:
    """get: endpoint and parameters to the decoded answer."""

    def __init__(self, get: Callable[[str, Mapping[str, Any]], Awaitable[Any]]) -> None:
        self._get = get

    async def open_interest(self, instruments: "Sequence[Instrument]") -> "Mapping[str, OpenInterest]":
        from coinmon_exchanges.okx import decode

        entries = await self._bulk("publicGetPublicOpenInterest", {"instType": "SWAP"})
        known = _among(instruments, entries)
        return dict(each_readable(known, lambda each: (each.id, decode.open_interest(entries[each.native_id]))))

    async def funding(self, instruments: "Sequence[Instrument]") -> "Mapping[str, Funding]":
        from coinmon_exchanges.okx import decode

        quotes = sorted({each.quote for each in instruments if each.kind == "perp"}.intersection(_INDEXED))
        entries, marks, *indices = await asyncio.gather(
            self._bulk("publicGetPublicFundingRate", {"instId": "ANY"}),
            self._bulk("publicGetPublicMarkPrice", {"instType": "SWAP"}),
            *(self._bulk("publicGetMarketIndexTickers", {"quoteCcy": quote}) for quote in quotes),
        )
        index = {name: entry for each in indices for name, entry in each.items()}

        def of(each: "Instrument") -> "tuple[str, Funding]":
            mark = marks.get(each.native_id, {}).get("markPx")
            # an index is named like the swap on it
            at = index.get(each.native_id.removesuffix("-SWAP").removesuffix("_UM"), {}).get("idxPx")
            return each.id, decode.funding(entries[each.native_id], mark, at)

        return dict(each_readable(_among(instruments, entries), of))

    async def past_open_interest(self, instrument: "Instrument", start: int, end: int) -> "Sequence[OpenInterest]":
        """The newest 1440 points, which are 5 days at 5 minutes, of any period from 5m on (docs-v5, "Get contract open
        interest history": 100 a page, points newer than `begin` and earlier than `end`)."""
        from coinmon_exchanges.okx import decode

        found: list[OpenInterest] = []
        while end > start:
            window = {"begin": start - 1, "end": end, "limit": _HISTORY_ROWS}
            params = {"instId": instrument.native_id, "period": "5m", **window}
            reply = await self._get("publicGetRubikStatContractsOpenInterestHistory", params)
            page = decode.past_open_interest(reply)
            found += [each for each in page if start <= each.time < end]
            oldest = min((each.time for each in page), default=start)
            end = oldest if len(reply["data"]) >= _HISTORY_ROWS and oldest < end else start
        return found[::-1]

    async def past_funding(self, instrument: "Instrument", start: int, end: int) -> "Sequence[Funding]":
        """The last three months."""
        from coinmon_exchanges._settlements import settlements
        from coinmon_exchanges.okx import decode

        rows: list[tuple[int, float, float | None]] = []
        until, since = end, start - _MAX_FUNDING_INTERVAL_MS
        while until > since:
            params = {"instId": instrument.native_id, "after": until, "before": since - 1, "limit": _SETTLEMENT_ROWS}
            reply = await self._get("publicGetPublicFundingRateHistory", params)
            page = decode.past_funding(reply)
            rows += page
            oldest = min((each[0] for each in page), default=since)
            until = oldest if len(reply["data"]) >= _SETTLEMENT_ROWS and oldest < until else since
        return settlements(rows, start)

    async def _bulk(self, endpoint: str, params: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        from coinmon_exchanges.okx import decode

        return decode.by_id(await self._get(endpoint, params))


def _among(instruments: "Iterable[Instrument]", entries: Mapping[str, Any]) -> "list[Instrument]":
    return [each for each in instruments if each.kind == "perp" and each.native_id in entries]
