"""Hyperliquid's perpetuals, against USDC."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from coinmon.exchange import MINUTE
from coinmon_exchanges._entries import each_readable
from coinmon_exchanges._http.answer import ReplyRules
from coinmon_exchanges._http.budget import Budget
from coinmon_exchanges._http.session import HostSession
from coinmon_exchanges._minutes import opening_in
from coinmon_exchanges.hyperliquid.abilities import ABILITIES

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
        WireTap,
    )

_CANDLE_ROWS = 1000
"""Minutes a request, of the newest 5000 that there are."""
_FUNDING_ROWS = 500
_HOUR_MS = 60 * MINUTE
_WEIGHT, _LIGHT_WEIGHT = 20.0, 2.0
"""Of a request, and of those that are cheap (`l2Book`, `exchangeStatus`)."""
_CANDLES_A_WEIGHT, _ROWS_A_WEIGHT = 60, 20
"""Rows of an answer that weigh one more: candles, and trades or settlements."""


class Hyperliquid:
    """Hyperliquid's own perpetuals: trades by the stream, each minute proven by the venue's own candle.

    REST shows the last ten trades alone, so polling proves only quiet minutes.
    """

    default = False
    preferred_quotes = ("USDC",)

    def __init__(
        self,
        name: str,
        *,
        url: str = "https://api.hyperliquid.xyz",
        ws_url: str = "wss://api.hyperliquid.xyz",
        proxy: str | None = None,
        timeout: float = 10.0,
    ) -> None:
        self.name = name
        self.abilities = ABILITIES
        self._proxy = proxy
        self._ws_url = ws_url
        # of the address's 1200 a minute
        self._budget = Budget(name, 1080, 60.0)
        self._session = HostSession(
            name, "hyperliquid", url, {"public": ""}, reply_rules=ReplyRules(pause=10.0), proxy=proxy, timeout=timeout
        )

    @property
    def requests(self) -> int:
        return self._session.requests

    async def instruments(self) -> "Sequence[Instrument]":
        from coinmon_exchanges._listing import instruments
        from coinmon_exchanges.hyperliquid import decode

        return instruments(self.name, decode.trading(await self._figures()), decode.draft, self._session.currency)

    async def bars(self, instrument: "Instrument", start: int, end: int) -> "Bars":
        """Closed ones: those that another follows, and a last one whose minute is over by the venue's clock."""
        from coinmon.exchange import Bars
        from coinmon_exchanges.hyperliquid import decode

        start, end = opening_in(start, end)
        parts, newest = [], 0
        for at in range(start, end, _CANDLE_ROWS * MINUTE):
            # one more than asked for: that it is there proves the others closed
            last = min(at + _CANDLE_ROWS * MINUTE, end)
            wanted = {"coin": instrument.native_id, "interval": "1m", "startTime": at, "endTime": last}
            weight = _WEIGHT + (last - at) // MINUTE // _CANDLES_A_WEIGHT
            page = decode.bars(await self._ask("candleSnapshot", {"req": wanted}, weight), instrument)
            newest = max(newest, int(page.time[-1])) if len(page) else newest
            parts.append(page[(page.time >= at) & (page.time < last)])
        bars = Bars.concat(parts) if parts else Bars.empty(instrument.tick_size)
        if len(bars) and newest < end:
            bars = bars[(bars.time < newest) | (bars.time + MINUTE <= await self.server_time())]
        return bars

    async def trades(self, instrument: "Instrument", cursor: "Cursor") -> "TradePage":
        from coinmon_exchanges._continuity import overlapping
        from coinmon_exchanges.hyperliquid import decode

        page = decode.trades(await self._ask("recentTrades", {"coin": instrument.native_id}, _WEIGHT), instrument)
        return overlapping(page, cursor)

    def stream(self, instruments: "Sequence[Instrument]", channels: "Sequence[Channel]") -> "Stream":
        from coinmon_exchanges.hyperliquid import streams

        return streams.stream(self.name, instruments, channels, self._ws_url, self._proxy, self._session.tap)

    async def open_interest(self, instruments: "Sequence[Instrument]") -> "Mapping[str, OpenInterest]":
        from coinmon_exchanges.hyperliquid import decode

        return await self._of_each(instruments, decode.open_interest)

    async def funding(self, instruments: "Sequence[Instrument]") -> "Mapping[str, Funding]":
        from coinmon_exchanges.hyperliquid import decode

        return await self._of_each(instruments, decode.funding)

    async def tickers(self, instruments: "Sequence[Instrument]") -> "Mapping[str, Ticker]":
        from coinmon_exchanges.hyperliquid import decode

        return await self._of_each(instruments, decode.ticker)

    async def past_funding(self, instrument: "Instrument", start: int, end: int) -> "Sequence[Funding]":
        from coinmon_exchanges._settlements import settlements
        from coinmon_exchanges.hyperliquid import decode

        rows: list[tuple[int, float, float | None]] = []
        since = start - _HOUR_MS
        while since < end:
            wanted = {"coin": instrument.native_id, "startTime": since, "endTime": end - 1}
            weight = _WEIGHT + _FUNDING_ROWS // _ROWS_A_WEIGHT
            reply = await self._ask("fundingHistory", wanted, weight)
            page = decode.past_funding(reply)
            rows += page
            newest = max((each[0] for each in page), default=end)
            since = newest + 1 if len(reply) >= _FUNDING_ROWS and newest >= since else end
        return settlements(rows, start)

    async def book(self, instrument: "Instrument", depth: int) -> "Book":
        from coinmon_exchanges.hyperliquid import decode

        return decode.book(await self._ask("l2Book", {"coin": instrument.native_id}, _LIGHT_WEIGHT))

    async def server_time(self) -> int:
        from coinmon_exchanges.hyperliquid import decode

        return decode.time(await self._ask("exchangeStatus", {}, _LIGHT_WEIGHT))

    def record(self, tap: "WireTap") -> None:
        self._session.tap = tap

    def usage(self) -> Mapping[str, tuple[float, float]]:
        return {self._budget.name: (self._budget.used, self._budget.limit)}

    async def close(self) -> None:
        await self._session.close()

    async def _ask(self, type_: str, params: Mapping[str, Any], weight: float) -> Any:
        return await self._session.get("publicPostInfo", {"type": type_, **params}, self._budget, weight)

    async def _figures(self) -> list[dict[str, Any]]:
        from coinmon_exchanges.hyperliquid import decode

        return decode.figures(await self._ask("metaAndAssetCtxs", {}, _WEIGHT))

    async def _of_each(self, instruments: "Sequence[Instrument]", read: Any) -> dict[str, Any]:
        """What `read` makes of each instrument's figures and the venue's time; they say none themselves."""
        at, entries = await asyncio.gather(self.server_time(), self._figures())
        by_name = {each["name"]: each for each in entries}
        known = [each for each in instruments if each.native_id in by_name]
        return dict(each_readable(known, lambda each: (each.id, read(by_name[each.native_id], at))))
