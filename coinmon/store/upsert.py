"""Insert or replace, in the dialect at hand."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Connection, Table, and_, case, literal
from sqlalchemy.dialects import postgresql, sqlite


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    unless_less: str | None = None,
    changed_at: int | None = None,
) -> None:
    """Write rows by primary key; one that is there is replaced: replaying is harmless.

    unless_less: a column in which a row that is there is kept if it has more than the new one. A row that says what was
    there already keeps its `known_at`; one that says something else gets the new row's, or `changed_at`.
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
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=columns, where=better), list(rows))
