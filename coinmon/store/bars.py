"""Bars in and out of the database."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, select

from coinmon.model.bars import COLUMNS, Bars
from coinmon.model.instrument import Instrument
from coinmon.store.packing import pack, unpack
from coinmon.store.schema import bars as table
from coinmon.store.upsert import upsert


def write_bars(connection: Connection, number: int, instrument: Instrument, bars: Bars) -> None:
    """Store an instrument's bars; one that saw more of the same minute is kept. `number`: its row in instruments."""
    columns = [getattr(bars, name).tolist() for name in COLUMNS]
    rows = [
        dict(zip(COLUMNS, values, strict=True), instrument=number, levels=None) for values in zip(*columns, strict=True)
    ]
    if bars.levels is not None:
        for row, packed in zip(rows, pack(bars.levels, bars.tick_size, instrument.lot_size), strict=True):
            row["levels"] = packed
    upsert(connection, table, rows, unless_less="coverage")


def read_bars(
    connection: Connection, instruments: Mapping[int, Instrument], start: int, end: int, *, levels: bool = False
) -> dict[int, Bars]:
    """The stored bars of [start, end) of several instruments, by their row numbers; in time order, not dense."""
    names = [*COLUMNS, "levels"] if levels else list(COLUMNS)
    wanted = table.c.instrument.in_(instruments) if len(instruments) < 500 else table.c.instrument >= 0
    query = (
        select(table.c.instrument, *(table.c[name] for name in names))
        .where(wanted, table.c.time >= start, table.c.time < end)
        .order_by(table.c.instrument, table.c.time)
    )
    rows = connection.execute(query).all()
    numbers = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    edges = np.flatnonzero(np.diff(numbers, prepend=-1, append=-1)) if len(rows) else np.zeros(0, np.int64)
    found = {}
    for a, b in pairwise(edges.tolist()):
        instrument = instruments.get(rows[a][0])
        if instrument is not None:
            found[rows[a][0]] = _bars(rows[a:b], instrument, levels)
    return found


def _bars(rows: Sequence[Row[Any]], instrument: Instrument, levels: bool) -> Bars:
    columns: dict[str, Any] = {}
    for name, values in zip(COLUMNS, list(zip(*rows, strict=True))[1:], strict=False):
        kind = np.uint8 if name == "coverage" else np.int64 if name in _INTEGERS else np.float64
        columns[name] = np.array(values, kind)
    return Bars(
        instrument.tick_size,
        **columns,
        levels=unpack([row[-1] for row in rows], instrument.tick_size) if levels else None,
    )


_INTEGERS = {"time", "open", "high", "low", "close", "trades"}
