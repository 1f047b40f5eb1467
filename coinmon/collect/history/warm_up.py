"""The part of the window that lies before a start: its trades are brought behind the cycles, the first pairs first."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from coinmon.clock import Clock
from coinmon.collect.history.between_cycles import BetweenCycles
from coinmon.collect.history.patience import SHARED, room_in
from coinmon.collect.track.earlier_trades import read_earlier
from coinmon.collect.track.totals import near
from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon.config.load import Config
from coinmon.errors import CoinmonError, VenueBusy, our_stop, words_of
from coinmon.log import SPOKEN
from coinmon.model.bars import Bars, Coverage
from coinmon.model.instrument import Instrument
from coinmon.model.moment import MINUTE, floor
from coinmon.plugin.trade_page import Cursor
from coinmon.secrets import redacted
from coinmon.store.bars import read_bars, write_bars
from coinmon.store.database import Database
from coinmon.store.instruments import read_grids
from coinmon.store.samples import write_whales
from coinmon.store.seen import counts
from coinmon.supervise import Supervisor

_MAX_CONCURRENT_WARM_UPS = 4
_PAGE_TIMEOUT_S = 30.0
_BUDGET_SHARE = 0.75
"""Of each of a venue's budgets; the rest is left to what happens now."""
_MAX_TRIES = 5
"""Cycles in which an instrument's past is asked for before it is given up."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """Trades before `before_id`, which is the first one of the minute `until` or later; rank: whose turn it is.

    failures: how often it was asked for in vain.
    """

    rank: int
    number: int
    instrument: Instrument
    until: int
    before_id: int
    failures: int = 0


class WarmUp:
    """Fills one venue's window backwards from where each track began, once. It leaves the tracks alone.

    What fails is asked for again in the next cycles, at most `_MAX_TRIES` times in all.

    Where a minute's trades and the venue's own kline with the taker split disagree, the kline stands (`reconcile`).
    window: ms. whale_threshold: in quote currency.
    """

    def __init__(
        self,
        venue: Venue,
        clock: Clock,
        database: Database,
        window: int,
        whale_threshold: float,
        supervisor: Supervisor | None = None,
        turns: BetweenCycles | None = None,
    ) -> None:
        self._venue = venue
        self._clock = clock
        self._database = database
        self._window = window
        self._supervisor = supervisor or Supervisor()
        self._turns = turns or BetweenCycles(clock)
        self._whale_threshold = whale_threshold
        self._failed: dict[str, tuple[_Wish, str]] = {}
        self._known: set[int] = set()
        self._wishes: list[_Wish] = []
        self._again: list[_Wish] = []
        self._share = _BUDGET_SHARE
        self._under_way = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """Instruments whose past is still to come."""
        return 0 if self._venue.blocked else len(self._wishes) + len(self._again) + self._under_way

    @property
    def failed(self) -> dict[str, str]:
        """Why their past did not come when it was asked for last, by id, of instruments whose window it is still in."""
        since = self._since()
        return {id: why for id, (wish, why) in self._failed.items() if wish.until > since}

    def begin(self, tracks: Sequence[Track]) -> None:
        """Tracks that were recorded just now, in the order of their importance; those that are new are warmed."""
        self._wishes += self._again
        self._again = []
        since = self._since()
        for rank, track in enumerate(tracks):
            if track.boundary_id is not None and track.number not in self._known:
                self._known.add(track.number)
                if track.start > since:
                    wish = _Wish(rank, track.number, track.instrument, track.start, track.boundary_id + 1)
                    self._wishes.append(wish)
        self._wishes.sort(key=lambda wish: wish.rank)
        if self._wishes and (self._task is None or self._task.done()):
            self._task = self._supervisor.once(f"{self._venue.name}: warm-up", self._run())

    def _since(self) -> int:
        return floor(self._clock.now()) - self._window

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        given_up: list[str] = []

        def fail(wish: _Wish, why: str) -> None:
            id, wish = wish.instrument.id, replace(wish, failures=wish.failures + 1)
            self._failed[id] = (wish, redacted(why))
            if wish.failures < _MAX_TRIES:
                self._again.append(wish)
            else:
                given_up.append(id)

        def wait(wish: _Wish, why: str) -> None:
            # a venue that asks to wait is asked again however often; somebody else may ask it from here too
            self._share = SHARED
            self._failed[wish.instrument.id] = (wish, redacted(why))
            self._again.append(wish)

        async def worker() -> None:
            while self._wishes and not self._venue.blocked:
                wish = self._wishes.pop(0)
                self._under_way += 1
                try:
                    await self._bring(wish)
                    self._failed.pop(wish.instrument.id, None)
                except VenueBusy as error:
                    wait(wish, str(error))
                except CoinmonError as error:
                    fail(wish, str(error))
                except BaseException as error:
                    if our_stop(error):
                        raise
                    # what a plugin gave is not what its contract says
                    fail(wish, words_of(error))
                finally:
                    self._under_way -= 1

        async with asyncio.TaskGroup() as workers:
            for _ in range(_MAX_CONCURRENT_WARM_UPS):
                workers.create_task(worker())
        if given_up:
            id = given_up[0]
            which = id if len(given_up) == 1 else f"{len(given_up)} instruments ({id}, ...)"
            text = "the past of {} was not had in {} tries, time will fill the window: {}"
            SPOKEN.warning(text, which, _MAX_TRIES, self._failed[id][1])

    async def _bring(self, wish: _Wish) -> None:
        # the window moves on while others are served
        since = self._since()
        minutes = (wish.until - since) // MINUTE
        if minutes <= 0:
            return
        stored = await asyncio.to_thread(counts, self._database, wish.number, since, wish.until)
        if stored.get(Coverage.TRADES, 0) >= minutes:
            return
        past = Track(wish.instrument, wish.number, since, proven_from=wish.until, caught_up=wish.until)
        past.cursor = Cursor(since, wish.before_id - 1)
        await read_earlier(self._venue, past, deadline=_PAGE_TIMEOUT_S, before_id=wish.before_id, room=self._room)
        if getattr(self._venue.exchange, "split_in_bars", False):
            past.klines = await self._venue.call("bars", wish.instrument, since, wish.until, deadline=_PAGE_TIMEOUT_S)
        await self._turns.write(self._database, partial(self._store, wish, past))

    async def _room(self) -> None:
        """Wait until the venue's rate budgets have room for what is not urgent."""
        await room_in(self._venue, self._share)

    def _store(self, wish: _Wish, past: Track, known_at: int) -> None:
        settled = past.settle(wish.until, self._whale_threshold)
        bars: Bars = settled.bars
        # a kline that is stored knows the price of a quiet minute that nothing was read before
        bars = bars[np.flatnonzero((bars.coverage == Coverage.TRADES) & (bars.close > 0))]
        with self._database.write() as connection:
            grid = read_grids(connection, [wish.number])[wish.number]
            stored = replace(wish.instrument, tick_size=grid)
            bars = undisputed(bars.on_grid(grid), read_bars(connection, wish.number, stored, past.start, wish.until))
            write_bars(connection, wish.number, stored, bars, known_at=known_at)
            write_whales(connection, {wish.instrument.id: wish.number}, settled.whales, known_at)


