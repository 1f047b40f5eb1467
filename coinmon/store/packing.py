"""A bar's levels in one column.

Header, little-endian: version u8, width u8 (bytes of a lot count: 1, 2, 4, 8; 0 for raw float64), count u32, first
tick i64, then tick and lot as (mantissa i64, exponent i8) each, so that a row stays readable when the venue changes its
grid. Body: tick offsets from the first, then the buy and sell columns in lots or base units (f64).
Version 3 has one more header byte, the width of the offsets: numbers as narrow as they fit take a third of the room,
and no time to unpack. Versions 1 and 2, with offsets of u32 and u64, are still read.
"""

import struct
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from coinmon.model.bars import scaled
from coinmon.model.levels import Levels, by_price
from coinmon.model.trades import Floats, Ints, is_exact_float

_HEADER = struct.Struct("<BBIqqbqb")
_FORMAT_VERSION = 3
_HEAD = np.dtype(
    [
        ("version", "u1"), ("width", "u1"), ("size", "<u4"), ("first", "<i8"), ("tick", "<i8"), ("tick_exponent", "i1"),
        ("lot", "<i8"), ("lot_exponent", "i1"), ("offset_width", "u1"),
    ]
)  # fmt: skip
"""The header of version 3; of an older one the last byte is the body's first."""
_MOST = 2**62
_MERGE_BARS = 720
"""Bars added up together: what they unpack to stays in the processor's cache."""
_COUNTED = 2**40
"""Lots below which ten thousand counts add up without rounding."""
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
        columns = [by_offset_width[offset_width][part], *(each[part] for each in by_width[width])]
        packed[bar] = _bar(width, offset_width, first_tick, grid, columns)
    return packed


def _bar(width: int, offset_width: int, first: int, grid: tuple[int, ...], columns: Sequence[Any]) -> bytes:
    head = _HEADER.pack(_FORMAT_VERSION, width, len(columns[0]), first, *grid)
    return b"".join((head, bytes((offset_width,)), *(each.tobytes() for each in columns)))


def unpack(blobs: Sequence[bytes | None], tick: Decimal) -> Levels:
    """Each bar's levels, on the grid `tick`; None is a bar without.

    Bars packed alike are decoded together: a call for each of a week's minutes would take ten times as long.
    """
    owners = np.array([number for number, blob in enumerate(blobs) if blob], np.int64)
    packed = [blob for blob in blobs if blob]
    if not packed:
        return Levels.empty(len(blobs))
    heads, alike = _alike(packed)
    sizes = heads["size"].astype(np.int64)
    every = np.zeros(len(blobs), np.int64)
    every[owners] = sizes
    start = np.concatenate(([0], np.cumsum(every)))
    columns: tuple[Any, ...] = ()
    for kind, numbers in alike:
        ticks, *amounts = _columns(packed, heads, kind, numbers, tick)
        parts = (ticks, *(_in_units(each, kind.lot) if kind.width else each for each in amounts))
        if len(alike) == 1:
            columns = parts
            continue
        columns = columns or (np.empty(start[-1], np.int64), np.empty(start[-1]), np.empty(start[-1]))
        size = sizes[numbers]
        where = np.arange(int(size.sum())) + np.repeat(start[owners[numbers]] - (np.cumsum(size) - size), size)
        for column, part in zip(columns, parts, strict=True):
            column[where] = part
    return Levels(start, *columns)


def added_up(blobs: Sequence[bytes | None], tick: Decimal) -> Levels:
    """The levels of all bars as one bar's, on the grid `tick`.

    Volumes are summed as the lots they were packed in, so they are the float64 nearest to the exact sums. Where bars
    were packed in several sizes of lots, those sums are added from the smallest size to the largest, and at last what
    was not packed in lots, bar by bar.
    """
    parts = [
        replace(one, buy=_in_units(one.buy, lot), sell=_in_units(one.sell, lot))
        for lot, one in sorted(_sums([blob for blob in blobs if blob and _width(blob)], tick).items())
    ]
    plain = unpack([blob for blob in blobs if blob and not _width(blob)], tick)
    if len(plain):
        parts.append(by_price(None, 1, plain.ticks, plain.buy, plain.sell))
    return _one_bar(parts)


def pack_sum(blobs: Sequence[bytes | None], tick: Decimal, lot: Decimal) -> bytes | None:
    """The levels of all bars packed as one bar's, empty where there are none.

    None where `added_up` could make something else of that than of the bars: not all are whole lots of that size, or
    so many of them that a year of such sums would not be exact.
    """
    packed = [blob for blob in blobs if blob]
    if not packed:
        return b""
    if not all(map(_width, packed)):
        return None
    sums = _sums(packed, tick)
    one = sums.get(lot)
    if one is None or len(sums) > 1:
        return None
    if max(one.buy.max(), one.sell.max()) >= _COUNTED:
        return None
    return _one_packed(one.ticks, one.buy, one.sell, (*_decimal(tick), *_decimal(lot)))


