"""All venues of a pair as one market: their bars added up minute by minute on one price grid."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from coinmon.errors import NoAnswer
from coinmon.model.bars import Bars, Coverage
from coinmon.model.book import Depth, Picture
from coinmon.model.derivatives import Funding, Liquidation, OpenInterest, WhaleTrade
from coinmon.model.instrument import Instrument, Kind, Pair, common_grid
from coinmon.model.levels import Levels, by_price
from coinmon.model.moment import MINUTE

if TYPE_CHECKING:
    from coinmon.market.view import View

_MAX_STRETCHES = 24
"""Stretches of a profile that are read one by one; beyond that it is made minute by minute."""

ALL = "all"
"""The venue of an instrument that stands for every venue."""


def instrument_of(pair: Pair, kind: Kind, parts: Sequence[Instrument]) -> Instrument:
    """`all:BTC/USDT`, on the coarsest grids that hold every venue's prices and quantities."""
    symbol = f"{pair}:{pair.quote}" if kind == "perp" else str(pair)
    return Instrument(
        ALL, kind, pair.base, pair.quote, symbol, symbol,
        tick_size=common_grid([each.tick_size for each in parts]),
        lot_size=common_grid([each.lot_size for each in parts]),
    )  # fmt: skip


class Merged:
    """A `Source` that adds up views. `whole`: no venue is left out that might list the pair."""

    def __init__(self, views: Sequence["View"], whole: bool) -> None:
        self._views = views
        self._whole = whole

    def bars(self, instrument: Instrument, start: int, end: int, *, levels: bool = False) -> Bars:
        parts = [view.between(start, end, levels=levels).on_grid(instrument.tick_size) for view in self._views]
        bars = together(parts)
        return bars if self._whole else bars.with_coverage(np.minimum(bars.coverage, Coverage.PARTIAL))

    def profile(self, instrument: Instrument, start: int, end: int) -> Levels:
        """A minute counts where every venue saw all of it."""
        seen = np.stack([view.between(start, end).coverage == Coverage.TRADES for view in self._views])
        if not self._whole or not seen.size:
            return Levels.empty(1)
        # between minutes that only some saw, each venue's own profile is as good as its minutes are
        cuts = np.flatnonzero(seen.any(axis=0) & ~seen.all(axis=0))
        if len(cuts) > _MAX_STRETCHES:
            return self.bars(instrument, start, end, levels=True).profile()
        edges = [-1, *cuts.tolist(), seen.shape[1]]
        stretches = [(start + (a + 1) * MINUTE, start + b * MINUTE) for a, b in pairwise(edges) if b > a + 1]
        parts = []
        for view in self._views:
            finer = int(view.instrument.tick_size / instrument.tick_size)
            for found in (view.profile(*each) for each in stretches):
                parts.append(found if finer == 1 else replace(found, ticks=found.ticks * finer))
        if not parts:
            return Levels.empty(1)
        every = Levels.concat(parts)
        return by_price(None, 1, every.ticks, every.buy, every.sell)

    def open_interest(self, instrument: Instrument, start: int, end: int) -> Sequence[OpenInterest]:
        raise NoAnswer("venues' samples of open interest are not one series: ask of one exchange")

    def funding(self, instrument: Instrument, start: int, end: int) -> Sequence[Funding]:
        raise NoAnswer("venues' funding rates are not one series: ask of one exchange")

    def whale_trades(self, instrument: Instrument, start: int, end: int) -> Sequence[WhaleTrade]:
        found = [each for view in self._views for each in view.source.whale_trades(view.instrument, start, end)]
        return sorted(found, key=lambda each: each.time)

    def depth(self, instrument: Instrument, start: int, end: int) -> Sequence[Depth]:
        raise NoAnswer("venues' order books are not one book: ask of one exchange")

    def heatmap(self, instrument: Instrument, start: int, end: int) -> Sequence[Picture]:
        raise NoAnswer("venues' order books are not one book: ask of one exchange")

    def liquidations(self, instrument: Instrument, start: int, end: int) -> Sequence[Liquidation]:
        found = [each for view in self._views for each in view.source.liquidations(view.instrument, start, end)]
        return sorted(found, key=lambda each: each.time)

    def liquidations_heard(self, instrument: Instrument, start: int, end: int) -> Sequence[int]:
        """Minutes in which every venue was listened to."""
        heard = [set(view.source.liquidations_heard(view.instrument, start, end)) for view in self._views]
        return sorted(set.intersection(*heard)) if self._whole else []

    def signals(self, pair: str, start: int, end: int) -> Sequence[Mapping[str, Any]]:
        """Signals are the pair's, whatever venue is asked."""
        return self._views[0].source.signals(pair, start, end)


def together(parts: Sequence[Bars]) -> Bars:
    """Bars of several venues as one market's; all have the same minutes and grid.

    Volumes add up. Open and close are those of the first venue that traded in the minute; high and low are the
    extremes of all. The running delta's extremes are unknown, for nobody knows how venues' trades interleave. A minute
    is as good as its worst venue, and `partial` where one venue has it and another does not.
    """
    first = parts[0]
    if len(parts) == 1 or not len(first):
        return first
    coverage = np.stack([part.coverage for part in parts])
    absent = coverage == Coverage.MISSING
    nowhere = absent.all(axis=0)
    priced = np.stack([part.close for part in parts]) > 0
    traded = priced & ~(np.stack([part.volume for part in parts]) == 0)
    use = np.where(traded.any(axis=0), traded, priced)
    leader, row = use.argmax(axis=0), np.arange(len(first))
    # in a minute without trades the leader's price stands alone
    use &= traded.any(axis=0) | (np.arange(len(parts))[:, None] == leader)
    none = ~use.any(axis=0)

    def stacked(name: str) -> npt.NDArray[Any]:
        return np.stack([getattr(part, name) for part in parts])

    def total(name: str) -> npt.NDArray[Any]:
        return np.where(nowhere, np.nan, np.where(absent, 0.0, stacked(name)).sum(axis=0))

    trades = np.where(absent, 0, stacked("trades"))
    worst = coverage.min(axis=0)
    unknown = np.full(len(first), np.nan)
    return Bars(
        tick_size=first.tick_size,
        time=first.time,
        open=np.where(none, 0, stacked("open")[leader, row]),
        high=np.where(none, 0, np.where(use, stacked("high"), 0).max(axis=0)),
        low=np.where(none, 0, np.where(use, stacked("low"), np.iinfo(np.int64).max).min(axis=0)),
        close=np.where(none, 0, stacked("close")[leader, row]),
        volume=total("volume"),
        quote_volume=total("quote_volume"),
        trades=np.where(nowhere | (trades < 0).any(axis=0), -1, trades.sum(axis=0)),
        buy=total("buy"),
        buy_quote=total("buy_quote"),
        delta_min=unknown,
        delta_max=unknown,
        coverage=np.where((worst == Coverage.MISSING) & ~nowhere, Coverage.PARTIAL, worst).astype(np.uint8),
        levels=_levels([part.levels for part in parts], len(first)),
    )


def _levels(parts: Sequence[Levels | None], bars: int) -> Levels | None:
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    bar, ticks, buy, sell = (
        np.concatenate([getattr(part, name) for part in known]) for name in ("bar", "ticks", "buy", "sell")
    )
    return by_price(bar, bars, ticks, buy, sell)
