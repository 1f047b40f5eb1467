"""Whether stored rows changed since somebody copied them."""

import zlib

from sqlalchemy import Connection

from coinmon.model.bars import COLUMNS
from coinmon.store.hours import in_a_row, stretches
from coinmon.store.rows import numbers_between
from coinmon.store.schema import bars


def bars_digest(connection: Connection, number: int, start: int, end: int) -> int:
    """Of the numbers of an instrument's bars of [start, end): 0 where none is stored.

    Levels are not looked at: a minute whose levels are others has other volumes or another coverage.
    """
    digest = 0
    for first, last, hour in stretches(connection, number, start, end, "bars"):
        if hour is None:
            rows = in_a_row(numbers_between(connection, bars, number, first, last, COLUMNS))
        else:
            rows = zlib.decompress(hour)
        digest = zlib.crc32(rows, digest) if rows else digest
    return digest
