"""Reading an instrument's rows between two moments, and writing rows by primary key."""

from collections.abc import Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, Connection, Select, Table, and_, bindparam, case, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from coinmon.model.moment import MINUTE
from coinmon.model.trades import Ints
from coinmon.store.database import fetch
from coinmon.store.schema import instruments

_ASKED_TOGETHER = 500
"""Instruments."""
SETTLED_MS = 10 * MINUTE
"""After it a row is expected to stay as it is; where one does not, its instrument counts as rewritten."""


def count_as_rewritten(connection: Connection, number: int | None = None) -> None:
    """Old minutes or samples of an instrument, by its row number, or of any, are others now."""
    own = update(instruments) if number is None else update(instruments).where(instruments.c.id == number)
    connection.execute(own.values(rewritten=instruments.c.rewritten + 1))


def read_rewritten(connection: Connection) -> dict[int, int]:
    """By row number of the instrument, how often old minutes or samples of it were written or deleted."""
    return dict(fetch(connection, select(instruments.c.id, instruments.c.rewritten)))


def rows_between(
    connection: Connection, table: Table, number: int, start: int, end: int, names: tuple[str, ...] | None = None
) -> Sequence[Any]:
    """The rows of [start, end), oldest first; `names`: only these columns. `number`: the instrument's row number."""
    asked = {"number": number, "start": start, "end": end}
    return connection.execute(_question(table, names), asked).all()


def numbers_between(
    connection: Connection, table: Table, number: int, start: int, end: int, names: tuple[str, ...]
) -> list[tuple[Any, ...]]:
    """As `rows_between`, for columns of integers, floats and bytes: as the driver gives them, which is faster."""
    return fetch(connection, _question(table, names), {"number": number, "start": start, "end": end})


def columns_of(
    connection: Connection, table: Table, numbers: Sequence[int], start: int, end: int, names: Sequence[str]
) -> tuple[Ints, dict[str, Any]]:
    """The rows of [start, end) of these instruments, in no order: the row number of whose each is, and by name columns
    of floats, NULL as NaN; `time` of integers."""
    rows = of_several(connection, [table.c[name] for name in ("instrument", *names)], numbers, start, end)
    columns: dict[str, Any] = {
        name: np.array([row[i] for row in rows], np.int64 if name == "time" else np.float64)
        for i, name in enumerate(names, start=1)
    }
    return np.array([row[0] for row in rows], np.int64), columns


def of_several(
    connection: Connection, columns: Sequence[Any], numbers: Sequence[int], start: int, end: int
) -> list[tuple[Any, ...]]:
    """These columns of a table, of the rows of [start, end) of these instruments, as the driver gives them."""
    table, found = columns[0].table, []
    query = select(*columns).where(table.c.time >= start, table.c.time < end)
    for at in range(0, len(numbers), _ASKED_TOGETHER):
        found += fetch(connection, query.where(table.c.instrument.in_(numbers[at : at + _ASKED_TOGETHER])))
    return found


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


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    unless_less: str | None = None,
    changed_at: int | None = None,
    plain: bool = False,
) -> None:
    """Write rows by primary key; one that is there is replaced: replaying is harmless.

    unless_less: a column in which a row that is there is kept if it has more than the new one. A row that says what was
    there already keeps its `known_at`; one that says something else gets the new row's, or `changed_at`.
    plain: all rows are numbers, bytes and None, as the driver takes them.
    """
    if not rows:
        return
    insert: Any = {"sqlite": sqlite, "postgresql": postgresql}[connection.dialect.name].insert
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    columns = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    if not columns:
        connection.execute(statement.on_conflict_do_nothing(index_elements=keys), list(rows))
        return
    if "known_at" in columns or changed_at is not None:
        same = and_(*(table.c[name].is_not_distinct_from(columns[name]) for name in columns if name != "known_at"))
        later = statement.excluded.known_at if changed_at is None else literal(changed_at, BigInteger)
        columns["known_at"] = case((same, table.c.known_at), else_=later)
    better = statement.excluded[unless_less] >= table.c[unless_less] if unless_less else None
    statement = statement.on_conflict_do_update(index_elements=keys, set_=columns, where=better)
    if plain and connection.dialect.name == "sqlite":
        _execute_plain(connection, statement, rows)
    else:
        connection.execute(statement, list(rows))


def _execute_plain(connection: Connection, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """SQLAlchemy looks at each value of each row: that takes longer than to write them."""
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(rows[0]))
    fixed = {name: value for name, value in compiled.params.items() if name not in rows[0]}
    names = compiled.positiontup
    if fixed:
        rows = [{**row, **fixed} for row in rows]
    connection.exec_driver_sql(str(compiled), list(map(itemgetter(*names), rows)))
