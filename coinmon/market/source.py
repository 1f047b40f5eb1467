"""Where views read: the stored rows of instruments."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from coinmon.model.bars import Bars
from coinmon.model.book import Depth, Picture
from coinmon.model.derivatives import Funding, Liquidation, OpenInterest, WhaleTrade
from coinmon.model.instrument import Instrument
from coinmon.model.levels import Levels


class Source(Protocol):
    """Where views read: the store. Ranges are [start, end), ms UTC."""

    def bars(self, instrument: Instrument, start: int, end: int, *, levels: bool = False) -> Bars: ...

    def profile(self, instrument: Instrument, start: int, end: int) -> Levels:
        """The levels of the minutes of which every trade was seen, added up as one bar's."""
        ...

    def open_interest(self, instrument: Instrument, start: int, end: int) -> Sequence[OpenInterest]: ...

    def funding(self, instrument: Instrument, start: int, end: int) -> Sequence[Funding]: ...

    def whale_trades(self, instrument: Instrument, start: int, end: int) -> Sequence[WhaleTrade]: ...

    def depth(self, instrument: Instrument, start: int, end: int) -> Sequence[Depth]: ...

    def heatmap(self, instrument: Instrument, start: int, end: int) -> Sequence[Picture]: ...

    def liquidations(self, instrument: Instrument, start: int, end: int) -> Sequence[Liquidation]: ...

    def liquidations_heard(self, instrument: Instrument, start: int, end: int) -> Sequence[int]: ...

    def signals(self, pair: str, start: int, end: int) -> Sequence[Mapping[str, Any]]:
        """Events of the pair's signals that were on at some time, newest first."""
        ...
