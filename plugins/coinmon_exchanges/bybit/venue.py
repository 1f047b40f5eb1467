"""Bybit spot and linear perpetuals."""

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
from coinmon_exchanges.bybit.abilities import ABILITIES
from coinmon_exchanges.bybit.archive import BybitFiles
from coinmon_exchanges.bybit.derivatives import BybitDerivatives

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

_PAGE_KLINES = 1000
_NEWEST_TRADES = {"spot": 60, "perp": 1000}
"""All that recent-trade ever shows; there is no paging and no history (EXCHANGES 1.4)."""


class Bybit:
    """Bybit spot and linear perpetuals: trades as far back as one page shows.

    They are proven complete only while a page overlaps the one before: poll faster than 60 (spot) or 1000 trades come.
    """

    def __init__(
        self,
        name: str,
        *,
        url: str = "https://api.bybit.com",
        ws_url: str = "wss://stream.bybit.com",
        archive_url: str = "https://public.bybit.com",
        kinds: tuple[Literal["spot", "perp"], ...] = ("spot", "perp"),
        proxy: str | None = None,
        timeout: float = 10.0,
    ) -> None:
        self.name = name
        self.abilities = ABILITIES
        self._kinds = kinds
        self._proxy = proxy
        self._ws_url = ws_url
        # of the IP's 600 in 5 s; one too many and the IP is out for ten minutes
        self._budget = Budget(name, 540, 5.0)
        reply_rules = ReplyRules(pause=5.0, check=_check_code)
        self._session = HostSession(
            name, "bybit", url, {"public": ""}, reply_rules=reply_rules, proxy=proxy, timeout=timeout
        )
        self.archives = BybitFiles(name, archive_url, proxy, timeout)
        self._derivatives = BybitDerivatives(self._ask, self._tickers)
        self.failing: Failing = {}

    @property
    def requests(self) -> int:
        return self._session.requests

    async def instruments(self) -> "Sequence[Instrument]":
        from coinmon_exchanges._listing import instruments
        from coinmon_exchanges.bybit import decode

        async def of(kind: "Kind") -> list[dict[str, Any]]:
            entries: list[dict[str, Any]] = []
            seen = {None, ""}
            params: dict[str, Any] = {"category": decode.CATEGORIES[kind], "limit": 1000}
            while True:
                reply = await self._get("InstrumentsInfo", params)
                entries += decode.listed(reply, kind)
                cursor = reply["result"].get("nextPageCursor")
                if cursor in seen:
                    # the last page has none; one that comes again would go round for ever
                    return entries
                seen.add(cursor)
                params["cursor"] = cursor

        found, self.failing = await of_each_kind(self._kinds, of)
        entries = [entry for part in found.values() for entry in part]
        self._derivatives.funding_minutes.update(decode.funding_minutes(entries))
        return instruments(self.name, entries, decode.draft, self._session.currency)

    async def bars(self, instrument: "Instrument", start: int, end: int) -> "Bars":
        from coinmon.exchange import Bars
        from coinmon_exchanges.bybit import decode

        start, end = opening_in(start, end)
        parts = []
        for at in range(start, end, _PAGE_KLINES * MINUTE):
            last = min(at + _PAGE_KLINES * MINUTE, end) - 1
            params = {"interval": "1", "start": at, "end": last, "limit": _PAGE_KLINES}
            page = decode.bars(await self._ask(instrument, "Kline", params), instrument)
            parts.append(page[(page.time >= at) & (page.time <= last)])
        return Bars.concat(parts) if parts else Bars.empty(instrument.tick_size)

    async def trades(self, instrument: "Instrument", cursor: "Cursor") -> "TradePage":
        from coinmon_exchanges._continuity import overlapping
        from coinmon_exchanges.bybit import decode

        limit = _NEWEST_TRADES[instrument.kind]
        page = decode.trades(await self._ask(instrument, "RecentTrade", {"limit": limit}), instrument)
        return overlapping(page, cursor)

    def stream(self, instruments: "Sequence[Instrument]", channels: "Sequence[Channel]") -> "Stream":
        from coinmon_exchanges.bybit import streams

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
        from coinmon_exchanges.bybit import decode

        async def of(kind: "Kind") -> "dict[str, Ticker]":
            wanted = [each for each in instruments if each.kind == kind]
            entries, time = await self._tickers(kind, wanted)
            known = [each for each in wanted if entries.get(each.native_id, {}).get("lastPrice")]
            return dict(each_readable(known, lambda each: (each.id, decode.ticker(entries[each.native_id], time))))

        return await of_both(instruments, of)

    async def book(self, instrument: "Instrument", depth: int) -> "Book":
        from coinmon_exchanges.bybit import decode

        return decode.book(await self._ask(instrument, "Orderbook", {"limit": min(depth, 1000)}))

    async def server_time(self) -> int:
        from coinmon_exchanges.bybit import decode

        return decode.time(await self._get("Time", {}))

    def record(self, tap: "WireTap") -> None:
        self._session.tap = tap

    def usage(self) -> Mapping[str, tuple[float, float]]:
        return {self._budget.name: (self._budget.used, self._budget.limit)}

    async def close(self) -> None:
        await asyncio.gather(self._session.close(), self.archives.close())

    async def _get(self, endpoint: str, params: Mapping[str, Any]) -> Any:
        return await self._session.get(f"publicGetV5Market{endpoint}", params, self._budget)

    async def _ask(self, instrument: "Instrument", endpoint: str, params: Mapping[str, Any]) -> Any:
        from coinmon_exchanges.bybit import decode

        market = {"category": decode.CATEGORIES[instrument.kind], "symbol": instrument.native_id}
        return await self._get(endpoint, {**market, **params})

    async def _tickers(self, kind: str, wanted: "Sequence[Instrument]") -> tuple[dict[str, dict[str, Any]], int]:
        """Ticker entries by symbol, which hold open interest and funding too, and their time."""
        from coinmon_exchanges.bybit import decode

        if not wanted:
            return {}, 0
        params = {"category": decode.CATEGORIES[kind]}
        if len(wanted) == 1:
            params["symbol"] = wanted[0].native_id
        reply = await self._get("Tickers", params)
        return decode.by_symbol(reply), decode.time(reply)


def _check_code(reply: Any) -> None:
    """Bybit answers 200 with a retCode: 10006 is too many visits, 10000 and 10016 are its own failures."""
    if not isinstance(reply, dict):
        raise Transient("not an object")
    code = str(reply.get("retCode"))
    if code == "0" and isinstance(reply.get("result"), dict):
        return
    text = f"retCode {code}: {reply.get('retMsg') or 'no result'}"
    if code in ("10006", "10018"):
        raise Throttled(text, 5.0)
    raise Transient(text) if code in ("10000", "10016") else Refused(text)
