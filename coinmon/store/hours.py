"""Hours of bars, each rolled up into one row: what a reader of days and weeks takes instead of sixty minutes.

A copy and nothing else: triggers delete an hour in the very transaction that changes one of its minutes, so what is
found here is what the minutes say, bit for bit. An hour that is not here is read by the minute.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from math import nan
from typing import Any, Literal

import numpy as np
from sqlalchemy import Connection

from coinmon.model.bars import COLUMNS, Coverage
from coinmon.model.instrument import Instrument
from coinmon.model.moment import HOUR, MINUTE, ceil, floor
from coinmon.model.trades import Ints
from coinmon.store.packing import pack_sums
from coinmon.store.rows import numbers_between, upsert
from coinmon.store.schema import bars
from coinmon.store.schema import hours as table

_KINDS = dict.fromkeys(("time", "open", "high", "low", "close", "trades"), "<i8") | {"coverage": "u1"}
ROW = np.dtype([(name, _KINDS.get(name, "<f8")) for name in COLUMNS])
"""A bar's numbers, as `in_a_row` writes them. Hours are stored like this: a migration that changes it empties them."""
_PACK = struct.Struct("<" + "".join({"<i8": "q", "<f8": "d", "u1": "B"}[_KINDS.get(name, "<f8")] for name in COLUMNS))
_COVERAGE = COLUMNS.index("coverage")
_TOGETHER = 12
"""Hours that are rolled up in one pass: as many bars as stay in the processor's cache."""


def in_a_row(rows: Sequence[tuple[Any, ...]]) -> bytes:
    """Bars' numbers one after the other; packing them takes half the time of a list for each column."""
    width = len(COLUMNS)
    try:
        return b"".join([_PACK.pack(*row[:width]) for row in rows])
    except struct.error:
        # NULL is no number
        return b"".join([_PACK.pack(*[nan if each is None else each for each in row[:width]]) for row in rows])


def roll_up(connection: Connection, number: int, instrument: Instrument, times: Ints) -> None:
    """Store anew the hours that minutes at `times` lie in, those whose last minute is stored."""
    rows: list[dict[str, Any]] = []
    hours = np.unique(times - times % HOUR)
    # hours that follow one another are read together
    runs = np.split(hours, np.flatnonzero(np.diff(hours) > HOUR) + 1) if len(hours) else []
    for run in runs:
        for at in range(0, len(run), _TOGETHER):
            some = run[at : at + _TOGETHER].tolist()
            rows += _rolled_up(connection, number, instrument, some[0], some[-1] + HOUR)
    upsert(connection, table, rows, plain=True)


def _rolled_up(
    connection: Connection, number: int, instrument: Instrument, start: int, end: int
) -> Iterator[dict[str, Any]]:
    """The rows of the hours of [start, end) whose last minute is stored."""
    by_hour: dict[int, list[tuple[Any, ...]]] = {}
    for row in numbers_between(connection, bars, number, start, end, (*COLUMNS, "levels")):
        by_hour.setdefault(row[0] - row[0] % HOUR, []).append(row)
    whole = {hour: minutes for hour, minutes in by_hour.items() if minutes[-1][0] == hour + HOUR - MINUTE}
    seen = [[row[-1] for row in minutes if row[_COVERAGE] == Coverage.TRADES] for minutes in whole.values()]
    levels = pack_sums(seen, instrument.tick_size, instrument.lot_size)
    for (hour, minutes), profile in zip(whole.items(), levels, strict=True):
        numbers = zlib.compress(in_a_row(minutes), 1)
        yield {"instrument": number, "time": hour, "bars": numbers, "levels": profile}


def stretches(
    connection: Connection, number: int, start: int, end: int, what: Literal["bars", "levels"]
) -> Iterator[tuple[int, int, bytes | None]]:
    """[start, end) in order of time: stored hours, each with its bars or levels, and None for what is between them."""
    first, last = ceil(start, HOUR), floor(end, HOUR)
    at = start
    stored = numbers_between(connection, table, number, first, last, ("time", what)) if first < last else []
    for time, blob in stored:
        if blob is None:
            continue
        if at < time:
            yield at, time, None
        at = time + HOUR
        yield time, at, blob
    if at < end:
        yield at, end, None