def undisputed(bars: Bars, stored: Bars) -> Bars:
    """Those whose volume is that of the venue's own totals, or of a whole account of the minute, where one is stored.

    Ids prove no amounts: a contract's size may have changed since the minute was stored, and then it was right.
    """
    totals = (stored.coverage == Coverage.PARTIAL) & np.isnan(stored.buy)
    told = stored[totals | (stored.coverage >= Coverage.KLINES)]
    there, place = np.isin(bars.time, told.time), np.searchsorted(told.time, bars.time)
    if not there.any():
        return bars
    volume = told.volume[np.minimum(place, len(told) - 1)]
    return bars[~there | np.isnan(volume) | near(bars.volume, volume)]


def warm_ups(
    config: Config,
    venues: Sequence[Venue],
    clock: Clock,
    database: Database,
    supervisor: Supervisor,
    turns: BetweenCycles,
) -> dict[str, WarmUp]:
    """Those of the venues that have a past to be asked for, by name."""
    return {
        venue.name: WarmUp(venue, clock, database, config.window * MINUTE, config.whale_threshold, supervisor, turns)
        for venue in venues
        if venue.has("trades") and venue.has("earlier_trades")
    }


def progress(warm_ups: Iterable[WarmUp]) -> dict[str, Any]:
    """instruments: how many still wait for their past; failed: why it did not come when asked for, by instrument."""
    some = list(warm_ups)
    failed = {id: why for each in some for id, why in each.failed.items()}
    return {"instruments": sum(each.waiting for each in some), "failed": failed}
