"""A bar's levels in one column.

Header, little-endian: version u8 (2 where the levels span 2**32 ticks or more, else 1), width u8 (bytes of a lot
count: 4, 8; 0 for raw float64), count u32, first tick i64, then tick and lot as (mantissa i64, exponent i8) each, so
that a row stays readable when the venue changes its grid.
Body: tick offsets u32 (u64 in version 2), then the buy and sell columns in lots (u32, u64) or base units (f64).
"""

import struct
from decimal import Decimal
from typing import Any

import numpy as np

from coinmon.model.bars import scaled
from coinmon.model.trades import Floats, Ints

_HEADER = struct.Struct("<BBIqqbqb")
_OFFSETS: dict[int, np.dtype[Any]] = {1: np.dtype("<u4"), 2: np.dtype("<u8")}
_WIDTHS: dict[int, np.dtype[Any]] = {4: np.dtype("<u4"), 8: np.dtype("<u8"), 0: np.dtype("<f8")}


def pack(ticks: Ints, buy: Floats, sell: Floats, tick: Decimal, lot: Decimal) -> bytes:
    """One bar's levels; ticks ascend."""
    amounts = np.concatenate((buy, sell))
    counts = np.rint(amounts / float(lot))
    fits = counts.max(initial=0) < 2**63
    on_grid = fits and np.allclose(scaled(counts.astype(np.int64), lot), amounts, rtol=1e-12, atol=0)
    width = 0 if not on_grid else 4 if counts.max(initial=0) < 2**32 else 8
    columns = amounts if width == 0 else counts
    first = int(ticks[0]) if len(ticks) else 0
    version = 1 if not len(ticks) or int(ticks[-1]) - first < 2**32 else 2
    header: bytes = _HEADER.pack(version, width, len(ticks), first, *_decimal(tick), *_decimal(lot))
    return header + (ticks - first).astype(_OFFSETS[version]).tobytes() + columns.astype(_WIDTHS[width]).tobytes()


def unpack(blob: bytes, tick: Decimal) -> tuple[Ints, Floats, Floats]:
    """Ticks of the grid `tick`, buy and sell in base units."""
    version, width, count, first, *grids = _HEADER.unpack_from(blob)
    places = _OFFSETS[version]
    offsets = np.frombuffer(blob, places, count, _HEADER.size).astype(np.int64)
    columns = np.frombuffer(blob, _WIDTHS[width], 2 * count, _HEADER.size + places.itemsize * count)
    written = Decimal(grids[0]).scaleb(grids[1])
    ticks = (offsets + first) * (1 if written == tick else int(written / tick))
    if width:
        columns = scaled(columns.astype(np.int64), Decimal(grids[2]).scaleb(grids[3]))
    return ticks, np.asarray(columns[:count], np.float64), np.asarray(columns[count:], np.float64)


def _decimal(value: Decimal) -> tuple[int, int]:
    """Mantissa and exponent."""
    digits = -int(value.as_tuple().exponent)
    return int(value.scaleb(digits)), -digits
