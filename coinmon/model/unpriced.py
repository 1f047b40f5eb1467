"""Minutes in which a gap is known and no trade was seen: what was traded in them is unknown, and not nothing."""

from dataclasses import replace

import numpy as np

from coinmon.model.bars import Bars, Coverage


def unknown_where_unpriced(bars: Bars) -> Bars:
    """The same bars for whoever takes them away; volumes of `partial` rows without a price are NaN, trades -1."""
    unpriced = (bars.coverage == Coverage.PARTIAL) & (bars.close <= 0)
    if not unpriced.any():
        return bars
    names = ("volume", "quote_volume", "buy", "buy_quote", "delta_min", "delta_max")
    volumes = {name: np.where(unpriced, np.nan, getattr(bars, name)) for name in names}
    return replace(bars, **volumes, trades=np.where(unpriced, -1, bars.trades))
