"""Any other venue that ccxt knows, through ccxt's unified calls: slower, coarser, but there."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from coinmon.exchange import MINUTE, ConfigError, VenueBlocked, VenueBusy, VenueError
from coinmon_exchanges._entries import each_readable
from coinmon_exchanges._http.proxy import checked
from coinmon_exchanges._http.session import base_url, positive
from coinmon_exchanges._minutes import opening_in
from coinmon_exchanges.ccxt_generic.calls import Calls

if TYPE_CHECKING:
    from coinmon.exchange import Bars, Book, Cursor, Funding, Instrument, OpenInterest, Ticker, TradePage
    from coinmon_exchanges.ccxt_generic.decode import OpenInterestUnit

_CANDLE_ROWS = 500
_NEWEST_TRADES = 1000
_MAKER_SIDE = ("coinbase", "coinbaseadvanced")
"""ccxt hands the maker's side through for Coinbase Advanced Trade (EXCHANGES 1.6)."""
_WITHOUT_PUBLIC_TRADES = ("hyperliquid", "coinbaseinternational")
"""Their klines are read alone; what ccxt calls their trades are a user's own fills (EXCHANGES C19, C20)."""
_VOLUME_IN_CONTRACTS = ("gate", "gateio", "kucoin", "kucoinfutures")
"""Venues whose klines of perpetuals ccxt gives in contracts (EXCHANGES C20)."""
_OPEN_INTEREST_UNITS: "Mapping[str, OpenInterestUnit]" = {
    # ccxt reads Bybit's openInterest, which counts both sides (EXCHANGES 1.4)
    "bybit": "base of both sides",
    "bybiteu": "base of both sides",
    "kucoin": "contracts",
    "kucoinfutures": "contracts",
    "bingx": "quote",
    # linear swaps count coins, and ccxt puts them where the value of inverse ones belongs
    "deribit": "base as value",
}
"""What ccxt's open interest counts where it is not base units (EXCHANGES C20)."""


