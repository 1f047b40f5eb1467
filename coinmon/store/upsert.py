"""Insert or replace, in the dialect at hand."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, replace: bool = True) -> None:
    """Write rows by primary key; one that is there is replaced, or kept where not `replace`: replaying is harmless."""
    if not rows:
        return
    insert: Any = {"sqlite": sqlite, "postgresql": postgresql}[connection.dialect.name].insert
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    columns = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    if replace and columns:
        statement = statement.on_conflict_do_update(index_elements=keys, set_=columns)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    connection.execute(statement, list(rows))
