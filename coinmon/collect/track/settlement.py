"""What a track has read of closed minutes, on its way to the store."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coinmon.model.bars import Bars, Coverage
from coinmon.model.derivatives import WhaleTrade
from coinmon.model.moment import DAY, MINUTE, floor
from coinmon.model.trades import Ints, Trades
from coinmon.store.cursors import Position

_LATEST_KLINE_MS = 30 * MINUTE
"""A minute's kline that a venue has not got is asked for again this long; later it will not come."""


@dataclass(frozen=True, slots=True)
class SettledMinutes:
    """What a track has for the store; nothing of the track changes until `Track.advance` is told that it is stored.

    bars: closed minutes. late: trades that came after their minute was stored, to be added to it. position: where a
    restart would go on. rest: trades of the minutes still open. carry: what of the closed minutes' trades belongs to
    the next one (see `straddle`).
    """

    bars: Bars
    late: Bars
    whales: list[WhaleTrade]
    position: Position
    rest: Trades
    carry: Trades

    def unverified_from(self, klines: Bars | None, since: int) -> int | None:
        """The first minute from `since` on that is not proven and has no kline; what klines lack they get in time."""
        proven = self.bars.time[self.bars.coverage == Coverage.TRADES]
        return self._first_without(proven, klines, since)

    def uncompared_from(self, klines: Bars | None, since: int) -> int | None:
        """The first minute from `since` on that the venue's own totals were not had of."""
        return self._first_without(np.empty(0, np.int64), klines, since)

    def _first_without(self, known: Ints, klines: Bars | None, since: int) -> int | None:
        end = self.position.next_minute
        known = known if klines is None else np.concatenate((known, klines.time))
        minutes = np.arange(max(since, end - (DAY if klines is None else _LATEST_KLINE_MS)), end, MINUTE)
        lacking = minutes[~np.isin(minutes, known)]
        return int(lacking[0]) if len(lacking) else None


@dataclass(frozen=True, slots=True)
class SplitTrades:
    """Where a track's trades are parted: in time of the closed minutes, too late for theirs, and the rest."""

    trades: Trades
    reached: int
    closed: npt.NDArray[np.bool_]
    in_time: Trades
    late: Trades


def after_hole(trades: Trades, whole: bool = True) -> int | None:
    """The first whole minute after the hole before a page's trades, or somewhere among them."""
    return floor(int(trades.time[0 if whole else -1])) + MINUTE if len(trades) else None
