"""Bars in and out of the database."""

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, Connection, cast, func, select

from coinmon.model.bars import COLUMNS, Bars, Coverage
from coinmon.model.instrument import Instrument
from coinmon.model.levels import Levels
from coinmon.model.trades import Ints
from coinmon.store.database import fetch
from coinmon.store.hours import ROW, in_a_row, roll_up, stretches
from coinmon.store.packing import added_up, pack, unpack
from coinmon.store.rows import SETTLED_MS, count_as_rewritten, numbers_between, of_several, upsert
from coinmon.store.samples import AT_ONCE
from coinmon.store.schema import bars as table
from coinmon.store.schema import instruments, superseded_bars


def write_bars(
    connection: Connection,
    number: int,
    instrument: Instrument,
    bars: Bars,
    *,
    known_at: int | None = None,
    changed_at: int | None = None,
    corrects: bool = False,
) -> None:
    """Store an instrument's bars; one that saw more of the same minute is kept. `number`: its row in instruments.

    corrects: these stand whatever was seen before, since that turned out to be wrong.
    known_at: now, of what was followed; None for history, which anybody could have known when its minute was over.
    changed_at: now, for history: what was stored of a minute was known to be otherwise until then.
    """
    columns = [getattr(bars, name).tolist() for name in COLUMNS]
    rows = [
        dict(zip(COLUMNS, values, strict=True), instrument=number, levels=None) for values in zip(*columns, strict=True)
    ]
    if bars.levels is not None:
        for row, packed in zip(rows, pack(bars.levels, bars.tick_size, instrument.lot_size), strict=True):
            row["levels"] = packed
    if known_at is not None:
        rows = [{**row, "known_at": known_at} for row in rows]
    upsert(connection, table, rows, unless_less=None if corrects else "coverage", changed_at=changed_at, plain=True)
    roll_up(connection, number, instrument, bars.time)
    if len(bars) and (known_at is None or bars.time[0] < known_at - SETTLED_MS):
        count_as_rewritten(connection, number)


def read_bars(
    connection: Connection, number: int, instrument: Instrument, start: int, end: int, *, levels: bool = False
) -> Bars:
    """An instrument's stored bars of [start, end), in time order, not dense."""
    packed = None
    if levels:
        rows = numbers_between(connection, table, number, start, end, (*COLUMNS, "levels"))
        parts = [in_a_row(rows)]
        packed = unpack([row[-1] for row in rows], instrument.tick_size)
    else:
        parts = [
            in_a_row(numbers_between(connection, table, number, first, last, COLUMNS))
            if hour is None
            else zlib.decompress(hour)
            for first, last, hour in stretches(connection, number, start, end, "bars")
        ]
    numbers = np.frombuffer(b"".join(parts), ROW)
    columns = {name: np.ascontiguousarray(numbers[name]) for name in COLUMNS}
    return Bars(instrument.tick_size, **columns, levels=packed)


def read_superseded_bars(
    connection: Connection, number: int, instrument: Instrument, start: int, end: int
) -> tuple[Bars, Sequence[tuple[int, int]]]:
    """The earlier states of bars of [start, end), and since when (or AT_ONCE) and until when each was known."""
    names = (*COLUMNS, "levels", "known_at", "until")
    rows = numbers_between(connection, superseded_bars, number, start, end, names)
    numbers = np.frombuffer(in_a_row(rows), ROW)
    columns = {name: np.ascontiguousarray(numbers[name]) for name in COLUMNS}
    levels = unpack([row[-3] for row in rows], instrument.tick_size)
    return Bars(instrument.tick_size, **columns, levels=levels), [
        (AT_ONCE if row[-2] is None else row[-2], row[-1]) for row in rows
    ]


def read_profile(connection: Connection, number: int, instrument: Instrument, start: int, end: int) -> Levels:
    """The levels of all minutes of [start, end) of which every trade was seen, added up as one bar's."""
    packed: list[bytes | None] = []
    for first, last, hour in stretches(connection, number, start, end, "levels"):
        if hour is None:
            rows = numbers_between(connection, table, number, first, last, ("coverage", "levels"))
            packed += [blob for coverage, blob in rows if coverage == Coverage.TRADES]
        else:
            packed.append(hour)
    return added_up(packed, instrument.tick_size)


def read_lately(connection: Connection, numbers: Sequence[int], start: int, end: int) -> tuple[Ints, Any]:
    """The rows of [start, end) of these instruments: the row number of whose each is, and by name `COLUMNS` and
    `known_at`, 0 for what was known at once.
    """
    names = [*(table.c[name] for name in COLUMNS), table.c.known_at, table.c.instrument]
    rows = of_several(connection, names, numbers, start, end)
    columns = np.frombuffer(in_a_row(rows), ROW)
    known_at = np.array([row[-2] or 0 for row in rows], np.int64)
    return np.array([row[-1] for row in rows], np.int64), {
        **{name: columns[name] for name in COLUMNS}, "known_at": known_at
    }  # fmt: skip


def read_sums(connection: Connection, start: int, end: int) -> dict[int, tuple[int, ...]]:
    """By row number of the instrument, how many of its minutes of [start, end) are stored, and sums of them.

    Of when they were known, their coverage, their numbers of trades and their closes: one that is written changes them.
    """
    summed = func.coalesce(table.c.known_at, 0), table.c.coverage, table.c.trades, table.c.close
    sums = (cast(func.sum(each), BigInteger) for each in summed)
    query = select(instruments.c.id, func.count(), *sums)
    query = query.join_from(instruments, table, table.c.instrument == instruments.c.id)
    query = query.where(table.c.time >= start, table.c.time < end).group_by(instruments.c.id)
    return {row[0]: row[1:] for row in fetch(connection, query)}


def bars_digest(connection: Connection, number: int, start: int, end: int) -> int:
    """Of the numbers of an instrument's bars of [start, end): 0 where none is stored.

    Levels are not looked at: a minute whose levels are others has other volumes or another coverage.
    """
    digest = 0
    for first, last, hour in stretches(connection, number, start, end, "bars"):
        if hour is None:
            rows = in_a_row(numbers_between(connection, table, number, first, last, COLUMNS))
        else:
            rows = zlib.decompress(hour)
        digest = zlib.crc32(rows, digest) if rows else digest
    return digest
