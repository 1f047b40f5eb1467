"""Views: what was known of an instrument, and of a pair across venues, at a moment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from coinmon.model.bars import Bars, Seen
from coinmon.model.derivatives import Funding, OpenInterest, WhaleTrade
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.moment import MINUTE, floor


class Source(Protocol):
    """Where views read: the store. Ranges are [start, end), ms UTC."""

    def bars(self, instrument: Instrument, start: int, end: int, *, levels: bool = False) -> Bars: ...

    def open_interest(self, instrument: Instrument, start: int, end: int) -> Sequence[OpenInterest]: ...

    def funding(self, instrument: Instrument, start: int, end: int) -> Sequence[Funding]: ...

    def whale_trades(self, instrument: Instrument, start: int, end: int) -> Sequence[WhaleTrade]: ...


Compute = Callable[[str, Any], Any]
"""Runs the indicator of that name, with its configured settings, on a view or market."""


@dataclass(eq=False)
class View:
    """One instrument as of `now`, ms UTC. Nothing later is visible, and a minute not yet closed is not there."""

    instrument: Instrument
    now: int
    source: Source = field(repr=False)
    compute: Compute | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._results: dict[str, Any] = {}

    @property
    def end(self) -> int:
        """End of the last closed minute."""
        return floor(self.now)

    def bars(self, minutes: int, *, levels: bool = False) -> Bars:
        """The last `minutes` closed minutes, one row each, missing ones as such."""
        return self.between(self.end - minutes * MINUTE, self.end, levels=levels)

    def between(self, start: int, end: int, *, levels: bool = False) -> Bars:
        """One row for each closed minute of [start, end), missing ones as such."""
        start, end = floor(start), min(floor(end), self.end)
        return self.source.bars(self.instrument, start, max(start, end), levels=levels).dense(start, max(start, end))

    def seen(self, bars: Bars) -> Seen:
        """Coverage of dense rows as `bars` and `between` give them."""
        if not len(bars):
            return Seen.of(bars, self.end, self.end)
        return Seen.of(bars, int(bars.time[0]), int(bars.time[-1]) + MINUTE)

    def open_interest(self, minutes: int) -> Sequence[OpenInterest]:
        """Samples of the last `minutes`, oldest first."""
        return self.source.open_interest(self.instrument, self.now - minutes * MINUTE, self.now + 1)

    def funding(self, minutes: int) -> Sequence[Funding]:
        """Samples of the last `minutes`, oldest first."""
        return self.source.funding(self.instrument, self.now - minutes * MINUTE, self.now + 1)

    def whale_trades(self, minutes: int) -> Sequence[WhaleTrade]:
        """Whale trades of the last `minutes`, the forming minute included, oldest first."""
        return self.source.whale_trades(self.instrument, self.now - minutes * MINUTE, self.now + 1)

    def of(self, indicator: str) -> Any:
        """The named indicator's result here; computed once."""
        if indicator not in self._results:
            if self.compute is None:
                raise LookupError(f"no indicators are at hand to compute {indicator}")
            self._results[indicator] = self.compute(indicator, self)
        return self._results[indicator]


@dataclass(eq=False)
class Market:
    """One pair as of a moment on all configured venues.

    venues: every configured venue by name, whether or not it lists the pair.
    down: venues that could not be asked, and why (an instrument list that never came is not "not listed").
    """

    pair: Pair
    now: int
    venues: Sequence[str]
    views: Sequence[View]
    compute: Compute | None = field(default=None, repr=False)
    down: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._results: dict[str, Any] = {}

    @cached_property
    def spot(self) -> Mapping[str, View]:
        """Spot views by venue."""
        return {view.instrument.venue: view for view in self.views if view.instrument.kind == "spot"}

    @cached_property
    def perp(self) -> Mapping[str, View]:
        """Perp views by venue."""
        return {view.instrument.venue: view for view in self.views if view.instrument.kind == "perp"}

    def of(self, indicator: str) -> Any:
        """The named pair indicator's result; computed once."""
        if indicator not in self._results:
            if self.compute is None:
                raise LookupError(f"no indicators are at hand to compute {indicator}")
            self._results[indicator] = self.compute(indicator, self)
        return self._results[indicator]
