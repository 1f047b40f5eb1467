"""Where views read: the stored rows of instruments, and the last minutes of several side by side."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from coinmon.model.bars import Bars
from coinmon.model.book import Depth, Picture
from coinmon.model.derivatives import Funding, Liquidation, OpenInterest, WhaleTrade
from coinmon.model.instrument import Instrument
from coinmon.model.levels import Levels

Made = TypeVar("Made")


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


@dataclass(frozen=True, slots=True)
class Sampled:
    """Samples of several markets, one market's after the other's, each one's oldest first.

    start: where each market's begin, and the end of the last. time: ms UTC. columns: by field, NaN where unknown.
    """

    start: npt.NDArray[np.int64]
    time: npt.NDArray[np.int64]
    columns: Mapping[str, npt.NDArray[np.float64]]


class SideBySide(Protocol):
    """Several markets as of one moment, `now`, ms UTC: a row a market, a column a minute."""

    now: int
    end: int
    """End of the last closed minute, ms UTC."""

    @property
    def instruments(self) -> Sequence[Instrument]:
        """Whose rows they are."""
        ...

    @property
    def pairs(self) -> Sequence[int]:
        """The row at which each pair's markets of one kind begin; they follow one another."""
        ...

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` gives, closed (`read_only`): made once for all signals and indicators that ask for that key."""
        ...

    def last(self, name: str, minutes: int) -> npt.NDArray[Any]:
        """A column of `Bars` of the last closed minutes, the newest last; missing ones as such. Not to be written to.

        Raises KeyError where not so many minutes are at hand.
        """
        ...

    def sampled(self, name: str, minutes: int) -> Sampled:
        """What `SAMPLED` names of the samples of the last `minutes` before now. Raises KeyError as `last`."""
        ...
