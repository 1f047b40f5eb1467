"""Columns of trades out of a block of CSV: times, ids, ticks and sizes, exact."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from coinmon.exchange import MINUTE, Archive, FinerGrid, Instrument, iso
from coinmon_exchanges._files.csv import Block, Ints

_MICROSECONDS_FROM = 10**14
"""Times beyond this are microseconds: in milliseconds it would be the year 5138."""


_DAY_SLACK_MS = MINUTE
"""A row may be stamped a little outside its file's day; it is left to the file of that day."""


_HEX = np.r_[0:8, 9:13, 14:18]
"""Where the first 64 bits of a UUID's text are."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Column numbers. widths: how many columns there may be. sold, bought: how the taker side's field begins.

    symbol: column to be compared with the instrument's id. seconds: times are decimal seconds. sized: sizes are
    contracts. ordered: rows come in the order of their ids; else the whole file is read and put in order. first, last:
    ids of the trades that a row is the sum of.
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
    first: int | None = None
    last: int | None = None


@dataclass(slots=True)
class TradeColumns:
    """Rows as sent; those that are no trades (price or size 0) use up an id all the same."""

    id: Ints
    time: Ints
    ticks: Ints
    qty: npt.NDArray[np.float64]
    side: npt.NDArray[np.int8]
    fills: Ints

    def take(self, order: Ints) -> "TradeColumns":
        return TradeColumns(
            self.id[order], self.time[order], self.ticks[order], self.qty[order], self.side[order], self.fills[order]
        )


def columns_of(block: Block, archive: Archive, instrument: Instrument, layout: Layout) -> TradeColumns:
    if layout.symbol is not None and (row := block.differs(layout.symbol, instrument.native_id)) is not None:
        raise block.bad(row, layout.symbol, instrument.native_id)
    time = _times(block, layout)
    late = (time < archive.start - _DAY_SLACK_MS) | (time >= archive.end + _DAY_SLACK_MS)
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
    return TradeColumns(
        _ids(block, layout.id),
        time,
        _ticks(block, layout.price, instrument),
        size * unit.numerator / unit.denominator,
        (2 * bought.astype(np.int8) - 1).astype(np.int8),
        _fills(block, layout),
    )


def _fills(block: Block, layout: Layout) -> Ints:
    if layout.first is None or layout.last is None:
        return np.ones(len(block), np.int64)
    return (block.whole(layout.last) - block.whole(layout.first)).clip(0) + 1


def _times(block: Block, layout: Layout) -> Ints:
    """ms UTC, cut. Raises DecodeError for a file that mixes units."""
    if layout.seconds:
        value, digits = block.decimals(layout.time)
        return np.asarray(value * 10 ** (3 - digits) if digits <= 3 else value // 10 ** (digits - 3), np.int64)
    time = block.whole(layout.time)
    fine = time >= _MICROSECONDS_FROM
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
