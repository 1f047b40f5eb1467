"""Bars in and out of the database."""

import struct
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from math import nan
from typing import Any

import numpy as np
from sqlalchemy import Connection, Select, bindparam, select

from coinmon.model.bars import COLUMNS, Bars, Coverage
from coinmon.model.instrument import Instrument
from coinmon.model.levels import Levels
from coinmon.store.database import fetch
from coinmon.store.packing import added_up, pack, unpack
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
    asked: dict[str, Any] = {"start": start, "end": end}
    some = len(instruments) < 500
    if some:
        asked["numbers"] = list(instruments)
    rows = fetch(connection, _question(some, levels), asked)
    if not rows:
        return {}
    table_of = np.frombuffer(_packed(rows), _ROW)
    columns = {name: np.ascontiguousarray(table_of[name]) for name in COLUMNS}
    edges = np.flatnonzero(np.diff(table_of["instrument"], prepend=-1, append=-1))
    found = {}
    for a, b in pairwise(edges.tolist()):
        number = rows[a][0]
        if number not in instruments:
            continue
        tick = instruments[number].tick_size
        part = {name: column[a:b] for name, column in columns.items()}
        packed = unpack([row[-1] for row in rows[a:b]], tick) if levels else None
        found[number] = Bars(tick, **part, levels=packed)
    return found


@cache
def _question(some: bool, levels: bool) -> Select[Any]:
    # to put it together takes longer than to answer it
    names = ("instrument", *COLUMNS, *(["levels"] if levels else []))
    wanted = table.c.instrument.in_(bindparam("numbers", expanding=True)) if some else table.c.instrument >= 0
    return (
        select(*(table.c[name] for name in names))
        .where(wanted, table.c.time >= bindparam("start"), table.c.time < bindparam("end"))
        .order_by(table.c.instrument, table.c.time)
    )


def _packed(rows: Sequence[tuple[Any, ...]]) -> bytes:
    """Their numbers one after the other; packing them takes half the time of a list for each column."""
    try:
        return b"".join([_PACK(*row[:_WIDTH]) for row in rows])
    except struct.error:
        # NULL is no number
        return b"".join([_PACK(*[nan if each is None else each for each in row[:_WIDTH]]) for row in rows])


def read_profile(connection: Connection, number: int, instrument: Instrument, start: int, end: int) -> Levels:
    """The levels of all minutes of [start, end) of which every trade was seen, added up as one bar's."""
    query = select(table.c.levels).where(
        table.c.instrument == number, table.c.time >= start, table.c.time < end, table.c.coverage == Coverage.TRADES
    )
    return added_up([row[0] for row in fetch(connection, query)], instrument.tick_size)


_KINDS = dict.fromkeys(("time", "open", "high", "low", "close", "trades"), "<i8") | {"coverage": "u1"}
_TYPES = [("instrument", "<i8"), *((name, _KINDS.get(name, "<f8")) for name in COLUMNS)]
_ROW, _WIDTH = np.dtype(_TYPES), len(_TYPES)
_PACK = struct.Struct("<" + "".join({"<i8": "q", "<f8": "d", "u1": "B"}[kind] for _, kind in _TYPES)).pack
