"""Binance spot and USD-M perpetuals."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from coinmon.exchange import MINUTE, DecodeError, VenueBlocked, VenueError
from coinmon_exchanges._entries import each_readable
from coinmon_exchanges._http.answer import Refused, ReplyRules
from coinmon_exchanges._http.budget import Budget
from coinmon_exchanges._http.session import HostSession
from coinmon_exchanges._kinds import Failing, of_both, of_each_kind
from coinmon_exchanges._minutes import opening_in
from coinmon_exchanges.binance.abilities import ABILITIES
from coinmon_exchanges.binance.archive import Vision
from coinmon_exchanges.binance.codes import check_code
from coinmon_exchanges.binance.derivatives import UsdmDerivatives, by_symbol
from coinmon_exchanges.binance.newest_trades import NewestTrades

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

_HOUR_MS = 3_600_000
_PAGE_TRADES = 1000
_TICKER_WEIGHTS = {"spot": (2, 80), "perp": (1, 40)}
"""Of one symbol's 24 h ticker, and of all."""
_UM_WINDOW_MS = _HOUR_MS - 1
"""startTime and endTime of USD-M aggTrades must be less than an hour apart."""
_UM_REACH_MS = 48 * _HOUR_MS - 5 * MINUTE
"""USD-M aggTrades answers for the last 48 h only (EXCHANGES 1.2); a little less, as time passes on the way."""


