"""Trades out of an archive's CSV: which column is what differs by venue, everything else is here."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from coinmon.exchange import MINUTE, Archive, DecodeError, FinerGrid, Instrument, TradePage, Trades, iso
from coinmon_exchanges._files.csv import Block, Ints
from coinmon_exchanges._files.inflate import lines

_MICROSECONDS = 10**14
"""Times beyond this are microseconds: in milliseconds it would be the year 5138."""
_SLACK = MINUTE
"""A row may be stamped a little outside its file's day; it is left to the file of that day."""
_HEX = np.r_[0:8, 9:13, 14:18]
"""Where the first 64 bits of a UUID's text are."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Column numbers. widths: how many columns there may be. sold, bought: how the taker side's field begins.

    symbol: column to be compared with the instrument's id. seconds: times are decimal seconds. sized: sizes are
    contracts. ordered: rows come in the order of their ids; else the whole file is read and put in order.
    """

    widths: tuple[int, ...]
    id: int | None
    time: int
    price: int
    size: int
    side: int
    sold: str
    bought: str
    symbol: int | None = None
    seconds: bool = False
    ordered: bool = True


@dataclass(slots=True)
class _Columns:
    """Rows as sent; those that are no trades (price or size 0) use up an id all the same."""

    id: Ints
    time: Ints
    ticks: Ints
    qty: npt.NDArray[np.float64]
    side: npt.NDArray[np.int8]

    def take(self, order: Ints) -> "_Columns":
        return _Columns(self.id[order], self.time[order], self.ticks[order], self.qty[order], self.side[order])


def pages(path: Path, archive: Archive, instrument: Instrument, layout: Layout) -> Iterator[TradePage]:
    """The file's trades of its own time, split where ids are missing."""
    blocks: Iterator[_Columns] = (_columns(block, archive, instrument, layout) for block in _blocks(path, layout))
    if not layout.ordered:
        blocks = iter([_in_order(list(blocks), archive)])
    last: int | None = None
    read = 0
    for columns in blocks:
        read += len(columns.id)
        yield from _pages(columns, last, archive)
        last = int(columns.id[-1])
    if not read:
        raise DecodeError(f"{path.name}: holds no trades")


def grids(path: Path, *, price: int, size: int) -> tuple[Decimal, Decimal]:
    """The powers of ten that the first block's prices and sizes are multiples of."""
    for part in lines(path):
        rows = part.partition(b"\n")[2]
        if rows:
            block = Block(rows, rows.partition(b"\n")[0].count(b",") + 1, path.name, 2)
            return _grid(*block.decimals(price)), _grid(*block.decimals(size))
    raise DecodeError(f"{path.name}: holds no trades")


def _grid(values: Ints, digits: int) -> Decimal:
    while digits and not (values % 10).any():
        values, digits = values // 10, digits - 1
    return Decimal(1).scaleb(-digits)


def _blocks(path: Path, layout: Layout) -> Iterator[Block]:
    width, line = 0, 1
    for part in lines(path):
        if not width:
            head, _, body = part.partition(b"\n")
            width = head.count(b",") + 1
            if width not in layout.widths:
                expected = " or ".join(str(each) for each in layout.widths)
                raise DecodeError(f"{path.name}: has {width} columns, expected {expected}")
            # a header's fields are words; headers come and go over the years
            if not head.split(b",")[layout.price].strip().replace(b".", b"").isdigit():
                part, line = body, 2
        if part:
            block = Block(part, width, path.name, line)
            line += len(block)
            yield block


def _columns(block: Block, archive: Archive, instrument: Instrument, layout: Layout) -> _Columns:
    if layout.symbol is not None and (row := block.differs(layout.symbol, instrument.native_id)) is not None:
        raise block.bad(row, layout.symbol, instrument.native_id)
    time = _times(block, layout)
    late = (time < archive.start - _SLACK) | (time >= archive.end + _SLACK)
    if late.any():
        raise block.bad(
            int(np.argmax(late)), layout.time, f"a time between {iso(archive.start)} and {iso(archive.end)}"
        )
    letters = block.first_letters(layout.side)
    bought = letters == ord(layout.bought)
    if (wrong := ~bought & (letters != ord(layout.sold))).any():
        raise block.bad(int(np.argmax(wrong)), layout.side, "a side")
    size, digits = block.decimals(layout.size)
    unit = Fraction(instrument.contract_size) / 10**digits
    return _Columns(
        _ids(block, layout.id),
        time,
        _ticks(block, layout.price, instrument),
        size * unit.numerator / unit.denominator,
        (2 * bought.astype(np.int8) - 1).astype(np.int8),
    )


