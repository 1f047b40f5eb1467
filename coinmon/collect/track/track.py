"""Following one instrument: what was read, what is proven, what is not settled yet."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from coinmon.collect.track.joiner import Joiner
from coinmon.collect.track.reconcile import reconcile, same_volume
from coinmon.collect.track.settlement import SettledMinutes, SplitTrades, after_hole
from coinmon.collect.track.split_at_minute import fitted
from coinmon.collect.track.whales import find_whales
from coinmon.model.bars import Bars, Coverage
from coinmon.model.fold import fold, with_quiet_minutes
from coinmon.model.instrument import Instrument
from coinmon.model.moment import MINUTE, floor
from coinmon.model.trades import Ints, Trades
from coinmon.plugin.trade_page import Cursor, TradePage
from coinmon.store.cursors import Position


@dataclass(slots=True)
class Track:
    """One instrument's reading state.

    start: the first minute whose trades are not stored yet. boundary_id: the last trade before it.
    cursor: where reading trades goes on, None before the first page.
    proven_from: from this moment on, up to the cursor, no trade is missing; None while nothing is proven.
    caught_up: the moment up to which the venue had no more trades.
    unverified_from: the first minute that is stored and neither proven nor compared with its kline.
    uncompared_from: the first that is stored, proven or not, and was not compared with the venue's own totals yet.
    live: a stream brings its trades: they come by `joiner`.
    pending: pages of trades at hand, in their order.
    """

    instrument: Instrument
    number: int
    start: int
    boundary_id: int | None = None
    cursor: Cursor | None = None
    proven_from: int | None = None
    caught_up: int = 0
    klines: Bars | None = None
    unverified_from: int | None = None
    uncompared_from: int | None = None
    live: bool = False
    pending: list[Trades] = field(default_factory=list)
    joiner: Joiner = field(init=False)
    _last_price: int = 0
    _carry: Trades = field(default_factory=Trades.empty)
    _alone: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.joiner = Joiner(self)

    @classmethod
    def resume(cls, instrument: Instrument, number: int, position: Position | None, window_start: int) -> "Track":
        """Go on from the stored position, or begin at the window if that is too long ago."""
        if position is None or position.next_minute < window_start:
            return cls(instrument, number, window_start)
        track = cls(instrument, number, position.next_minute, position.last_id)
        if position.last_id is not None:
            track.cursor = Cursor(position.next_minute, position.last_id)
            track.proven_from = position.next_minute
        return track

    def anew(self, instrument: Instrument, position: Position | None, window_start: int) -> "Track":
        """The same instrument by other attributes; what was stored by the old ones is still to be compared."""
        track = Track.resume(instrument, self.number, position, window_start)
        track.uncompared_from = self.uncompared_from
        return track

    @property
    def oldest_id(self) -> int | None:
        """The first trade at hand."""
        return int(self.pending[0].id[0]) if self.pending else None

    @property
    def proven_from_start(self) -> bool:
        """Whether no trade is missing from the first open minute on, as far as was read."""
        return self.proven_from is not None and self.proven_from <= self.start

    @property
    def klines_from(self) -> int:
        """The first minute that the venue's own totals are still to be asked of."""
        return min(each for each in (self.start, self.unverified_from, self.uncompared_from) if each is not None)

    @property
    def busy(self) -> bool:
        """Whether somebody reads it just now."""
        return self._alone.locked()

    @property
    def held(self) -> int:
        """Trades at hand."""
        return sum(map(len, self.pending))

    @property
    def trades(self) -> Trades:
        """Those at hand, and what of the stored minutes' belongs to the first open one."""
        return Trades.concat([self._carry, *self.pending])

    @property
    def last_price(self) -> int:
        """Ticks of the last trade read; 0: none."""
        return int(self.pending[-1].ticks[-1]) if self.pending else self._last_price

    @property
    def read_to(self) -> int:
        """When the last trade happened that was read; what is stored was read to its end."""
        return int(self.pending[-1].time[-1]) if self.pending else self.start

    @property
    def streamed(self) -> bool:
        """Whether a stream brings its trades, and did not leave any out."""
        return self.live and self.cursor is not None and not self.joiner.waiting

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator[None, None]:
        """Exclusive use of the track: nobody else reads or settles it meanwhile, and streamed pages wait."""
        async with self._alone:
            try:
                yield
            finally:
                self.joiner.join()

    def agrees(self, end: int) -> bool:
        """Whether the klines at hand know every minute before `end`, with the volume of the trades at hand."""
        if self.klines is None or self.start >= end:
            return False
        klines = self.klines.dense(self.start, end)
        seen = fold(Trades.concat(self.pending), self.instrument).dense(self.start, end)
        return bool((klines.coverage > Coverage.MISSING).all()) and bool(
            np.all(same_volume(np.nan_to_num(seen.volume), klines.volume))
        )

    def volume_of(self, minute: int) -> float:
        """In base units, of the trades at hand."""
        trades = self.trades
        return float(trades.qty[trades.time // MINUTE == minute // MINUTE].sum())

    def take(self, page: TradePage, asked_at: int) -> None:
        """A page that follows the cursor; `asked_at` is the market time of the request."""
        trades, self.joiner.page_was_read = page.trades, True
        if self.cursor is None:
            # the first page may reach back further than asked for
            trades = trades[trades.time >= self.start]
            self.cursor = page.cursor_after(Cursor(self.start))
            self.proven_from = self.start if page.joined else after_hole(trades, page.whole)
        else:
            if not page.joined and len(trades):
                # what happened before the last trade that was read was read too: counted again it would be twice there
                trades = trades[trades.time >= self.read_to]
                if not len(trades):
                    return  # a replica's answer that is older than the one before it
            self.cursor = page.cursor_after(self.cursor)
            if not page.joined:
                self.proven_from = after_hole(trades, page.whole)
        if len(trades):
            self.pending.append(trades)
        if not page.more:
            self.caught_up = asked_at

    def take_earlier(self, page: TradePage) -> None:
        """A page that ends where the trades at hand begin, which have no hole in them."""
        trades = page.trades[page.trades.time >= self.start]
        if len(trades):
            self.pending.insert(0, trades)
        self.proven_from = after_hole(trades) if page.more else self.start

    def settle(self, end: int, whale_threshold: float) -> SettledMinutes:
        """Bars of the minutes before `end`, as far as they are known; later trades wait for their minute to close."""
        cut = self.cut(end)
        in_time = fold(cut.in_time, self.instrument, Coverage.PARTIAL)
        return self.settled(cut, in_time, fold(cut.late, self.instrument), end, whale_threshold)

    def cut(self, end: int) -> SplitTrades:
        """The first half of `settle`."""
        trades = Trades.concat(self.pending)
        read_to = end if self.caught_up >= end else floor(int(trades.time[-1]) if len(trades) else self.caught_up)
        reached = max(self.start, min(end, read_to))
        closed = trades.time < reached
        too_late = trades.time < self.start
        late = trades[too_late] if too_late.any() else Trades.empty()
        in_time = trades[closed & ~too_late] if len(late) else trades if closed.all() else trades[closed]
        if len(self._carry) and reached > self.start:
            in_time = Trades.concat([self._carry, in_time])
        return SplitTrades(trades, reached, closed, in_time, late)

    def settled(self, cut: SplitTrades, seen: Bars, late: Bars, end: int, whale_threshold: float) -> SettledMinutes:
        """The second half of `settle`; `seen` and `late`: bars of the trades that were cut."""
        klines = None if self.klines is None else self.klines.dense(self.start, cut.reached)
        seen, carry = fitted(cut.in_time, seen, klines, self.instrument)
        return SettledMinutes(
            bars=self._bars(seen, cut.reached, end if self.klines is not None else cut.reached),
            late=late,
            # trades of the open minute are looked at again: an order may arrive in two pages
            whales=find_whales(cut.trades, self.instrument, whale_threshold),
            position=Position(self._boundary(cut.trades.id, cut.closed), cut.reached),
            rest=cut.trades[~cut.closed],
            carry=carry if cut.reached > self.start else self._carry,
        )

    def advance(self, settled: SettledMinutes) -> None:
        """Forget what was settled: it is stored now."""
        self.unverified_from = settled.unverified_from(self.klines, self.unverified_from or self.start)
        self.uncompared_from = settled.uncompared_from(self.klines, self.uncompared_from or self.start)
        self.boundary_id, self.start = settled.position
        self.pending = [settled.rest] if len(settled.rest) else []
        self.klines, self._carry = None, settled.carry
        priced = settled.bars.close[settled.bars.close > 0]
        self._last_price = int(priced[-1]) if len(priced) else self._last_price

    def _boundary(self, ids: Ints, closed: npt.NDArray[np.bool_]) -> int | None:
        """The last trade of the closed minutes as they were read; None where one of an open minute was read before it:
        going on from there would lose that one, and from before it would count the closed one twice.
        """
        count = int(closed.sum())
        if not count:
            return self.boundary_id
        # by place, not by number: some venues' ids are digests
        return int(ids[count - 1]) if closed[:count].all() else None

    def _bars(self, seen: Bars, reached: int, end: int) -> Bars:
        """The rows of [start, end) of which something is known; `seen`: of the trades, read up to `reached`."""
        whole = self.proven_from_start
        if whole and self.klines is None and len(seen) * MINUTE == end - self.start:
            return seen.with_coverage(Coverage.TRADES)
        seen = seen.dense(self.start, end)
        if self.proven_from is not None and self.proven_from < reached:
            since = max(self.start, self.proven_from)
            sound = (seen.time >= since) & (seen.time < reached)
            part = seen if sound.all() else seen[sound]
            proven = with_quiet_minutes(part, since, reached, Coverage.TRADES, self._last_price)
            proven = proven.with_coverage(Coverage.TRADES)
            before, after = seen.time < since, seen.time >= reached
            seen = proven if part is seen else Bars.concat([seen[before], proven, seen[after]])
        if self.klines is not None:
            seen = reconcile(seen, self.klines.dense(self.start, end))
        known = seen.coverage > Coverage.MISSING
        return seen if known.all() else seen[known]
