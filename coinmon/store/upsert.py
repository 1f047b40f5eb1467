"""Insert or replace, in the dialect at hand."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, unless_less: str | None = None
) -> None:
    """Write rows by primary key; one that is there is replaced: replaying is harmless.

    unless_less: a column in which a row that is there is kept if it has more than the new one.
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
    better = statement.excluded[unless_less] >= table.c[unless_less] if unless_less else None
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=columns, where=better), list(rows))
