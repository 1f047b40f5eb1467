"""Signals and their deliveries: written together, sent after, never lost."""

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, select, update

from coinmon.model.signal import Grade
from coinmon.store.schema import deliveries, signals


class Due(NamedTuple):
    """A delivery to be: to whom, not before when (ms UTC), and why it is told together with others, if it is."""

    output: str
    at: int
    gather: str | None = None


ENDED = "signal_ended"
"""The name of rows that say that a signal is over."""


class ToldRow(NamedTuple):
    """A graded signal as it was told. ended: ms UTC, None while it lasts."""

    id: str
    pair: str
    ended: int | None
    event: Mapping[str, Any]


class ToldSignal(NamedTuple):
    """A signal that was told. ended: ms UTC, None while it lasts."""

    id: str
    pair: str
    grade: Grade | None
    ended: int | None


_TOLD = (signals.c.key, signals.c.id, signals.c.pair, signals.c.grade, signals.c.ended)


def active_signals(connection: Connection) -> dict[str, ToldSignal]:
    """Signals that last, by key."""
    query = select(*_TOLD).where(signals.c.ended.is_(None))
    return {row.key: ToldSignal(*row[1:]) for row in connection.execute(query)}


def ended_signals(connection: Connection, keys: Sequence[str], since: int) -> dict[str, ToldSignal]:
    """Of each key the last signal that ended since then."""
    query = select(*_TOLD).where(signals.c.key.in_(keys), signals.c.ended >= since)
    return {row.key: ToldSignal(*row[1:]) for row in connection.execute(query.order_by(signals.c.time))}


def told_events(connection: Connection, since: int) -> list[ToldRow]:
    """Of each key the last graded signal that is on or ended since then, unless its end has been told."""
    query = select(signals.c.time, signals.c.key, signals.c.id, signals.c.pair, signals.c.ended)
    # what happens once has no end
    parts = (signals.c.ended.is_(None),), (signals.c.ended >= since, signals.c.ended != signals.c.time)
    rows = _each_part(connection, query.where(signals.c.grade.is_not(None)), parts)
    last = {row.key: row for row in rows}
    over = known_keys(connection, [f"{ENDED} {each.id}" for each in last.values()])
    found = [each for each in last.values() if f"{ENDED} {each.id}" not in over]
    # the events of those alone: of thousands that ended lately most have been told of
    wanted = select(signals.c.id, signals.c.event).where(signals.c.id.in_([each.id for each in found]))
    events = {row.id: row.event for row in connection.execute(wanted)}
    return [ToldRow(each.id, each.pair, each.ended, events[each.id]) for each in found]


def known_keys(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Which of the keys have ever been told."""
    return set(connection.execute(select(signals.c.key).where(signals.c.key.in_(keys))).scalars())


def taken_ids(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Which of the ids a signal has."""
    return set(connection.execute(select(signals.c.id).where(signals.c.id.in_(ids))).scalars())


def reopen_signals(connection: Connection, ids: Sequence[str]) -> None:
    """Signals go on as if they had not ended."""
    if ids:
        connection.execute(update(signals).where(signals.c.id.in_(ids)).values(ended=None))


def write_signals(
    connection: Connection, rows: Sequence[Mapping[str, Any]], outputs: Mapping[str, Iterable[Due]]
) -> None:
    """Store new signals (rows of `signals`) with their waiting deliveries, by signal id."""
    if not rows:
        return
    connection.execute(signals.insert(), list(rows))
    waiting = [
        {
            "signal": row["id"],
            "output": due.output,
            "state": "waiting",
            "attempts": 0,
            "next_attempt": due.at,
            "gather": due.gather,
        }
        for row in rows
        for due in outputs.get(row["id"], ())
    ]
    if waiting:
        connection.execute(deliveries.insert(), waiting)


def rename_signals(connection: Connection, coin: str, name: str, at: int) -> None:
    """The signals of a coin's pairs are those of another name from now on; what lasts ends."""
    query = select(signals.c.id, signals.c.key, signals.c.pair, signals.c.event, signals.c.ended)
    for row in connection.execute(query.where(signals.c.pair.startswith(f"{coin}/", autoescape=True))).all():
        pair = f"{name}{row.pair.removeprefix(coin)}"
        values = {
            "pair": pair,
            "key": row.key.replace(row.pair, pair),
            "event": {**row.event, "pair": pair},
            "ended": at if row.ended is None else row.ended,
        }
        connection.execute(update(signals).where(signals.c.id == row.id).values(values))


def end_signals(connection: Connection, ids: Sequence[str], at: int) -> None:
    if ids:
        connection.execute(update(signals).where(signals.c.id.in_(ids)).values(ended=at))


def read_signals(connection: Connection, pair: str | None, start: int, end: int) -> list[dict[str, Any]]:
    """Signals that were on at some time in [start, end), newest first: their events, with `ended` as of `end`."""
    query = select(signals.c.event, signals.c.ended, signals.c.time).where(signals.c.time < end)
    # an end is told with its signal
    query = query.where(signals.c.name != ENDED)
    before = signals.c.time < start
    parts = (signals.c.time >= start,), (before, signals.c.ended.is_(None)), (before, signals.c.ended >= start)
    if pair:
        query = query.where(signals.c.pair == pair)
    rows = reversed(_each_part(connection, query, parts))
    return [{**row.event, "ended": row.ended if row.ended is not None and row.ended < end else None} for row in rows]


def _each_part(connection: Connection, query: Select[Any], parts: Iterable[Sequence[ColumnElement[bool]]]) -> list[Any]:
    """Rows of parts that have none in common, oldest first. Joined by OR they would be looked for in all rows."""
    rows = [row for part in parts for row in connection.execute(query.where(*part))]
    return sorted(rows, key=attrgetter("time"))