class CcxtGeneric:
    """Any venue that ccxt knows, by its ccxt id: klines without a taker split, trades as far back as one page shows."""

    default = False

    def __init__(
        self,
        name: str,
        *,
        id: str | None = None,
        url: str | None = None,
        kinds: tuple[Literal["spot", "perp"], ...] = ("spot", "perp"),
        proxy: str | None = None,
        timeout: float = 10.0,
    ) -> None:
        self.name = name
        self._id = _known_id(id or name, f"exchanges.{name}{'.id' if id else ''}")
        self._url = base_url(name, url) if url else None
        self._kinds = kinds
        self._proxy = checked(proxy, f"exchanges.{name}.proxy") if proxy else None
        self._timeout = positive(name, timeout)
        self._calls: Calls | None = None
        self._closed = False
        if self._id in _WITHOUT_PUBLIC_TRADES:
            # what a venue lacks is absent, so that nobody asks for it and calls the venue down
            self.__dict__["trades"] = None
        self._newest: int | None = _NEWEST_TRADES

    @property
    def abilities(self) -> Mapping[str, str | None]:
        """What ccxt says that it has of this venue. Nothing is asked."""
        from coinmon_exchanges.ccxt_generic.abilities import told

        return told(self._id, self._open().has)

    @property
    def requests(self) -> int:
        return self._calls.requests if self._calls else 0

    async def instruments(self) -> "Sequence[Instrument]":
        from coinmon_exchanges._listing import instruments
        from coinmon_exchanges.ccxt_generic import decode

        markets = await self._call("load_markets", True)
        mode = int(self._open().ccxt.precisionMode)
        entries = decode.wanted(markets, self._kinds)
        return instruments(self.name, entries, lambda entry, _: decode.draft(entry, mode), str)

    async def bars(self, instrument: "Instrument", start: int, end: int) -> "Bars":
        """A bar is closed when a later one exists, or when the venue's clock says so; nothing marks the open one."""
        from coinmon.exchange import Bars
        from coinmon_exchanges.ccxt_generic import decode

        start, end = opening_in(start, end)
        parts = []
        at, newest = start, -1
        while at < end:
            limit = min((end - at) // MINUTE + 1, _CANDLE_ROWS)
            reply = await self._call("fetch_ohlcv", instrument.symbol, "1m", at, limit)
            page = decode.bars(reply, instrument, self._id in _VOLUME_IN_CONTRACTS)
            page = page[page.time >= at]
            if not len(page):
                break
            newest = int(page.time[-1])
            parts.append(page[page.time < end])
            at = newest + MINUTE
        bars = Bars.concat(parts) if parts else Bars.empty(instrument.tick_size)
        if len(bars) and newest < end:
            closed = await self.server_time() if self._open().has("fetchTime") else newest
            bars = bars[bars.time + MINUTE <= closed]
        return bars

    async def trades(self, instrument: "Instrument", cursor: "Cursor") -> "TradePage":
        """The newest page; few venues page backwards in one way."""
        from coinmon.exchange import TradePage
        from coinmon_exchanges.ccxt_generic import decode

        payload = await self._newest_trades(instrument.symbol)
        page, sided = decode.trades(payload, instrument, self._id in _MAKER_SIDE)
        if not len(page.ids):
            return TradePage(page.trades, joined=cursor.last_id is None)
        if cursor.last_id is not None:
            seen = (page.ids == cursor.last_id).nonzero()[0]
            # without the last trade it may be a replica's page that is older than the one before
            trades = page.trades[page.at > seen[-1]] if len(seen) else page.trades
            return TradePage(trades, joined=sided and len(seen) > 0)
        return TradePage(page.trades, joined=sided and int(page.times[0]) < cursor.since)

    async def open_interest(self, instruments: "Sequence[Instrument]") -> "Mapping[str, OpenInterest]":
        """In base units, of the contracts for which it is known what ccxt's figure counts."""
        from coinmon_exchanges.ccxt_generic import decode

        unit = _OPEN_INTEREST_UNITS.get(self._id, "base")
        perps = {each.id: each for each in instruments if each.kind == "perp"}
        if unit == "base":
            perps = {id: each for id, each in perps.items() if each.contract_size == 1}
        entries = await self._entries(list(perps.values()), "fetch_open_interest", "fetchOpenInterest", "")
        time = await self._now(entries)
        tickers = await self.tickers([perps[id] for id in entries]) if unit == "quote" and entries else {}

        def of(id: str) -> "tuple[str, OpenInterest | None]":
            price = tickers[id].last if id in tickers else None
            return id, decode.open_interest(entries[id], perps[id], time, unit, price)

        return {id: interest for id, interest in each_readable(list(entries), of) if interest is not None}

    async def funding(self, instruments: "Sequence[Instrument]") -> "Mapping[str, Funding]":
        from coinmon_exchanges.ccxt_generic import decode

        perps = [each for each in instruments if each.kind == "perp"]
        entries = await self._entries(perps, "fetch_funding_rate", "fetchFundingRate", "fetchFundingRates")
        time = await self._now(entries)
        told = [id for id, entry in entries.items() if entry.get("fundingRate") is not None]
        return dict(each_readable(told, lambda id: (id, decode.funding(entries[id], time))))

    async def tickers(self, instruments: "Sequence[Instrument]") -> "Mapping[str, Ticker]":
        # most venues answer for one kind of market at a time
        spot = await self._tickers([each for each in instruments if each.kind == "spot"])
        return spot | await self._tickers([each for each in instruments if each.kind == "perp"])

    async def _tickers(self, wanted: "Sequence[Instrument]") -> "dict[str, Ticker]":
        from coinmon_exchanges.ccxt_generic import decode

        entries = await self._entries(wanted, "fetch_ticker", "fetchTicker", "fetchTickers")
        time = await self._now(entries)
        told = [each for each in wanted if entries.get(each.id, {}).get("last") is not None]
        return dict(each_readable(told, lambda each: (each.id, decode.ticker(entries[each.id], each, time))))

    async def book(self, instrument: "Instrument", depth: int) -> "Book":
        from coinmon_exchanges.ccxt_generic import decode

        try:
            payload = await self._call("fetch_order_book", instrument.symbol, depth)
        except VenueError as error:
            if type(error) is not VenueError:
                raise
            payload = await self._call("fetch_order_book", instrument.symbol)  # venues that know only some depths
        return decode.book(payload, instrument, depth, await self._now({"": payload}))

    async def server_time(self) -> int:
        """Where ccxt knows no way to ask for it: by the date of the last answer."""
        if self._open().has("fetchTime"):
            return int(await self._call("fetch_time"))
        if (now := self._open().clock()) is None:
            raise VenueError(f"{self.name}: ccxt knows no way to ask for its clock, and nothing was answered yet")
        return now

    def usage(self) -> Mapping[str, tuple[float, float]]:
        """Nothing: ccxt paces the requests and does not tell."""
        return {}

    async def close(self) -> None:
        self._closed = True
        if self._calls:
            await self._calls.close()

    def _open(self) -> Calls:
        if self._closed:
            raise VenueError(f"{self.name}: closed")
        if self._calls is None:
            self._calls = Calls(self.name, self._id, self._url, self._proxy, self._timeout)
        return self._calls

    async def _call(self, method: str, *args: Any) -> Any:
        return await self._open()(method, *args)

    async def _newest_trades(self, symbol: str) -> Any:
        try:
            return await self._call("fetch_trades", symbol, None, self._newest)
        except VenueError as error:
            if type(error) is not VenueError or self._newest is None:
                raise
            self._newest = None  # the venue refuses so many: take what it gives by itself
            return await self._call("fetch_trades", symbol)

    async def _entries(self, wanted: "Sequence[Instrument]", one: str, has_one: str, has_many: str) -> dict[str, Any]:
        """Unified structures by instrument id, from the bulk call where there is one; nothing where neither is."""
        calls = self._open()
        if not wanted:
            return {}
        if has_many and calls.has(has_many):
            try:
                found = await self._call(f"{one}s", [each.symbol for each in wanted])
                return _readable(wanted, [found.get(each.symbol) for each in wanted])
            except VenueError as error:
                if type(error) is not VenueError or not calls.has(has_one):
                    raise
        if not calls.has(has_one):
            return {}
        answers = await asyncio.gather(*(self._call(one, each.symbol) for each in wanted), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, VenueBlocked | VenueBusy) or (answer is answers[-1] and _all_failed(answers)):
                raise answer
        return _readable(wanted, answers)

    async def _now(self, entries: Mapping[str, Any]) -> int:
        """The venue's clock, for structures that carry no time."""
        return 0 if all(entry.get("timestamp") for entry in entries.values()) else await self.server_time()


def _readable(wanted: "Sequence[Instrument]", answers: Sequence[Any]) -> dict[str, Any]:
    return {each.id: answer for each, answer in zip(wanted, answers, strict=True) if isinstance(answer, dict)}


def _all_failed(answers: Sequence[Any]) -> bool:
    return all(isinstance(answer, BaseException) for answer in answers)


def _known_id(id: str, where: str) -> str:
    """Looked up among ccxt's files, since importing ccxt takes a while."""
    from difflib import get_close_matches
    from importlib.util import find_spec
    from pathlib import Path

    package = find_spec("ccxt")
    folders = package.submodule_search_locations if package else None
    ids = sorted(path.stem for folder in folders or () for path in Path(folder, "async_support").glob("[!_]*.py"))
    if id in ids:
        return id
    near = get_close_matches(id, ids, 3)
    hint = f"did you mean {' or '.join(near)}?" if near else "ccxt.exchanges lists those it has"
    raise ConfigError(f"{where}: ccxt has no exchange {id!r}; {hint}")
