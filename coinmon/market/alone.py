"""One market beside no other, or one pair's: what a scan has side by side of all."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from coinmon.market.source import Made, Sampled
from coinmon.model.derivatives import SAMPLED
from coinmon.model.instrument import Instrument


class Alone:
    """A `SideBySide` of these views."""

    def __init__(self, views: Sequence[Any]) -> None:
        self._views = views
        self.now: int = views[0].now
        self.end: int = views[0].end
        self.instruments: Sequence[Instrument] = [view.instrument for view in views]
        self.pairs: Sequence[int] = (0,)

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        return make()

    def last(self, name: str, minutes: int) -> npt.NDArray[Any]:
        return np.stack([getattr(view.bars(minutes), name) for view in self._views])

    def sampled(self, name: str, minutes: int) -> Sampled:
        found = [getattr(view, name)(minutes) for view in self._views]
        each = [sample for several in found for sample in several]
        columns = {field: np.array([getattr(sample, field) for sample in each], float) for field in SAMPLED[name]}
        time = np.array([sample.time for sample in each], np.int64)
        return Sampled(np.cumsum([0, *map(len, found)]), time, columns)
