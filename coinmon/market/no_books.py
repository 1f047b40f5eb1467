"""What a source says that holds neither books nor liquidations: nothing was seen of them."""

from collections.abc import Sequence

from coinmon.model.book import Depth, Picture
from coinmon.model.derivatives import Liquidation
from coinmon.model.instrument import Instrument


class NoBooks:
    """These parts of a `Source`; ranges are [start, end), ms UTC."""

    __slots__ = ()

    def depth(self, instrument: Instrument, start: int, end: int) -> Sequence[Depth]:
        return ()

    def heatmap(self, instrument: Instrument, start: int, end: int) -> Sequence[Picture]:
        return ()

    def liquidations(self, instrument: Instrument, start: int, end: int) -> Sequence[Liquidation]:
        return ()

    def liquidations_heard(self, instrument: Instrument, start: int, end: int) -> Sequence[int]:
        return ()
