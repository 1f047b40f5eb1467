"""The part of the window that lies before a start: its trades are brought behind the cycles, the first pairs first."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from loguru import logger

from coinmon.clock import Clock
from coinmon.collect.track import Track
from coinmon.collect.venue import Venue
from coinmon.config import Config
from coinmon.contracts import Cursor
from coinmon.errors import CoinmonError
from coinmon.model.bars import Bars, Coverage
from coinmon.model.instrument import Instrument
from coinmon.model.moment import MINUTE, floor
from coinmon.secrets import redacted
from coinmon.store.bars import write_bars
from coinmon.store.database import Database
from coinmon.store.instruments import read_grids
from coinmon.store.samples import write_whales
from coinmon.store.seen import counts

_AT_ONCE = 4
_DEADLINE = 30.0
_SHARE = 0.75
"""Of each of a venue's budgets; the rest is left to what happens now."""
_PAUSE = 0.25


@dataclass(frozen=True, slots=True)
class _Wish:
    """Trades before `before_id`, which is the first one of the minute `until` or later; rank: whose turn it is."""

    rank: int
    number: int
    instrument: Instrument
    until: int
    before_id: int


class WarmUp:
    """Fills one venue's window backwards from where each track began, once. It leaves the tracks alone.

    Where a minute's trades and the venue's own kline with the taker split disagree, the kline stands, as in `combine`.
    window: ms. whale_threshold: in quote currency.
    """

    def __init__(self, venue: Venue, clock: Clock, database: Database, window: int, whale_threshold: float) -> None:
        self._venue = venue
        self._clock = clock
        self._database = database
        self._window = window
        self._whale_threshold = whale_threshold
        self._known: set[int] = set()
        self._wishes: list[_Wish] = []
        self._task: asyncio.Task[None] | None = None

    def begin(self, tracks: Sequence[Track]) -> None:
        """Tracks that were recorded just now, in the order of their importance; those that are new are warmed."""
        since = floor(self._clock.now()) - self._window
        for rank, track in enumerate(tracks):
            if track.boundary_id is not None and track.number not in self._known:
                self._known.add(track.number)
                if track.start > since:
                    wish = _Wish(rank, track.number, track.instrument, track.start, track.boundary_id + 1)
                    self._wishes.append(wish)
        self._wishes.sort(key=lambda wish: wish.rank)
        if self._wishes and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        async def worker() -> None:
            while self._wishes and not self._venue.blocked:
                wish = self._wishes.pop(0)
                try:
                    await self._bring(wish)
                except CoinmonError as error:
                    logger.debug("{}: its past was not had: {}", wish.instrument.id, redacted(str(error)))

        async with asyncio.TaskGroup() as workers:
            for _ in range(_AT_ONCE):
                workers.create_task(worker())

    async def _bring(self, wish: _Wish) -> None:
        # the window moves on while others are served
        since = floor(self._clock.now()) - self._window
        minutes = (wish.until - since) // MINUTE
        if minutes <= 0:
            return
        stored = await asyncio.to_thread(counts, self._database, wish.number, since, wish.until)
        if stored.get(Coverage.TRADES, 0) >= minutes:
            return
        past = Track(wish.instrument, wish.number, since, proven_from=wish.until, caught_up=wish.until)
        past.cursor = Cursor(since, wish.before_id - 1)
        before = wish.before_id
        more = True
        while more:
            while self._busy():  # noqa: ASYNC110 - a budget calls nobody when there is room
                await asyncio.sleep(_PAUSE)
            page = await self._venue.call("earlier_trades", wish.instrument, before, since, deadline=_DEADLINE)
            more = page.more and len(page.trades) > 0
            if not page.joined or more is not page.more:
                # no further back: what is at hand is proven as far as it goes
                break
            past.take_earlier(page)
            before = int(page.trades.id[0]) if more else before
        if getattr(self._venue.exchange, "split_in_bars", False):
            past.klines = await self._venue.call("bars", wish.instrument, since, wish.until, deadline=_DEADLINE)
        await asyncio.to_thread(self._store, wish, past)

    def _busy(self) -> bool:
        usage = getattr(self._venue.exchange, "usage", None)
        return usage is not None and any(used > _SHARE * limit for used, limit in usage().values())

    def _store(self, wish: _Wish, past: Track) -> None:
        settled = past.settle(wish.until, self._whale_threshold)
        bars: Bars = settled.bars
        # a kline that is stored knows the price of a quiet minute that nothing was read before
        bars = bars[np.flatnonzero((bars.coverage == Coverage.TRADES) & (bars.close > 0))]
        with self._database.write() as connection:
            grid = read_grids(connection, [wish.number])[wish.number]
            write_bars(connection, wish.number, replace(wish.instrument, tick_size=grid), bars.on_grid(grid))
            write_whales(connection, {wish.instrument.id: wish.number}, settled.whales)


def warm_ups(config: Config, venues: Sequence[Venue], clock: Clock, database: Database) -> dict[str, WarmUp]:
    """Those of the venues that have a past to be asked for, by name."""
    return {
        venue.name: WarmUp(venue, clock, database, config.window * MINUTE, config.whale_threshold)
        for venue in venues
        if venue.has("trades") and venue.has("earlier_trades")
    }
