"""Open interest, funding and whale trades in and out of the database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import Connection, Table, bindparam, delete

from coinmon.model.derivatives import Funding, OpenInterest, WhaleTrade
from coinmon.model.trades import Ints
from coinmon.store import schema
from coinmon.store.rows import numbers_between, rows_between, upsert

Sample = TypeVar("Sample", OpenInterest, Funding)


def write_samples(
    connection: Connection, samples: Mapping[int, OpenInterest] | Mapping[int, Funding], known_at: int | None = None
) -> None:
    """One sample an instrument, by its row number. known_at: now, ms UTC."""
    for table, kind in ((schema.open_interest, OpenInterest), (schema.funding, Funding)):
        rows = [
            {"instrument": number, **_columns(each), "known_at": known_at}
            for number, each in samples.items()
            if isinstance(each, kind)
        ]
        upsert(connection, table, rows)


def write_series(connection: Connection, number: int, samples: Sequence[OpenInterest] | Sequence[Funding]) -> None:
    """The history of one instrument, by its row number."""
    for table, kind in ((schema.open_interest, OpenInterest), (schema.funding, Funding)):
        rows = [{"instrument": number, **_columns(each)} for each in samples if isinstance(each, kind)]
        upsert(connection, table, rows)


def write_whales(
    connection: Connection, numbers: Mapping[str, int], whales: Iterable[WhaleTrade], known_at: int | None = None
) -> None:
    """What is stored of the same moments and sides goes: a stream, a page and a file name an order differently."""
    rows = [{**_columns(whale), "instrument": numbers[whale.instrument], "known_at": known_at} for whale in whales]
    if not rows:
        return
    table = schema.whale_trades
    same = [table.c[name] == bindparam(f"its_{name}") for name in ("instrument", "time", "side")]
    keys = [{f"its_{name}": row[name] for name in ("instrument", "time", "side")} for row in rows]
    connection.execute(delete(table).where(*same), keys)
    upsert(connection, table, rows)


def read_open_interest(connection: Connection, number: int, start: int, end: int) -> list[OpenInterest]:
    return _read(connection, schema.open_interest, OpenInterest, number, start, end)


def read_funding(connection: Connection, number: int, start: int, end: int) -> list[Funding]:
    return _read(connection, schema.funding, Funding, number, start, end)


def _columns(sample: OpenInterest | Funding | WhaleTrade) -> dict[str, Any]:
    """dataclasses.asdict copies each number too: of a day's whales that took longer than to write them."""
    return {each.name: getattr(sample, each.name) for each in fields(sample)}


def _read(connection: Connection, table: Table, kind: type[Sample], number: int, start: int, end: int) -> list[Sample]:
    names = tuple(each.name for each in fields(kind))
    return [kind(*row) for row in rows_between(connection, table, number, start, end, names)]


def read_whales(connection: Connection, number: int, instrument: str, start: int, end: int) -> list[WhaleTrade]:
    names = tuple(each.name for each in fields(WhaleTrade) if each.name != "instrument")
    found = rows_between(connection, schema.whale_trades, number, start, end, names)
    return [WhaleTrade(instrument, *row) for row in found]


_TIMED = (
    schema.bars, schema.open_interest, schema.funding, schema.whale_trades, schema.liquidations, schema.depth,
    schema.heatmap,
)  # fmt: skip
AT_ONCE = -1
"""A row that could be known as soon as it happened."""


def read_known(connection: Connection, number: int, start: int, end: int) -> dict[str, tuple[Ints, Ints]]:
    """By table the times of the rows of [start, end), and when they could be known, ms UTC, or AT_ONCE."""
    found = {}
    for table in _TIMED:
        rows = numbers_between(connection, table, number, start, end, ("time", "known_at"))
        times = np.fromiter((row[0] for row in rows), np.int64, len(rows))
        known = np.fromiter((AT_ONCE if row[1] is None else row[1] for row in rows), np.int64, len(rows))
        found[table.name] = times, known
    return found
