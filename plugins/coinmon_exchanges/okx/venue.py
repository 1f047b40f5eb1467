"""OKX spot and linear swaps."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from coinmon.exchange import MINUTE
from coinmon_exchanges._entries import each_readable
from coinmon_exchanges._http.answer import Refused, ReplyRules, Throttled, Transient
from coinmon_exchanges._http.budget import Budget
from coinmon_exchanges._http.session import HostSession
from coinmon_exchanges._kinds import Failing, of_both, of_each_kind
from coinmon_exchanges._minutes import opening_in
from coinmon_exchanges.okx.abilities import ABILITIES
from coinmon_exchanges.okx.archive import OkxFiles
from coinmon_exchanges.okx.derivatives import OkxDerivatives

if TYPE_CHECKING:
    from coinmon.exchange import (
        Bars,
        Book,
        Channel,
        Cursor,
        Funding,
        Instrument,
        Kind,
        OpenInterest,
        Stream,
        Ticker,
        TradePage,
        WireTap,
    )
    from coinmon_exchanges._columns import JsonRows

_CANDLE_ROWS = 300
_NEWEST_TRADES = 500
_HISTORY_TRADES = 100
_MAX_HISTORY_PAGES = 20
"""Pages of history-trades fetched in one call: what its budget allows at once."""
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
        self.abilities = ABILITIES
        self._kinds = kinds
        self._proxy = proxy
        self._ws_url = ws_url
        self._budgets = {
            endpoint: Budget(f"{name} {endpoint.removeprefix('publicGet')}", limit, 2.0)
            for endpoint, limit in _LIMITS.items()
        }
        self.archives = OkxFiles(name, archive_url, proxy, timeout)
        reply_rules = ReplyRules(pause=2.0, check=_check_code)
        self._session = HostSession(
            name, "okx", url, {"rest": ""}, reply_rules=reply_rules, proxy=proxy, timeout=timeout
        )
        self._derivatives = OkxDerivatives(self._get)
        self.failing: Failing = {}

    @property
    def requests(self) -> int:
        return self._session.requests

    async def instruments(self) -> "Sequence[Instrument]":
        from coinmon_exchanges._listing import instruments
        from coinmon_exchanges.okx import decode

        async def of(kind: "Kind") -> list[dict[str, Any]]:
            return decode.listed(await self._get("publicGetPublicInstruments", {"instType": _TYPES[kind]}))

        found, self.failing = await of_each_kind(self._kinds, of)
        entries = [entry for each in found.values() for entry in each]
        return instruments(self.name, entries, decode.draft, self._session.currency)

    async def bars(self, instrument: "Instrument", start: int, end: int) -> "Bars":
        """Newest first, from candles while it answers (the last 1440 minutes), then from history-candles."""
        from coinmon.exchange import Bars
        from coinmon_exchanges.okx import decode

        start, end = opening_in(start, end)
        parts: list[Bars] = []
        endpoint, until = "publicGetMarketCandles", end
        while until > start:
            limit = min((until - start) // MINUTE, _CANDLE_ROWS)
            params = {"instId": instrument.native_id, "bar": "1m", "after": until, "limit": limit}
            reply = await self._get(endpoint, params)
            times = decode.times(reply)
            if times:
                page = decode.bars(reply, instrument)
                parts.append(page[(page.time >= start) & (page.time < end)])
                if min(times) >= until:
                    # a page that comes again would go round for ever
                    break
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
            is_all = 0 < len(head.ids) < _NEWEST_TRADES and not len(
                (await self._older(instrument, int(head.ids[0]))).ids
            )
            joined = _continuity.since(head, cursor.since, is_all)
            return TradePage(head.trades, joined, whole=_continuity.sequential(head.ids))
        hole = (int(head.ids[0]) if len(head.ids) else 0) - cursor.last_id - 1
        if hole <= 0:
            trades, joined, whole = _continuity.after([head], cursor.last_id)
            return TradePage(trades, joined, _continuity.behind(head, cursor.last_id), whole)
        pages = min(-(-hole // _HISTORY_TRADES), _MAX_HISTORY_PAGES)
        ends = (cursor.last_id + 1 + _HISTORY_TRADES * (page + 1) for page in range(pages))
        found = await asyncio.gather(*(self._older(instrument, end) for end in ends))
        to_head = hole <= _HISTORY_TRADES * _MAX_HISTORY_PAGES
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
        from coinmon_exchanges.okx import streams

        return streams.stream(self.name, instruments, channels, self._ws_url, self._proxy, self._session.tap)

    async def open_interest(self, instruments: "Sequence[Instrument]") -> "Mapping[str, OpenInterest]":
        return await self._derivatives.open_interest(instruments)

    async def funding(self, instruments: "Sequence[Instrument]") -> "Mapping[str, Funding]":
        return await self._derivatives.funding(instruments)

    async def past_open_interest(self, instrument: "Instrument", start: int, end: int) -> "Sequence[OpenInterest]":
        return await self._derivatives.past_open_interest(instrument, start, end)

    async def past_funding(self, instrument: "Instrument", start: int, end: int) -> "Sequence[Funding]":
        return await self._derivatives.past_funding(instrument, start, end)

    async def tickers(self, instruments: "Sequence[Instrument]") -> "Mapping[str, Ticker]":
        from coinmon_exchanges.okx import decode

        async def of(kind: "Kind") -> "dict[str, Ticker]":
            entries = await self._bulk("publicGetMarketTickers", {"instType": _TYPES[kind]})
            wanted = [each for each in instruments if each.kind == kind and entries.get(each.native_id, {}).get("last")]
            return dict(each_readable(wanted, lambda each: (each.id, decode.ticker(entries[each.native_id], each))))

        return await of_both(instruments, of)

    async def book(self, instrument: "Instrument", depth: int) -> "Book":
        from coinmon_exchanges.okx import decode

        endpoint = "publicGetMarketBooks" if depth <= 400 else "publicGetMarketBooksFull"
        reply = await self._get(endpoint, {"instId": instrument.native_id, "sz": min(depth, 5000)})
        return decode.book(reply, instrument)

    async def server_time(self) -> int:
        from coinmon_exchanges.okx import decode

        return decode.time(await self._get("publicGetPublicTime", {}))

    def record(self, tap: "WireTap") -> None:
        self._session.tap = tap

    def usage(self) -> Mapping[str, tuple[float, float]]:
        return {each.name: (each.used, each.limit) for each in self._budgets.values()}

    async def close(self) -> None:
        await asyncio.gather(self._session.close(), self.archives.close())

    async def _get(self, endpoint: str, params: Mapping[str, Any]) -> Any:
        return await self._session.get(endpoint, params, self._budgets[endpoint])

    async def _newest(self, instrument: "Instrument") -> "JsonRows":
        from coinmon_exchanges.okx import decode

        params = {"instId": instrument.native_id, "limit": _NEWEST_TRADES}
        return decode.trades(await self._get("publicGetMarketTrades", params), instrument)

    async def _older(self, instrument: "Instrument", before_id: int) -> "JsonRows":
        """The 100 trades before an id."""
        from coinmon_exchanges.okx import decode

        params = {"instId": instrument.native_id, "type": 1, "after": before_id, "limit": _HISTORY_TRADES}
        return decode.trades(await self._get("publicGetMarketHistoryTrades", params), instrument)

    async def _bulk(self, endpoint: str, params: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Entries of a bulk call by instId."""
        from coinmon_exchanges.okx import decode

        return decode.by_id(await self._get(endpoint, params))


_TYPES = {"spot": "SPOT", "perp": "SWAP"}


def _check_code(reply: Any) -> None:
    """OKX answers 200 with a code: 50011 and 50013 want a pause, 50026 is its own failure (EXCHANGES 2.1)."""
    code = str(reply.get("code")) if isinstance(reply, dict) else None
    if code == "0" and isinstance(reply.get("data"), list):
        return
    text = f"code {code}: {reply.get('msg') or 'no data'}" if isinstance(reply, dict) else "not an object"
    if code in ("50011", "50013", "50040"):
        raise Throttled(text, 2.0)
    raise Transient(text) if code in ("50001", "50004", "50026") else Refused(text)
