"""Taker delta minute by minute."""

from decimal import Decimal
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from coinmon.indicator import Bars, Instrument
from coinmon_indicators._lots import in_lots

Unit = Literal["base", "quote"]


class MinuteFlow(NamedTuple):
    """By minute, in `scale`s of the unit: to be added up first and scaled then; 0 where the split is incomplete."""

    net: npt.NDArray[np.float64]
    volume: npt.NDArray[np.float64]
    complete: npt.NDArray[np.bool_]
    scale: Decimal


def minute_flow(minutes: Bars, instrument: Instrument, unit: Unit) -> MinuteFlow:
    """Taker buys less taker sells, and volume, in base units (whole lots where they are) or in quote currency."""
    if unit == "base":
        (buy, volume), scale = in_lots((minutes.buy, minutes.volume), instrument.lot_size)
    else:
        buy, volume, scale = minutes.buy_quote, minutes.quote_volume, Decimal(1)
    complete = minutes.has_flow & np.isfinite(buy) & np.isfinite(volume)
    return MinuteFlow(np.where(complete, 2 * buy - volume, 0.0), np.where(complete, volume, 0.0), complete, scale)
