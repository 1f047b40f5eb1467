"""The price that judges a signal: of each minute the volume-weighted close over the venues that were seen in it."""

from collections.abc import Sequence

import numpy as np

from coinmon.market.source import Source
from coinmon.model.bars import Coverage
from coinmon.model.instrument import Instrument
from coinmon.model.moment import MINUTE
from coinmon.model.trades import Floats


def judging_prices(source: Source, instruments: Sequence[Instrument], start: int, end: int) -> Floats:
    """One price a minute of [start, end), ms UTC, at each minute's end; NaN where no venue was seen.

    Spot markets where there are any, else perpetuals. Closes are weighted by base volume; where nobody traded, alike.
    """
    spot = [each for each in instruments if each.kind == "spot"]
    minutes = max(0, (end - start) // MINUTE)
    weighted, weights, plain, count = (np.zeros(minutes) for _ in range(4))
    for each in spot or instruments:
        bars = source.bars(each, start, end)
        known = (bars.coverage > Coverage.MISSING) & (bars.close > 0)
        at = (bars.time[known] - start) // MINUTE
        close = bars.price(bars.close[known])
        volume = np.nan_to_num(bars.volume[known])
        weighted[at] += close * volume
        weights[at] += volume
        plain[at] += close
        count[at] += 1
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(weights > 0, weighted / weights, plain / count)
