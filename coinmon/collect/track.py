"""Following one instrument: what was read, what is proven, what is not settled yet."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from coinmon.collect.combine import combine
from coinmon.collect.whales import find_whales
from coinmon.contracts import Cursor, TradePage
from coinmon.model.bars import Bars, Coverage
from coinmon.model.derivatives import WhaleTrade
from coinmon.model.fold import fold, with_quiet_minutes
from coinmon.model.instrument import Instrument
from coinmon.model.moment import MINUTE, floor
from coinmon.model.trades import Ints, Trades
from coinmon.store.cursors import Position


@dataclass(frozen=True, slots=True)
class Settled:
    """What a track has for the store; nothing of the track changes until `Track.advance` is told that it is stored.

    bars: closed minutes. late: trades that came after their minute was stored, to be added to it. position: where a
    restart would go on. rest: trades of the minutes still open.
    """

    bars: Bars
    late: Bars
    whales: list[WhaleTrade]
    position: Position
    rest: Trades


@dataclass(slots=True)
class Track:
    """One instrument's reading state.

    start: the first minute whose trades are not stored yet. boundary_id: the last trade before it.
    cursor: where reading trades goes on, None before the first page.
    proven_from: from this moment on, up to the cursor, no trade is missing; None while nothing is proven.
    caught_up: the moment up to which the venue had no more trades.
    """

    instrument: Instrument
    number: int
    start: int
    boundary_id: int | None = None
    cursor: Cursor | None = None
    proven_from: int | None = None
    caught_up: int = 0
    klines: Bars | None = None
    _pending: list[Trades] = field(default_factory=list)
    _last_price: int = 0

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

    @property
    def oldest_id(self) -> int | None:
        """The first trade at hand."""
        return int(self._pending[0].id[0]) if self._pending else None

    def take(self, page: TradePage, asked_at: int) -> None:
        """A page that follows the cursor; `asked_at` is the market time of the request."""
        trades = page.trades
        if self.cursor is None:
            # the first page may reach back further than asked for
            trades = trades[trades.time >= self.start]
            self.cursor = page.cursor_after(Cursor(self.start))
            self.proven_from = self.start if page.joined else _after_hole(trades, page.whole)
        else:
            self.cursor = page.cursor_after(self.cursor)
            if not page.joined:
                self.proven_from = _after_hole(trades, page.whole)
        if len(trades):
            self._pending.append(trades)
        if not page.more:
            self.caught_up = asked_at

    def take_earlier(self, page: TradePage) -> None:
        """A page that ends where the trades at hand begin, which have no hole in them."""
        trades = page.trades[page.trades.time >= self.start]
        if len(trades):
            self._pending.insert(0, trades)
        self.proven_from = _after_hole(trades) if page.more else self.start

    def settle(self, end: int, whale_threshold: float) -> Settled:
        """Bars of the minutes before `end`, as far as they are known; later trades wait for their minute to close."""
        trades = Trades.concat(self._pending)
        read_to = end if self.caught_up >= end else floor(int(trades.time[-1])) if len(trades) else 0
        reached = max(self.start, min(end, read_to))
        closed = trades.time < reached
        too_late = trades.time < self.start
        return Settled(
            bars=self._bars(trades[closed & ~too_late], reached, end if self.klines is not None else reached),
            late=fold(trades[too_late], self.instrument),
            # trades of the open minute are looked at again: an order may arrive in two pages
            whales=find_whales(trades, self.instrument, whale_threshold),
            position=Position(self._boundary(trades.id, closed), reached),
            rest=trades[~closed],
        )

    def advance(self, settled: Settled) -> None:
        """What was settled is stored: forget it."""
        self.boundary_id, self.start = settled.position
        self._pending = [settled.rest] if len(settled.rest) else []
        self.klines = None
        priced = np.flatnonzero(settled.bars.close > 0)
        if len(priced):
            self._last_price = int(settled.bars.close[priced[-1]])

    def _boundary(self, ids: Ints, closed: npt.NDArray[np.bool_]) -> int | None:
        """The last trade of the closed minutes as they were read; None where one of an open minute was read before it:
        going on from there would lose that one, and from before it would count the closed one twice.
        """
        count = int(closed.sum())
        if not count:
            return self.boundary_id
        # by place, not by number: some venues' ids are digests
        return int(ids[count - 1]) if closed[:count].all() else None

    def _bars(self, trades: Trades, reached: int, end: int) -> Bars:
        """The rows of [start, end) of which something is known; trades were read up to `reached`."""
        seen = fold(trades, self.instrument, Coverage.PARTIAL).dense(self.start, end)
        if self.proven_from is not None and self.proven_from < reached:
            since = max(self.start, self.proven_from)
            whole = (seen.time >= since) & (seen.time < reached)
            proven = with_quiet_minutes(seen[whole], since, reached, Coverage.TRADES, self._last_price)
            before, after = seen[seen.time < since], seen[seen.time >= reached]
            seen = Bars.concat([before, proven.with_coverage(Coverage.TRADES), after])
        if self.klines is not None:
            seen = combine(seen, self.klines.dense(self.start, end))
        return seen[seen.coverage > Coverage.MISSING]


def _after_hole(trades: Trades, whole: bool = True) -> int | None:
    """The first whole minute after the hole before a page's trades, or somewhere among them."""
    return floor(int(trades.time[0 if whole else -1])) + MINUTE if len(trades) else None
