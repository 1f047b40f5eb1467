"""OKX spot and linear swaps."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from coinmon.exchange import MINUTE
from coinmon_exchanges._entries import each_readable
from coinmon_exchanges._http.answer import Refused, ReplyRules, Throttled, Transient
from coinmon_exchanges._http.budget import Budget
from coinmon_exchanges._http.session import HostSession
from coinmon_exchanges._minutes import opening_in
from coinmon_exchanges.okx.archive import OkxFiles

if TYPE_CHECKING:
    from coinmon.exchange import (
        Bars,
        Book,
        Channel,
        Cursor,
        Funding,
        Instrument,
        OpenInterest,
        Stream,
        Ticker,
        TradePage,
    )
    from coinmon_exchanges._columns import JsonRows

_CANDLES = 300
_NEWEST = 500
_HISTORY = 100
_HISTORY_PAGES = 20
"""Pages of history-trades fetched in one call: what its budget allows at once."""
_POINTS, _SETTLEMENTS = 100, 400
_MAX_FUNDING_INTERVAL_MS = 8 * 3_600_000
_LIMITS = {
    "publicGetPublicTime": 10,
    "publicGetPublicInstruments": 20,
    "publicGetMarketCandles": 40,
    "publicGetMarketHistoryCandles": 20,
    "publicGetMarketTrades": 100,
    "publicGetMarketHistoryTrades": 20,
    "publicGetMarketTickers": 20,
    "publicGetMarketBooks": 40,
    "publicGetMarketBooksFull": 10,
    "publicGetPublicOpenInterest": 20,
    "publicGetPublicFundingRate": 10,
    "publicGetPublicMarkPrice": 10,
    "publicGetMarketIndexTickers": 20,
    "publicGetPublicFundingRateHistory": 10,
    "publicGetRubikStatContractsOpenInterestHistory": 10,
}
"""Requests in any 2 s, each endpoint by itself (EXCHANGES 1.3; index-tickers: OKX's page of it, docs-v5 "Get index
tickers", 20 requests in 2 s for an IP)."""
_INDEXED = ("USD", "USDT", "BTC", "USDC")
"""Quote currencies that have indices; OKX's page of index-tickers knows no others."""


class Okx:
    """OKX spot and linear swaps: every trade, and any hole of the last three months filled.

    Trade ids run +1 per instrument, so a hole's pages can be addressed by id.
    """

    def __init__(
        self,
        name: str,
        *,
        url: str = "https://www.okx.com",
        ws_url: str = "wss://ws.okx.com:8443",
        archive_url: str = "https://static.okx.com",
        kinds: tuple[Literal["spot", "perp"], ...] = ("spot", "perp"),
        proxy: str | None = None,
        timeout: float = 10.0,
    ) -> None:
        self.name = name
        self._kinds = kinds
        self._proxy = proxy
        self._ws_url = ws_url
        self._budgets = {
            endpoint: Budget(f"{name} {endpoint.removeprefix('publicGet')}", limit, 2.0)
            for endpoint, limit in _LIMITS.items()
        }
        self.archives = OkxFiles(name, archive_url, proxy, timeout)
        manners = ReplyRules(pause=2.0, check=_complain)
        self._session = HostSession(name, "okx", url, {"rest": ""}, manners=manners, proxy=proxy, timeout=timeout)

    @property
    def requests(self) -> int:
        return self._session.requests

    async def instruments(self) -> "Sequence[Instrument]":
        from coinmon_exchanges._listing import instruments
        from coinmon_exchanges.okx import decode

        replies = await asyncio.gather(
            *(self._get("publicGetPublicInstruments", {"instType": _TYPES[kind]}) for kind in self._kinds)
        )
        entries = [entry for reply in replies for entry in decode.listed(reply)]
        return instruments(self.name, entries, decode.draft, self._session.currency)

    async def bars(self, instrument: "Instrument", start: int, end: int) -> "Bars":
        """Newest first, from candles while it answers (the last 1440 minutes), then from history-candles."""
        from coinmon.exchange import Bars
        from coinmon_exchanges.okx import decode

        start, end = opening_in(start, end)
        parts: list[Bars] = []
        endpoint, until = "publicGetMarketCandles", end
        while until > start:
            limit = min((until - start) // MINUTE, _CANDLES)
            params = {"instId": instrument.native_id, "bar": "1m", "after": until, "limit": limit}
            reply = await self._get(endpoint, params)
            times = decode.times(reply)
            if times:
                page = decode.bars(reply, instrument)
                parts.append(page[(page.time >= start) & (page.time < end)])
                until = min(times)
            if len(times) < limit:
                if endpoint == "publicGetMarketHistoryCandles":
                    break
                endpoint = "publicGetMarketHistoryCandles"
        return Bars.concat(parts[::-1]) if parts else Bars.empty(instrument.tick_size)

    async def trades(self, instrument: "Instrument", cursor: "Cursor") -> "TradePage":
        """The newest 500, and history-trades for what lies between them and the cursor."""
        from coinmon.exchange import TradePage
        from coinmon_exchanges import _continuity

        head = await self._newest(instrument)
        if cursor.last_id is None:
            is_all = 0 < len(head.ids) < _NEWEST and not len((await self._older(instrument, int(head.ids[0]))).ids)
            joined = _continuity.since(head, cursor.since, is_all)
            return TradePage(head.trades, joined, whole=_continuity.sequential(head.ids))
        hole = (int(head.ids[0]) if len(head.ids) else 0) - cursor.last_id - 1
        if hole <= 0:
            trades, joined, whole = _continuity.after([head], cursor.last_id)
            return TradePage(trades, joined, _continuity.behind(head, cursor.last_id), whole)
        pages = min(-(-hole // _HISTORY), _HISTORY_PAGES)
        ends = (cursor.last_id + 1 + _HISTORY * (page + 1) for page in range(pages))
        found = await asyncio.gather(*(self._older(instrument, end) for end in ends))
        to_head = hole <= _HISTORY * _HISTORY_PAGES
        trades, joined, whole = _continuity.after([*found, head] if to_head else found, cursor.last_id)
        if not to_head and not len(trades):
            # older than history-trades reaches: go on from the head, with the hole told
            (trades, _, whole), to_head = _continuity.after([head], cursor.last_id), True
        return TradePage(trades, joined and len(trades) > 0, more=not to_head, whole=whole)

    async def earlier_trades(self, instrument: "Instrument", before_id: int, since: int) -> "TradePage":
        from coinmon.exchange import TradePage
        from coinmon_exchanges import _continuity

        return TradePage(*_continuity.before(await self._older(instrument, before_id), before_id, since))

    def stream(self, instruments: "Sequence[Instrument]", channels: "Sequence[Channel]") -> "Stream":
        from coinmon_exchanges._stream.liquidations import okx_links
        from coinmon_exchanges._stream.socket import streamed
        from coinmon_exchanges.okx import books
        from coinmon_exchanges.okx import trades as stream

        url = f"{self._ws_url}/ws/v5/public"
        links = stream.links(url, instruments) if "trades" in channels else []
        links += books.links(url, instruments) if "book" in channels else []
        if "liquidations" in channels:
            links += okx_links(url, [each for each in instruments if each.kind == "perp"])
        return streamed(links, stream.MANNER, stream.read, self._proxy, self.name)

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
            at = index.get(each.native_id.removesuffix("-SWAP"), {}).get("idxPx")
            return each.id, decode.funding(entries[each.native_id], mark, at)

        return dict(each_readable(_among(instruments, entries), of))

    async def past_open_interest(self, instrument: "Instrument", start: int, end: int) -> "Sequence[OpenInterest]":
        """The newest 1440 points, which are 5 days at 5 minutes, of any period from 5m on (docs-v5, "Get contract open
        interest history": 100 a page, points newer than `begin` and earlier than `end`)."""
        from coinmon_exchanges.okx import decode

        found: list[OpenInterest] = []
        while end > start:
            params = {"instId": instrument.native_id, "period": "5m", "begin": start - 1, "end": end, "limit": _POINTS}
            page = decode.past_open_interest(await self._get("publicGetRubikStatContractsOpenInterestHistory", params))
            found += [each for each in page if start <= each.time < end]
            oldest = min((each.time for each in page), default=start)
            end = oldest if len(page) >= _POINTS and oldest < end else start
        return found[::-1]

    async def past_funding(self, instrument: "Instrument", start: int, end: int) -> "Sequence[Funding]":
        """The last three months."""
        from coinmon_exchanges._settled import settled
        from coinmon_exchanges.okx import decode

        rows: list[tuple[int, float, float | None]] = []
        until, since = end, start - _MAX_FUNDING_INTERVAL_MS
        while until > since:
            params = {"instId": instrument.native_id, "after": until, "before": since - 1, "limit": _SETTLEMENTS}
            page = decode.past_funding(await self._get("publicGetPublicFundingRateHistory", params))
            rows += page
            oldest = min((each[0] for each in page), default=since)
            until = oldest if len(page) >= _SETTLEMENTS and oldest < until else since
        return settled(rows, start)

    async def tickers(self, instruments: "Sequence[Instrument]") -> "Mapping[str, Ticker]":
        from coinmon_exchanges.okx import decode

        kinds = {each.kind for each in instruments}
        replies = await asyncio.gather(
            *(self._bulk("publicGetMarketTickers", {"instType": _TYPES[kind]}) for kind in kinds)
        )
        entries = {native_id: entry for reply in replies for native_id, entry in reply.items() if entry.get("last")}
        wanted = [each for each in instruments if each.native_id in entries]
        return dict(each_readable(wanted, lambda each: (each.id, decode.ticker(entries[each.native_id], each))))

    async def book(self, instrument: "Instrument", depth: int) -> "Book":
        from coinmon_exchanges.okx import decode

        endpoint = "publicGetMarketBooks" if depth <= 400 else "publicGetMarketBooksFull"
        reply = await self._get(endpoint, {"instId": instrument.native_id, "sz": min(depth, 5000)})
        return decode.book(reply, instrument)

    async def server_time(self) -> int:
        from coinmon_exchanges.okx import decode

        return decode.time(await self._get("publicGetPublicTime", {}))

    def usage(self) -> Mapping[str, tuple[float, float]]:
        return {each.name: (each.used, each.limit) for each in self._budgets.values()}

    async def close(self) -> None:
        await asyncio.gather(self._session.close(), self.archives.close())

    async def _get(self, endpoint: str, params: Mapping[str, Any]) -> Any:
        return await self._session.get(endpoint, params, self._budgets[endpoint])

    async def _newest(self, instrument: "Instrument") -> "JsonRows":
        from coinmon_exchanges.okx import decode

        params = {"instId": instrument.native_id, "limit": _NEWEST}
        return decode.trades(await self._get("publicGetMarketTrades", params), instrument)

    async def _older(self, instrument: "Instrument", before_id: int) -> "JsonRows":
        """The 100 trades before an id."""
        from coinmon_exchanges.okx import decode

        params = {"instId": instrument.native_id, "type": 1, "after": before_id, "limit": _HISTORY}
        return decode.trades(await self._get("publicGetMarketHistoryTrades", params), instrument)

    async def _bulk(self, endpoint: str, params: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Entries of a bulk call by instId."""
        from coinmon_exchanges.okx import decode

        return decode.by_id(await self._get(endpoint, params))


_TYPES = {"spot": "SPOT", "perp": "SWAP"}


def _among(instruments: "Iterable[Instrument]", entries: Mapping[str, Any]) -> "list[Instrument]":
    return [each for each in instruments if each.kind == "perp" and each.native_id in entries]


def _complain(reply: Any) -> None:
    """OKX answers 200 with a code: 50011 and 50013 want a pause, 50026 is its own failure (EXCHANGES 2.1)."""
    code = reply.get("code") if isinstance(reply, dict) else None
    if code == "0" and isinstance(reply.get("data"), list):
        return
    text = f"code {code}: {reply.get('msg') or 'no data'}" if isinstance(reply, dict) else "not an object"
    if code in ("50011", "50013", "50040"):
        raise Throttled(text, 2.0)
    raise Transient(text) if code in ("50001", "50004", "50026") else Refused(text)
