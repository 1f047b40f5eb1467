"""The question that is asked most: what is there of an instrument between two moments."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, select

from coinmon.store.database import fetch


def rows_between(
    connection: Connection, table: Table, number: int, start: int, end: int, names: tuple[str, ...] | None = None
) -> Sequence[Any]:
    """The rows of [start, end), oldest first; `names`: only these columns. `number`: the instrument's row number."""
    asked = {"number": number, "start": start, "end": end}
    return connection.execute(_question(table, names), asked).all()


def numbers_between(
    connection: Connection, table: Table, number: int, start: int, end: int, names: tuple[str, ...]
) -> list[tuple[Any, ...]]:
    """The same of columns of integers, floats and bytes, as the driver gives them."""
    return fetch(connection, _question(table, names), {"number": number, "start": start, "end": end})


@cache
def _question(table: Table, names: tuple[str, ...] | None) -> Select[Any]:
    # to put it together takes longer than to answer it
    columns = table.c if names is None else [table.c[name] for name in names]
    order = [table.c.time, *(column for column in table.primary_key if column.name == "key")]
    return (
        select(*columns)
        .where(
            table.c.instrument == bindparam("number"),
            table.c.time >= bindparam("start"),
            table.c.time < bindparam("end"),
        )
        .order_by(*order)
    )
