"""Markets that count a coin in thousands (1000PEPE, kPEPE, 1MBABYDOGE) beside markets of the coin itself (PEPE).

What is stored is what the venue said, in its own units. What is read is in the coin's units: prices are divided,
quantities multiplied, quote volumes as they are, so that venues add up and compare.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np

from coinmon.model.bars import Bars
from coinmon.model.instrument import Instrument
from coinmon.model.levels import Levels

_THOUSANDS = re.compile(r"(1(?:0{3,6}|[KM](?=[A-Z]{3})))([^\W\d_]\w{2,})")
"""`1000PEPE`, `1000000MOG`, `1MBABYDOGE`; not 1INCH, nor a name of two letters such as 1000X."""
_KILO = re.compile(r"(k)([A-Z][A-Z0-9]{2,})")
"""Hyperliquid's `kPEPE`."""
_UNITS = {"k": 1_000, "1K": 1_000, "1M": 1_000_000}
COUNTED_IN_UNITS = "volume", "buy", "delta_min", "delta_max"
"""The columns of bars that count the base."""


@lru_cache(8192)
def multiple_of(base: str) -> tuple[int, str]:
    """How many coins the base counts as one, and the coin."""
    found = _KILO.fullmatch(base) or _THOUSANDS.fullmatch(base)
    if found is None:
        return 1, base
    mark, coin = found.groups()
    return _UNITS.get(mark) or int(mark), coin


def coin_of(base: str) -> str:
    """The coin that the base counts."""
    return multiple_of(base)[1]


def in_coins(instrument: Instrument) -> Instrument:
    """The same market, counted in the coin's own units."""
    units, coin = multiple_of(instrument.base)
    if units == 1:
        return instrument
    # divided by a power of ten, a decimal stays exact
    return replace(
        instrument,
        base=coin,
        tick_size=instrument.tick_size / Decimal(units),
        lot_size=instrument.lot_size * units,
        contract_size=instrument.contract_size * units,
    )


def units_between(stored: Instrument, wanted: Instrument) -> int:
    """Coins in one unit of what is stored, where `wanted` counts coins; 1 where it is counted as it is stored."""
    return 1 if stored.base == wanted.base else multiple_of(stored.base)[0]


def bars_in_coins(bars: Bars, units: int) -> Bars:
    """Bars of thousands of a coin as bars of the coin."""
    if units == 1:
        return bars
    scaled = {name: getattr(bars, name) * units for name in COUNTED_IN_UNITS}
    levels = None if bars.levels is None else levels_in_coins(bars.levels, units)
    return replace(bars, tick_size=bars.tick_size / Decimal(units), **scaled, levels=levels)


def levels_in_coins(levels: Levels, units: int) -> Levels:
    """Volumes at prices: the prices' ticks are the same on the finer grid."""
    return levels if units == 1 else replace(levels, buy=np.asarray(levels.buy * units), sell=levels.sell * units)


_Sample = TypeVar("_Sample")
_PRICES = ("price", "bid", "ask", "mark", "index", "row")
_QUANTITIES = ("base", "bid_base", "ask_base", "bids", "asks")


def samples_in_coins(samples: Sequence[_Sample], units: int) -> Sequence[_Sample]:
    """Open interest, funding, whale trades, liquidations, depths or pictures of thousands of a coin, as of the coin."""
    return samples if units == 1 else [_in_coins(each, units) for each in samples]


def _in_coins(sample: Any, units: int) -> Any:
    changes: dict[str, Any] = {}
    for name in _PRICES:
        value = getattr(sample, name, None)
        if value is not None:
            changes[name] = value / (Decimal(units) if isinstance(value, Decimal) else units)
    for name in _QUANTITIES:
        if getattr(sample, name, None) is not None:
            changes[name] = getattr(sample, name) * units
    near = getattr(sample, "near", None)
    if near is not None:
        changes["near"] = tuple(_in_coins(each, units) for each in near)
    return replace(sample, **changes)
