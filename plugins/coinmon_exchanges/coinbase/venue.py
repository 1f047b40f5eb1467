"""Coinbase Exchange, spot: its main books are in USD."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from coinmon.exchange import MINUTE
from coinmon_exchanges._http.answer import ReplyRules, what_succeeded
from coinmon_exchanges._http.budget import Budget
from coinmon_exchanges._http.session import HostSession
from coinmon_exchanges._minutes import opening_in
from coinmon_exchanges.coinbase.abilities import ABILITIES
from coinmon_exchanges.coinbase.history import seek

if TYPE_CHECKING:
    from coinmon.exchange import Bars, Book, Channel, Cursor, Instrument, Stream, Ticker, TradePage, WireTap
    from coinmon_exchanges._columns import JsonRows

_CANDLE_ROWS = 300
_PAGE_TRADES = 1000
_SEEK_BEYOND_MS = 36 * 60 * MINUTE
"""A beginning further back than this from the newest trades is looked for by id, and not paged back to."""


class Coinbase:
    """Coinbase Exchange spot: every trade, and any hole filled.

    Trade ids run +1 per product, so a hole's pages can be addressed by id.
    """

    trades_of_any_age = True
    preferred_quotes = ("USD", "USDC", "USDT")
    """USD is the main book; USDT pairs are few and thin (EXCHANGES 5)."""

    def __init__(
        self,
        name: str,
        *,
        url: str = "https://api.exchange.coinbase.com",
        ws_url: str = "wss://ws-feed.exchange.coinbase.com",
        proxy: str | None = None,
        timeout: float = 10.0,
    ) -> None:
        self.name = name
        self.abilities = ABILITIES
        self._proxy = proxy
        self._ws_url = ws_url
        # 10 a second with bursts of 15 (EXCHANGES 2.1)
        self._budget = Budget(name, 15, 1.5)
        self._session = HostSession(
            name, "coinbaseexchange", url, {"public": ""},
            reply_rules=ReplyRules(pause=1.0), proxy=proxy, timeout=timeout,
        )  # fmt: skip

    @property
    def requests(self) -> int:
        return self._session.requests

    async def instruments(self) -> "Sequence[Instrument]":
        from coinmon_exchanges._listing import instruments
        from coinmon_exchanges.coinbase import decode

        entries = decode.listed(await self._get("Products", {}))
        return instruments(self.name, entries, decode.draft, self._session.currency)

    async def bars(self, instrument: "Instrument", start: int, end: int) -> "Bars":
        """Minutes without trades are absent, as Coinbase publishes none for them."""
        from coinmon.exchange import Bars, iso
        from coinmon_exchanges.coinbase import decode

        start, end = opening_in(start, end)
        parts = []
        following = False
        for at in range(start, end, _CANDLE_ROWS * MINUTE):
            # `end` is inclusive; the last page asks for the minute after too: that it traded proves the others closed
            last = min(at + (_CANDLE_ROWS - 1) * MINUTE, end)
            params = {"granularity": 60, "start": iso(at), "end": iso(last)}
            page = decode.bars(await self._ask(instrument, "Candles", params), instrument)
            following = following or bool((page.time >= end).any())
            parts.append(page[(page.time >= at) & (page.time < end)])
        bars = Bars.concat(parts) if parts else Bars.empty(instrument.tick_size)
        if len(bars) and not following:
            # nothing follows the last row; and the clock's answer is of a later moment, or of another machine
            bars = bars[(bars.time < bars.time[-1]) | (bars.time + 2 * MINUTE <= await self.server_time())]
        return bars

    async def trades(self, instrument: "Instrument", cursor: "Cursor") -> "TradePage":
        """Of the trades after the cursor the next thousand: `after` gives those below an id, newest first."""
        from coinmon.exchange import TradePage
        from coinmon_exchanges import _continuity

        below = None if cursor.last_id is None else cursor.last_id + _PAGE_TRADES + 1
        page = await self._trades_below(instrument, below)
        if cursor.last_id is None and len(page.ids) and int(page.times[0]) - cursor.since > _SEEK_BEYOND_MS:
            return await seek(partial(self._trades_below, instrument), page, cursor.since)
        if cursor.last_id is None:
            joined = _continuity.since(page, cursor.since, is_all=len(page.ids) < _PAGE_TRADES)
            return TradePage(page.trades, joined, whole=_continuity.sequential(page.ids))
        trades, joined, whole = _continuity.after([page], cursor.last_id)
        more = len(page.ids) > 0 and int(page.ids[-1]) >= cursor.last_id + _PAGE_TRADES
        return TradePage(trades, joined, more or _continuity.behind(page, cursor.last_id), whole)

    async def earlier_trades(self, instrument: "Instrument", before_id: int, since: int) -> "TradePage":
        from coinmon.exchange import TradePage
        from coinmon_exchanges import _continuity

        return TradePage(*_continuity.before(await self._trades_below(instrument, before_id), before_id, since))

    async def _trades_below(self, instrument: "Instrument", id: int | None) -> "JsonRows":
        """The page that ends before an id; None: the newest."""
        from coinmon_exchanges.coinbase import decode

        params = {"limit": _PAGE_TRADES} if id is None else {"limit": _PAGE_TRADES, "after": id}
        return decode.trades(await self._ask(instrument, "Trades", params), instrument)

    def stream(self, instruments: "Sequence[Instrument]", channels: "Sequence[Channel]") -> "Stream":
        """matches, and heartbeats, which tell the last trade's id; books in batches of 50 ms."""
        from coinmon_exchanges.coinbase import streams

        return streams.stream(self.name, instruments, channels, self._ws_url, self._proxy, self._session.tap)

    async def tickers(self, instruments: "Sequence[Instrument]") -> "Mapping[str, Ticker]":
        """One call each: the bulk call's shape is undocumented."""
        from coinmon_exchanges.coinbase import decode

        async def of(instrument: "Instrument") -> "Ticker":
            return decode.ticker(await self._ask(instrument, "Ticker", {}))

        return what_succeeded(instruments, await asyncio.gather(*map(of, instruments), return_exceptions=True))

    async def book(self, instrument: "Instrument", depth: int) -> "Book":
        from coinmon_exchanges.coinbase import decode

        return decode.book(await self._ask(instrument, "Book", {"level": 1 if depth <= 1 else 2}), depth)

    async def server_time(self) -> int:
        from coinmon_exchanges.coinbase import decode

        return decode.time(await self._get("Time", {}))

    def record(self, tap: "WireTap") -> None:
        self._session.tap = tap

    def usage(self) -> Mapping[str, tuple[float, float]]:
        return {self._budget.name: (self._budget.used, self._budget.limit)}

    async def close(self) -> None:
        await self._session.close()

    async def _get(self, endpoint: str, params: Mapping[str, Any]) -> Any:
        return await self._session.get(f"publicGet{endpoint}", params, self._budget)

    async def _ask(self, instrument: "Instrument", endpoint: str, params: Mapping[str, Any]) -> Any:
        return await self._get(f"ProductsId{endpoint}", {"id": instrument.native_id, **params})
