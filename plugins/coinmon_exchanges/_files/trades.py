"""Trades out of an archive's CSV: which column is what differs by venue, everything else is here."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import numpy as np
from loguru import logger

from coinmon.exchange import Archive, DecodeError, FinerGrid, Instrument, TradePage, Trades
from coinmon_exchanges._files.csv import Block, Ints
from coinmon_exchanges._files.inflate import lines
from coinmon_exchanges._files.trade_columns import Layout, TradeColumns, columns_of

_MAX_BAD_LINES = 20
"""Of a block of some ten thousand; more are no odd lines but another format."""


def pages(path: Path, archive: Archive, instrument: Instrument, layout: Layout) -> Iterator[TradePage]:
    """The file's trades of its own time, split where ids are missing."""
    blocks = _read(path, archive, instrument, layout)
    if not layout.ordered:
        blocks = iter([_in_order(list(blocks), archive)])
    last: int | None = None
    read = 0
    for columns in blocks:
        read += len(columns.id)
        yield from _pages(columns, last, archive)
        last = int(columns.id.max())
    if not read:
        raise DecodeError(f"{path.name}: holds no trades")


def width(path: Path) -> int:
    """How many columns the file's first line has."""
    first = next(lines(path), b"")
    return first.partition(b"\n")[0].count(b",") + 1


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


def _read(path: Path, archive: Archive, instrument: Instrument, layout: Layout) -> Iterator[TradeColumns]:
    """The file block by block. A line that cannot be read costs itself: its missing id or the venue's volume tells."""
    width, line = 0, 1

    def read(text: bytes, at: int) -> TradeColumns:
        return columns_of(Block(text, width, path.name, at), archive, instrument, layout)

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
        count = part.count(b"\n")
        for columns in _salvaged(part, read, layout, line):
            if len(columns.id):
                yield columns
        line += count


def _salvaged(
    part: bytes, read: Callable[[bytes, int], TradeColumns], layout: Layout, line: int
) -> Iterator[TradeColumns]:
    """What can be read of some lines: all at once or, where some cannot be, what is around them.

    Raises what the first bad line raises where too many are: then it is a file of something else.
    """
    try:
        yield read(part, line)
        return
    except FinerGrid:
        raise
    except DecodeError as error:
        rows = part.splitlines(keepends=True)
        if len(rows) == 1:
            raise
        first = error
    left_out: list[str] = []
    waiting = [(0, len(rows))]
    while waiting:
        low, high = waiting.pop()
        text = b"".join(rows[low:high])
        try:
            yield read(text if high - low > 1 else _plain(text, layout), line + low)
        except FinerGrid:
            raise
        except DecodeError as error:
            if high - low > 1:
                middle = (low + high) // 2
                waiting += [(middle, high), (low, middle)]
                continue
            left_out.append(str(error))
            if len(left_out) > _MAX_BAD_LINES:
                raise first from None
    for why in left_out:
        logger.warning("{}: left out", why)


def _plain(row: bytes, layout: Layout) -> bytes:
    """A line whose numbers may be written with an exponent (`1e-05`), with plain ones."""
    fields = row.rstrip(b"\r\n").split(b",")
    for column in (layout.price, layout.size, layout.time):
        with suppress(ArithmeticError, IndexError, UnicodeError):
            fields[column] = format(Decimal(fields[column].decode("ascii")), "f").encode()
    return b",".join(fields) + b"\n"


def _in_order(parts: list[TradeColumns], archive: Archive) -> TradeColumns:
    if not parts:
        raise DecodeError(f"{archive.name}: holds no trades")
    names = ("id", "time", "ticks", "qty", "side", "fills")
    whole = TradeColumns(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
    key = whole.id if archive.ids_run else whole.time
    return whole if (np.diff(key) >= 0).all() else whole.take(np.argsort(key, kind="stable"))


def _pages(rows: TradeColumns, last: int | None, archive: Archive) -> Iterator[TradePage]:
    """Pages without a hole inside. A row whose id was there before is left out, and so is the certainty around it."""
    cuts = [0]
    joined = True
    if archive.ids_run:
        before = np.maximum.accumulate(rows.id)
        steps = rows.id - np.concatenate([[rows.id[0] - 1 if last is None else last], before[:-1]])
        if (steps <= 0).any():
            fresh = np.flatnonzero(steps > 0)
            if len(fresh) < len(steps) - _MAX_BAD_LINES:
                repeated = int(rows.id[np.argmax(steps <= 0)])
                raise DecodeError(f"{archive.name}: id {repeated} and many more come twice or out of order")
            # the row after one that was left out follows a hole
            after = np.isin(np.arange(len(fresh)), np.searchsorted(fresh, np.flatnonzero(steps <= 0)))
            rows, steps = rows.take(fresh), np.where(after, 2, steps[fresh])
            if not len(fresh):
                return
        joined = bool(steps[0] == 1)
        cuts += np.flatnonzero(steps[1:] > 1).__add__(1).tolist()
    inside = (rows.ticks > 0) & (rows.qty > 0) & (rows.time >= archive.start) & (rows.time < archive.end)
    whole = bool(inside.all())
    for number, (low, high) in enumerate(zip(cuts, [*cuts[1:], len(rows.id)], strict=True)):
        part = slice(low, high)
        fills = rows.fills[part]
        trades = Trades(rows.id[part], rows.time[part], rows.ticks[part], rows.qty[part], rows.side[part], fills)
        yield TradePage(trades if whole else trades[inside[part]], joined=joined if number == 0 else False, more=True)
