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


class SideBySide(Protocol):
    """Several markets as of one moment: a row a market, a column a minute."""

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


@dataclass
class Alone:
    """One market beside no other, or one pair's. bars: of each what gives its last minutes."""

    end: int
    instruments: Sequence[Instrument]
    bars: Sequence[Callable[[int], Bars]]
    pairs: Sequence[int] = (0,)

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        return make()

    def last(self, name: str, minutes: int) -> npt.NDArray[Any]:
        return np.stack([getattr(bars(minutes), name) for bars in self.bars])
