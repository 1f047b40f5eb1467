"""Bars in and out of the database."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

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
    names = [*COLUMNS, "levels"] if levels else list(COLUMNS)
    wanted = table.c.instrument.in_(instruments) if len(instruments) < 500 else table.c.instrument >= 0
    query = (
        select(table.c.instrument, *(table.c[name] for name in names))
        .where(wanted, table.c.time >= start, table.c.time < end)
        .order_by(table.c.instrument, table.c.time)
    )
    rows = fetch(connection, query)
    if not rows:
        return {}
    owners, *values = zip(*rows, strict=True)
    columns = {name: np.array(each, _KINDS[name]) for name, each in zip(COLUMNS, values, strict=False)}
    edges = np.flatnonzero(np.diff(np.array(owners, np.int64), prepend=-1, append=-1))
    found = {}
    for a, b in pairwise(edges.tolist()):
        number = owners[a]
        if number not in instruments:
            continue
        tick = instruments[number].tick_size
        part = {name: column[a:b] for name, column in columns.items()}
        found[number] = Bars(tick, **part, levels=unpack(values[-1][a:b], tick) if levels else None)
    return found


def read_profile(connection: Connection, number: int, instrument: Instrument, start: int, end: int) -> Levels:
    """The levels of all minutes of [start, end) of which every trade was seen, added up as one bar's."""
    query = select(table.c.levels).where(
        table.c.instrument == number, table.c.time >= start, table.c.time < end, table.c.coverage == Coverage.TRADES
    )
    return added_up([row[0] for row in fetch(connection, query)], instrument.tick_size)


_KINDS: dict[str, Any] = dict.fromkeys(COLUMNS, np.float64)
_KINDS |= dict.fromkeys(("time", "open", "high", "low", "close", "trades"), np.int64)
_KINDS["coverage"] = np.uint8
