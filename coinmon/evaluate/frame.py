"""A frame: one pair's minutes over a span as columns, for signals that judge all of them at once."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from coinmon.market.market import Market
from coinmon.market.merged import instrument_of, together
from coinmon.market.read_only import read_only
from coinmon.market.view import Source
from coinmon.model.bars import Bars
from coinmon.model.instrument import Instrument, Kind, Pair
from coinmon.model.moment import MINUTE

Codes = npt.NDArray[np.int8]
WAITS, SILENT, HOLDS, ASK = -1, 0, 1, -2
"""What `columns` says of each moment: it could not judge; it looked and says nothing; from HOLDS on: it says
something, the same signals with the same grades as long as the code stays; ASK: ask the signal itself."""

_Made = TypeVar("_Made")


class Frame:
    """`count` moments, a minute apart, from `start` on, ms UTC on whole minutes; arrays are read-only.

    At moment i what is known are the minutes that ended by then. Columns hold the minutes before as well:
    `bars(..., before=n)` has n + count - 1 rows, and the n minutes known at moment i are its rows i to i + n - 1.
    Every venue could be asked: who was not there then has no rows.
    """

    def __init__(
        self,
        market: Market,
        source: Source,
        start: int,
        count: int,
        settings: Callable[[str], Mapping[str, Any]],
    ) -> None:
        self.pair: Pair = market.pair
        self.venues: Sequence[str] = market.venues
        self.start, self.count = start, count
        self._instruments: Sequence[Instrument] = [view.instrument for view in market.views]
        self._source = source
        self._settings = settings
        self._made: dict[Hashable, Any] = {}

    def settings(self, indicator: str) -> Mapping[str, Any]:
        """Those configured for an indicator. Raises KeyError where it is switched off."""
        return self._settings(indicator)

    def instruments(self, kind: Kind) -> Mapping[str, Instrument]:
        """By venue, in the order of `Market.spot` and `Market.perp`."""
        return {each.venue: each for each in self._instruments if each.kind == kind}

    def bars(self, instrument: Instrument, before: int) -> Bars:
        """before + count - 1 rows, one a minute; missing ones as such."""

        def read() -> Bars:
            first, last = self.start - before * MINUTE, self.start + (self.count - 1) * MINUTE
            return self._source.bars(instrument, first, last).dense(first, last)

        return self.once(("bars", instrument.id, before), read)

    def merged(self, kind: Kind, before: int) -> Bars:
        """The same of all venues as one market; there has to be one."""

        def added() -> Bars:
            parts = list(self.instruments(kind).values())
            grid = instrument_of(self.pair, kind, parts).tick_size
            return together([self.bars(each, before).on_grid(grid) for each in parts])

        return self.once(("merged", kind, before), added)

    def once(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """What `make` gives, made once a frame for that key: what several signals work out alike."""
        if key not in self._made:
            self._made[key] = read_only(make())
        found: _Made = self._made[key]
        return found
