"""Minutes that are given and not read from a store: examples of rules, tests of plugins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from coinmon.market.no_books import NoBooks
from coinmon.model.bars import Bars, Coverage
from coinmon.model.derivatives import Funding, OpenInterest, WhaleTrade
from coinmon.model.instrument import Instrument
from coinmon.model.levels import Levels


@dataclass(frozen=True, slots=True)
class GivenInstrument:
    """bars: minutes with levels, oldest first; those that are not there were not seen. The rest: samples by time."""

    instrument: Instrument
    bars: Bars
    open_interest: Sequence[OpenInterest] = ()
    funding: Sequence[Funding] = ()


@dataclass(frozen=True, slots=True)
class GivenSource(NoBooks):
    """A `Source`; ranges are [start, end), ms UTC."""

    given: Mapping[str, GivenInstrument] = field(repr=False)

    def bars(self, instrument: Instrument, start: int, end: int, *, levels: bool = False) -> Bars:
        bars = self.given[instrument.id].bars
        found = bars[(bars.time >= start) & (bars.time < end)]
        return found if levels else replace(found, levels=None)

    def profile(self, instrument: Instrument, start: int, end: int) -> Levels:
        bars = self.bars(instrument, start, end, levels=True)
        return bars[bars.coverage == Coverage.TRADES].profile()

    def open_interest(self, instrument: Instrument, start: int, end: int) -> Sequence[OpenInterest]:
        return [each for each in self.given[instrument.id].open_interest if start <= each.time < end]

    def funding(self, instrument: Instrument, start: int, end: int) -> Sequence[Funding]:
        return [each for each in self.given[instrument.id].funding if start <= each.time < end]

    def whale_trades(self, instrument: Instrument, start: int, end: int) -> Sequence[WhaleTrade]:
        return ()

    def signals(self, pair: str, start: int, end: int) -> Sequence[Mapping[str, Any]]:
        return ()
