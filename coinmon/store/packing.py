"""A bar's levels in one column.

Header, little-endian: version u8, width u8 (bytes of a lot count: 1, 2, 4, 8; 0 for raw float64), count u32, first
tick i64, then tick and lot as (mantissa i64, exponent i8) each, so that a row stays readable when the venue changes its
grid. Body: tick offsets from the first, then the buy and sell columns in lots or base units (f64).
Version 3 has one more header byte, the width of the offsets: numbers as narrow as they fit take a third of the room,
and no time to unpack. Versions 1 and 2, with offsets of u32 and u64, are still read.
"""

import struct
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from coinmon.model.bars import scaled
from coinmon.model.levels import Levels
from coinmon.model.trades import Floats, Ints

_HEADER = struct.Struct("<BBIqqbqb")
_VERSION = 3
_MOST = 2**62
_OFFSETS_BEFORE = {1: 4, 2: 8}
_WIDTHS: dict[int, np.dtype[Any]] = {
    1: np.dtype("<u1"),
    2: np.dtype("<u2"),
    4: np.dtype("<u4"),
    8: np.dtype("<u8"),
    0: np.dtype("<f8"),
}


def pack(levels: Levels, tick: Decimal, lot: Decimal) -> list[bytes | None]:
    """Each bar's levels; None for a bar without. Ticks ascend within a bar."""
    owners = np.flatnonzero(np.diff(levels.start))
    packed: list[bytes | None] = [None] * len(levels)
    if not len(owners):
        return packed
    start, sizes = levels.start[owners], np.diff(levels.start)[owners]
    first = levels.ticks[start]
    offsets = levels.ticks - np.repeat(first, sizes)
    (buy, buy_off), (sell, sell_off) = (_lots(each, lot) for each in (levels.buy, levels.sell))
    widths = _narrowest(np.maximum.reduceat(np.maximum(buy, sell), start))
    widths[np.logical_or.reduceat(buy_off | sell_off, start)] = 0
    offset_widths = _narrowest(offsets[start + sizes - 1])
    by_width: dict[int, tuple[Any, Any]] = {
        width: (buy.astype(_WIDTHS[width]), sell.astype(_WIDTHS[width])) if width else (levels.buy, levels.sell)
        for width in np.unique(widths).tolist()
    }
    by_offset_width: dict[int, Any] = {
        width: offsets.astype(_WIDTHS[width]) for width in np.unique(offset_widths).tolist()
    }
    grid = (*_decimal(tick), *_decimal(lot))
    rows = zip(*(each.tolist() for each in (owners, start, sizes, first, widths, offset_widths)), strict=True)
    for bar, low, size, first_tick, width, offset_width in rows:
        part = slice(low, low + size)
        bought, sold = by_width[width]
        packed[bar] = b"".join(
            (
                _HEADER.pack(_VERSION, width, size, first_tick, *grid),
                bytes((offset_width,)),
                by_offset_width[offset_width][part].tobytes(),
                bought[part].tobytes(),
                sold[part].tobytes(),
            )
        )
    return packed


def unpack(blobs: Sequence[bytes | None], tick: Decimal) -> Levels:
    """Each bar's levels, on the grid `tick`; None is a bar without.

    Bars packed alike are decoded together: a call for each of a week's minutes would take ten times as long.
    """
    owners = [number for number, blob in enumerate(blobs) if blob]
    packed = [blob for blob in blobs if blob]
    if not packed:
        return Levels.empty(len(blobs))
    heads = [_HEADER.unpack_from(blob) for blob in packed]
    alike: dict[tuple[int, ...], list[int]] = {}
    for number, (head, blob) in enumerate(zip(heads, packed, strict=True)):
        version, width, _, _, *grids = head
        offset_width = _OFFSETS_BEFORE.get(version) or blob[_HEADER.size]
        alike.setdefault((version, width, offset_width, *grids), []).append(number)
    sizes = np.array([head[2] for head in heads], np.int64)
    firsts = np.array([head[3] for head in heads], np.int64)
    every = np.zeros(len(blobs), np.int64)
    every[owners] = sizes
    start = np.concatenate(([0], np.cumsum(every)))
    columns: tuple[Any, ...] = ()
    for kind, numbers in alike.items():
        size = sizes[numbers]
        offsets, *amounts = _columns([packed[number] for number in numbers], size.tolist(), kind)
        parts = ((offsets + np.repeat(firsts[numbers], size)) * _finer(kind, tick), *amounts)
        if len(alike) == 1:
            columns = parts
            continue
        columns = columns or (np.empty(start[-1], np.int64), np.empty(start[-1]), np.empty(start[-1]))
        begin = start[np.array(owners)[numbers]]
        where = np.arange(int(size.sum())) + np.repeat(begin - (np.cumsum(size) - size), size)
        for column, part in zip(columns, parts, strict=True):
            column[where] = part
    return Levels(start, *columns)


def _columns(packed: list[bytes], sizes: list[int], kind: tuple[int, ...]) -> tuple[Ints, Floats, Floats]:
    """Tick offsets, buy and sell of bars packed alike, one after the other."""
    version, width, offset_width, *grids = kind
    head = _HEADER.size + (version == _VERSION)
    each = width or 8
    joined = [
        b"".join([blob[head + a * size : head + b * size] for blob, size in zip(packed, sizes, strict=True)])
        for a, b in (
            (0, offset_width), (offset_width, offset_width + each), (offset_width + each, offset_width + 2 * each),
        )
    ]  # fmt: skip
    offsets = np.frombuffer(joined[0], _WIDTHS[offset_width]).astype(np.int64)
    amounts = [np.frombuffer(column, _WIDTHS[width]) for column in joined[1:]]
    if width:
        lot = Decimal(grids[2]).scaleb(grids[3])
        amounts = [scaled(column.astype(np.int64), lot) for column in amounts]
    return offsets, amounts[0], amounts[1]


def _finer(kind: tuple[int, ...], tick: Decimal) -> int:
    """How many of the ticks asked for one of those written is."""
    written = Decimal(kind[3]).scaleb(kind[4])
    return 1 if written == tick else int(written / tick)


def _lots(amounts: Floats, lot: Decimal) -> tuple[Ints, Any]:
    """Whole lots, and where they are not the amounts (but for float noise)."""
    lots = np.minimum(np.rint(amounts / float(lot)), _MOST).astype(np.int64)
    return lots, (lots == _MOST) | ~(np.abs(scaled(lots, lot) - amounts) <= 1e-12 * amounts)


def _narrowest(largest: Ints) -> Ints:
    """The bytes that hold each number."""
    return np.array([1, 2, 4, 8])[np.searchsorted([2**8, 2**16, 2**32], largest, side="right")]


def _decimal(value: Decimal) -> tuple[int, int]:
    """Mantissa and exponent."""
    digits = -int(value.as_tuple().exponent)
    return int(value.scaleb(digits)), -digits