class Binance:
    """Binance spot and USD-M perpetuals: klines with the taker split, aggregate trades without a hole.

    All weights are the documented ones (EXCHANGES 1.1, 1.2); a tenth of each IP-wide budget is left to others.
    """

    split_in_bars = True

    def __init__(
        self,
        name: str,
        *,
        spot_url: str = "https://api.binance.com",
        futures_url: str = "https://fapi.binance.com",
        spot_ws_url: str = "wss://stream.binance.com:9443",
        usdm_ws_url: str = "wss://fstream.binance.com",
        archive_url: str = "https://data.binance.vision",
        kinds: tuple[Literal["spot", "perp"], ...] = ("spot", "perp"),
        proxy: str | None = None,
        timeout: float = 10.0,
    ) -> None:
        self.name = name
        self.abilities = ABILITIES
        self._kinds, self._proxy = kinds, proxy
        self._spot_weight = Budget(f"{name} spot", 5400, 60.0)
        self._perp_weight = Budget(f"{name} USD-M", 2160, 60.0)
        reply_rules = ReplyRules(pause=60.0, check=check_code, used_weight_header="X-MBX-USED-WEIGHT-1M")
        self._spot = HostSession(
            name, "binance", spot_url, {"public": "/api/v3"},
            reply_rules=reply_rules, proxy=proxy, timeout=timeout, weights=self._spot_weight,
        )  # fmt: skip
        self._perp = HostSession(
            name, "binance", futures_url, {"fapiPublic": "/fapi/v1", "fapiData": "/futures/data"},
            reply_rules=reply_rules, proxy=proxy, timeout=timeout, weights=self._perp_weight,
        )  # fmt: skip
        self._ws_urls = spot_ws_url, usdm_ws_url
        self.archives = Vision(name, archive_url, proxy, timeout)
        self._newest = NewestTrades(self._agg_trades)
        self._unlisted: Failing = {}
        self._derivatives = UsdmDerivatives(name, self._perp, self._perp_weight)
        self._budgets = (self._spot_weight, self._perp_weight, *self._derivatives.budgets)

    @property
    def requests(self) -> int:
        return self._spot.requests + self._perp.requests

    @property
    def failing(self) -> "Mapping[Kind, VenueError | DecodeError]":
        """Spot and USD-M are two hosts: a country may be served by one of them, and one may be down."""
        hosts: Mapping[Kind, HostSession] = {"spot": self._spot, "perp": self._perp}
        blocked = {kind: VenueBlocked(why) for kind in self._kinds if (why := hosts[kind].blocked)}
        return {} if len(blocked) == len(self._kinds) else {**self._unlisted, **blocked}

    async def instruments(self) -> "Sequence[Instrument]":
        from coinmon_exchanges._listing import instruments
        from coinmon_exchanges.binance import decode

        async def of(kind: "Kind") -> "list[Instrument]":
            reply = await self._get(kind, "ExchangeInfo", {}, 20 if kind == "spot" else 1)
            session = self._spot if kind == "spot" else self._perp
            return instruments(self.name, decode.listed(reply, kind), decode.draft, session.currency)

        found, self._unlisted = await of_each_kind(self._kinds, of)
        return [instrument for each in found.values() for instrument in each]

    async def bars(self, instrument: "Instrument", start: int, end: int) -> "Bars":
        from coinmon.exchange import Bars
        from coinmon_exchanges.binance import decode

        start, end = opening_in(start, end)
        parts = []
        following = False
        at = start
        while at < end:
            # the minute after the last one is asked for too: that it has begun proves the last one closed
            limit = min((end - at) // MINUTE + 2, _PAGE_TRADES)
            weight = 2 if instrument.kind == "spot" else 1 if limit < 100 else 2 if limit < 500 else 5
            params = {"interval": "1m", "startTime": at, "endTime": end + MINUTE - 1, "limit": limit}
            page = decode.bars(await self._ask(instrument, "Klines", params, weight), instrument)
            if not len(page):
                break
            following = following or int(page.time[-1]) >= end
            parts.append(page[(page.time >= at) & (page.time < end)])
            at, before = int(page.time[-1]) + MINUTE, at
            if len(page) < limit or at <= before:
                break
        bars = Bars.concat(parts) if parts else Bars.empty(instrument.tick_size)
        if len(bars) and not following:
            # nothing follows the last row; and the clock's answer is of a later moment, or of another machine
            bars = bars[(bars.time < bars.time[-1]) | (bars.time + 2 * MINUTE <= await self._time(instrument.kind))]
        return bars

    async def trades(self, instrument: "Instrument", cursor: "Cursor") -> "TradePage":
        """aggTrades by id, which run +1; the first page by time."""
        from coinmon.exchange import TradePage
        from coinmon_exchanges import _continuity
        from coinmon_exchanges.binance import decode

        if cursor.last_id is None:
            return await self._first_trades(instrument, cursor.since)
        try:
            reply = await self._agg_trades(instrument, {"fromId": cursor.last_id + 1, "limit": _PAGE_TRADES})
        except Refused:
            if instrument.kind == "spot":
                raise
            return await self._beyond_reach(instrument, cursor)
        page = decode.agg_trades(reply, instrument)
        if not len(page.ids):
            if await self._newest.is_another(instrument, cursor.last_id):
                return await self._beyond_reach(instrument, cursor)
            return TradePage(page.trades, joined=True)
        self._newest.was(instrument, int(page.ids[-1]))
        trades, joined, whole = _continuity.after([page], cursor.last_id)
        return TradePage(trades, joined, more=len(reply) >= _PAGE_TRADES, whole=whole)

    async def _beyond_reach(self, instrument: "Instrument", cursor: "Cursor") -> "TradePage":
        """After an id older than 48 h, which is refused, skipped or answered by nothing: from where answers begin."""
        from coinmon.exchange import TradePage
        from coinmon_exchanges import _continuity

        later = await self._first_trades(instrument, cursor.since)
        last_id = cursor.last_id or 0
        newer = later.trades[later.trades.id > (-1 if _continuity.numbered_anew(later.trades.id, last_id) else last_id)]
        return TradePage(newer, joined=False, more=later.more, whole=later.whole)

    async def earlier_trades(self, instrument: "Instrument", before_id: int, since: int) -> "TradePage":
        from coinmon.exchange import TradePage, Trades
        from coinmon_exchanges import _continuity
        from coinmon_exchanges.binance import decode

        first = max(0, before_id - _PAGE_TRADES)
        try:
            reply = await self._agg_trades(instrument, {"fromId": first, "limit": max(1, before_id - first)})
        except Refused:
            # USD-M goes back no further
            return TradePage(Trades.empty(), joined=False)
        return TradePage(*_continuity.before(decode.agg_trades(reply, instrument), before_id, since))

    async def _first_trades(self, instrument: "Instrument", since: int) -> "TradePage":
        from coinmon.exchange import TradePage
        from coinmon_exchanges import _continuity
        from coinmon_exchanges.binance import decode

        start, within_reach, now = since, True, None
        params: dict[str, Any] = {"limit": _PAGE_TRADES}
        if instrument.kind == "perp":
            now = await self._time("perp")
            start = max(since, now - _UM_REACH_MS)
            within_reach = start == since
        while True:
            window = {"startTime": start} if now is None else {"startTime": start, "endTime": start + _UM_WINDOW_MS}
            reply = await self._agg_trades(instrument, params | window)
            if reply or now is None or start + _UM_WINDOW_MS >= now:
                break
            start += _UM_WINDOW_MS + 1
        page = decode.agg_trades(reply, instrument)
        full = len(reply) >= _PAGE_TRADES
        is_all = not full or await self._starts_before(instrument, int(page.ids[0]), since)
        joined = _continuity.since(page, since, is_all)
        more = full or (now is not None and start + _UM_WINDOW_MS < now)
        return TradePage(page.trades, joined and within_reach, more, whole=_continuity.sequential(page.ids))

    async def _starts_before(self, instrument: "Instrument", first_id: int, since: int) -> bool:
        """Whether the trade before `first_id` is older than `since`.

        A full page may be the newest of its window rather than the oldest (binance-spot-api-docs#10), so look.
        """
        from coinmon_exchanges.binance import decode

        if first_id == 0:
            return True
        reply = await self._agg_trades(instrument, {"fromId": first_id - 1, "limit": 1})
        page = decode.agg_trades(reply, instrument)
        return any((page.ids == first_id - 1) & (page.times < since))

    def stream(self, instruments: "Sequence[Instrument]", channels: "Sequence[Channel]") -> "Stream":
        from coinmon_exchanges.binance import streams

        way = *self._ws_urls, self._depth, self._proxy, self._spot.tap
        return streams.stream(self.name, instruments, channels, *way)

    async def open_interest(self, instruments: "Sequence[Instrument]") -> "Mapping[str, OpenInterest]":
        return await self._derivatives.open_interest(instruments)

    async def funding(self, instruments: "Sequence[Instrument]") -> "Mapping[str, Funding]":
        return await self._derivatives.funding(instruments)

    async def past_open_interest(self, instrument: "Instrument", start: int, end: int) -> "Sequence[OpenInterest]":
        return await self._derivatives.past_open_interest(instrument, start, end)

    async def past_funding(self, instrument: "Instrument", start: int, end: int) -> "Sequence[Funding]":
        return await self._derivatives.past_funding(instrument, start, end)

    async def tickers(self, instruments: "Sequence[Instrument]") -> "Mapping[str, Ticker]":
        from coinmon_exchanges.binance import decode

        async def of(kind: "Kind") -> "dict[str, Ticker]":
            wanted = [each for each in instruments if each.kind == kind and kind not in self.failing]
            entries = await by_symbol(partial(self._get, kind), wanted, "Ticker24hr", *_TICKER_WEIGHTS[kind])
            known = [each for each in wanted if each.native_id in entries]
            return dict(each_readable(known, lambda each: (each.id, decode.ticker(entries[each.native_id]))))

        return await of_both(instruments, of)

    async def book(self, instrument: "Instrument", depth: int) -> "Book":
        from coinmon_exchanges.binance import decode

        reply = await self._depth(instrument, depth)
        return decode.book(reply, await self._time("spot") if instrument.kind == "spot" else 0)

    async def server_time(self) -> int:
        kinds, failing = self._kinds or ("spot",), self.failing
        return await self._time(next((each for each in kinds if each not in failing), kinds[0]))

    def record(self, tap: "WireTap") -> None:
        self._spot.tap = self._perp.tap = tap

    def usage(self) -> Mapping[str, tuple[float, float]]:
        return {each.name: (each.used, each.limit) for each in self._budgets}

    async def close(self) -> None:
        await asyncio.gather(self._spot.close(), self._perp.close(), self.archives.close())

    async def _get(self, kind: str, endpoint: str, params: Mapping[str, Any], weight: float) -> Any:
        if kind == "spot":
            return await self._spot.get(f"publicGet{endpoint}", params, self._spot_weight, weight)
        return await self._perp.get(f"fapiPublicGet{endpoint}", params, self._perp_weight, weight)

    async def _ask(self, instrument: "Instrument", endpoint: str, params: Mapping[str, Any], weight: float) -> Any:
        return await self._get(instrument.kind, endpoint, {"symbol": instrument.native_id, **params}, weight)

    async def _depth(self, instrument: "Instrument", depth: int) -> Any:
        from coinmon_exchanges.binance import books

        limit, weight = books.snapshot_size(instrument.kind, depth)
        return await self._ask(instrument, "Depth", {"limit": limit}, weight)

    async def _agg_trades(self, instrument: "Instrument", params: Mapping[str, Any]) -> Any:
        return await self._ask(instrument, "AggTrades", params, 4 if instrument.kind == "spot" else 20)

    async def _time(self, kind: str) -> int:
        from coinmon_exchanges.binance import decode

        return decode.time(await self._get(kind, "Time", {}, 1))