def _times(block: Block, layout: Layout) -> Ints:
    """ms UTC, cut. Raises DecodeError for a file that mixes units."""
    if layout.seconds:
        value, digits = block.decimals(layout.time)
        return np.asarray(value * 10 ** (3 - digits) if digits <= 3 else value // 10 ** (digits - 3), np.int64)
    time = block.whole(layout.time)
    fine = time >= _MICROSECONDS
    if fine.all():
        return np.asarray(time // 1000, np.int64)
    if fine.any():
        raise block.bad(int(np.argmax(fine != fine[0])), layout.time, "in the same unit as the rows before")
    return time


def _ids(block: Block, column: int | None) -> Ints:
    """Numbers, or of a UUID the first 63 bits; a file's own row numbers where there is neither."""
    if column is None:
        return np.arange(len(block), dtype=np.int64)
    digits = block.texts(column, 36)
    if digits is None:
        return block.whole(column)
    try:
        packed = bytes.fromhex(digits[:, _HEX].tobytes().decode("ascii"))
    except ValueError:
        raise block.bad(0, column, "a UUID (or one of the rows after it)") from None
    return (np.frombuffer(packed, ">u8") >> 1).astype(np.int64)


def _ticks(block: Block, column: int, instrument: Instrument) -> Ints:
    """Exact: integers all the way. Raises FinerGrid for a price between two ticks."""
    price, digits = block.decimals(column)
    # a price is `price * up / down` ticks
    ratio = 1 / (Fraction(instrument.tick_size) * 10**digits)
    up, down = ratio.numerator, ratio.denominator
    if up * int(price.max(initial=0)) >= 2**53:
        raise block.bad(
            int(np.argmax(price)), column, f"a price of {instrument.id}, whose tick is {instrument.tick_size}"
        )
    scaled: Ints = price * up
    if down == 1:
        return scaled
    ticks: Ints = scaled // down
    if (off := ticks * down != scaled).any():
        error = block.bad(int(np.argmax(off)), column, f"a multiple of the tick {instrument.tick_size}")
        raise FinerGrid(str(error), Decimal(1).scaleb(-digits))
    return ticks


def _in_order(parts: list[_Columns], archive: Archive) -> _Columns:
    if not parts:
        raise DecodeError(f"{archive.name}: holds no trades")
    names = ("id", "time", "ticks", "qty", "side")
    whole = _Columns(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
    key = whole.id if archive.ids_run else whole.time
    return whole if (np.diff(key) >= 0).all() else whole.take(np.argsort(key, kind="stable"))


def _pages(rows: _Columns, last: int | None, archive: Archive) -> Iterator[TradePage]:
    cuts = [0]
    joined = True
    if archive.ids_run:
        steps = np.diff(rows.id, prepend=rows.id[0] - 1 if last is None else last)
        if (steps <= 0).any():
            repeated = int(rows.id[np.argmax(steps <= 0)])
            raise DecodeError(f"{archive.name}: id {repeated} comes twice or out of order")
        joined = bool(steps[0] == 1)
        cuts += np.flatnonzero(steps[1:] > 1).__add__(1).tolist()
    inside = (rows.ticks > 0) & (rows.qty > 0) & (rows.time >= archive.start) & (rows.time < archive.end)
    whole = bool(inside.all())
    for number, (low, high) in enumerate(zip(cuts, [*cuts[1:], len(rows.id)], strict=True)):
        part = slice(low, high)
        trades = Trades(rows.id[part], rows.time[part], rows.ticks[part], rows.qty[part], rows.side[part])
        yield TradePage(trades if whole else trades[inside[part]], joined=joined if number == 0 else False, more=True)
