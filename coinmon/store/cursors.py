"""Where reading each instrument's trades goes on after a restart."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, select

from coinmon.store.rows import upsert
from coinmon.store.schema import cursors as table


class Position(NamedTuple):
    """Every trade of the minutes before `next_minute` is in the bars; `last_id` is the last of those trades."""

    last_id: int | None
    next_minute: int


def read_positions(connection: Connection) -> dict[int, Position]:
    """By instrument row number."""
    return {row.instrument: Position(row.last_id, row.next_minute) for row in connection.execute(select(table))}


def write_positions(connection: Connection, positions: Mapping[int, Position]) -> None:
    upsert(connection, table, [{"instrument": number, **at._asdict()} for number, at in positions.items()])