def pack_sums(groups: Sequence[Sequence[bytes | None]], tick: Decimal, lot: Decimal) -> list[bytes | None]:
    """`pack_sum` of each group, in one pass where all bars count the same lots: that takes a fifth of the time."""
    packed = [[blob for blob in group if blob] for group in groups]
    flat = [blob for group in packed for blob in group]
    if not flat or not all(map(_width, flat)):
        return [pack_sum(group, tick, lot) for group in packed]
    heads, alike = _alike(flat)
    if any(kind.lot != lot for kind, _ in alike):
        return [pack_sum(group, tick, lot) for group in packed]
    group = np.repeat(np.arange(len(packed)), [len(each) for each in packed])
    owner = [np.repeat(group[numbers], heads["size"][numbers]) for _, numbers in alike]
    columns = [_columns(flat, heads, kind, numbers, tick) for kind, numbers in alike]
    ticks, buy, sell = (
        np.concatenate([each.astype(np.int64) for each in column]) for column in zip(*columns, strict=True)
    )
    sums = by_price(np.concatenate(owner), len(packed), ticks, buy, sell)
    most = np.maximum(sums.buy, sums.sell)
    found: list[bytes | None] = []
    grid = (*_decimal(tick), *_decimal(lot))
    for first, last in pairwise(sums.start.tolist()):
        part = slice(first, last)
        if first == last:
            found.append(b"")
        elif most[part].max() >= _COUNTED:
            found.append(None)
        else:
            found.append(_one_packed(sums.ticks[part], sums.buy[part], sums.sell[part], grid))
    return found


def _one_packed(ticks: Ints, buy: Any, sell: Any, grid: tuple[int, ...]) -> bytes:
    """One bar's levels, in lots."""
    first, last = int(ticks[0]), int(ticks[-1])
    width, offset_width = _narrowest(np.array([max(buy.max(), sell.max()), last - first])).tolist()
    columns = [(ticks - first).astype(_WIDTHS[offset_width]), *(each.astype(_WIDTHS[width]) for each in (buy, sell))]
    return _bar(width, offset_width, first, grid, columns)


def _width(blob: bytes) -> int:
    """The bytes of a lot count; 0 for plain base units."""
    return blob[1]


def _sums(packed: Sequence[bytes], tick: Decimal) -> dict[Decimal, Levels]:
    """By the size of the lots what bars packed in them have together, in lots."""
    parts: dict[Decimal, list[Levels]] = {}
    for first in range(0, len(packed), _MERGE_BARS):
        some = packed[first : first + _MERGE_BARS]
        heads, alike = _alike(some)
        for kind, numbers in alike:
            ticks, buy, sell = _columns(some, heads, kind, numbers, tick)
            amounts = (each.astype(np.float64) for each in (buy, sell))
            parts.setdefault(kind.lot, []).append(by_price(None, 1, ticks, *amounts))
    return {lot: _one_bar(each) for lot, each in parts.items()}


def _one_bar(parts: Sequence[Levels]) -> Levels:
    if not parts:
        return Levels.empty(1)
    if len(parts) == 1:
        return parts[0]
    every = Levels.concat(parts)
    return by_price(None, 1, every.ticks, every.buy, every.sell)


class _Kind(NamedTuple):
    """How a bar is packed. width: 0 where amounts are plain base units, no lots."""

    head: int
    width: int
    offset_width: int
    tick: Decimal
    lot: Decimal


def _alike(packed: Sequence[bytes]) -> tuple[Any, list[tuple[_Kind, Ints]]]:
    """The headers, and the numbers of the bars of each kind."""
    long = _HEADER.size + 1
    heads = np.frombuffer(b"".join([blob[:long] for blob in packed]), _HEAD)
    # in one piece: everything but size and first tick
    raw = heads.view(np.uint8).reshape(len(heads), long)
    keys = np.ascontiguousarray(np.delete(raw, slice(2, 14), axis=1)).view(f"S{long - 12}").ravel()
    if (keys == keys[0]).all():
        return heads, [(_kind(heads[0]), np.arange(len(heads)))]
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    return heads, [(_kind(heads[at]), np.flatnonzero(inverse == n)) for n, at in enumerate(first.tolist())]


def _kind(head: Any) -> _Kind:
    version, width = int(head["version"]), int(head["width"])
    tick, lot = (Decimal(int(head[name])).scaleb(int(head[f"{name}_exponent"])) for name in ("tick", "lot"))
    offset_width = _OFFSETS_BEFORE.get(version) or int(head["offset_width"])
    return _Kind(_HEADER.size + (version == _FORMAT_VERSION), width, offset_width, tick, lot)


def _in_units(counts: Any, lot: Decimal) -> Floats:
    """Lots as base units, each the float64 nearest to the exact product."""
    times, by = lot.as_integer_ratio()
    if counts.dtype.kind == "u" and times * 256**counts.dtype.itemsize <= 2**53 and is_exact_float(by):
        # as `scaled` does, without looking for the largest
        units = counts.astype(np.float64)
        units *= times
        units /= by
        return np.asarray(units)
    return scaled(counts.astype(np.int64), lot)


def _columns(packed: Sequence[bytes], heads: Any, kind: _Kind, numbers: Ints, tick: Decimal) -> tuple[Any, Any, Any]:
    """Ticks, buy and sell, in lots where the kind has them, of bars packed alike, one after the other."""
    sizes = heads["size"][numbers]
    chosen = packed if len(numbers) == len(packed) else [packed[number] for number in numbers.tolist()]
    each = kind.width or 8
    starts = (0, kind.offset_width, kind.offset_width + each, kind.offset_width + 2 * each)
    cuts = [(kind.head + sizes * np.int64(start)).tolist() for start in starts]
    columns = [b"".join([blob[a:b] for blob, a, b in zip(chosen, *pair, strict=True)]) for pair in pairwise(cuts)]
    ticks = np.frombuffer(columns[0], _WIDTHS[kind.offset_width]).astype(np.int64)
    ticks += np.repeat(heads["first"][numbers], sizes)
    finer = _finer(kind.tick, tick)
    buy, sell = (np.frombuffer(column, _WIDTHS[kind.width]) for column in columns[1:])
    return ticks * finer if finer > 1 else ticks, buy, sell


def _finer(written: Decimal, tick: Decimal) -> int:
    """How many of the ticks asked for one of those written is."""
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
