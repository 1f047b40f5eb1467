"""Minutes in which a gap is known and no trade was seen: what was traded in them is unknown, and not nothing."""

from dataclasses import replace

import numpy as np

from coinmon.model.bars import Bars, Coverage


def unknown_where_unpriced(bars: Bars) -> Bars:
    """The same bars for whoever takes them away; volumes of `partial` rows without a price are NaN, trades -1."""
    unpriced = (bars.coverage == Coverage.PARTIAL) & (bars.close <= 0)
    if not unpriced.any():
        return bars
    volume, quote_volume, buy, buy_quote, delta_min, delta_max = (
        np.where(unpriced, np.nan, each)
        for each in (bars.volume, bars.quote_volume, bars.buy, bars.buy_quote, bars.delta_min, bars.delta_max)
    )
    return replace(
        bars, volume=volume, quote_volume=quote_volume, buy=buy, buy_quote=buy_quote, delta_min=delta_min,
        delta_max=delta_max, trades=np.where(unpriced, -1, bars.trades),
    )  # fmt: skip
