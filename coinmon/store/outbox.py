"""Signals and their deliveries: written together, sent after, never lost."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, select, update

from coinmon.store.schema import deliveries, signals


class Waiting(NamedTuple):
    """A delivery that has to be made."""

    id: int
    output: str
    attempts: int
    signal: str
    event: Mapping[str, Any]


class Active(NamedTuple):
    """A signal that lasts."""

    id: str
    pair: str


def active_signals(connection: Connection) -> dict[str, Active]:
    """Signals that last, by key."""
    query = select(signals.c.key, signals.c.id, signals.c.pair).where(signals.c.ended.is_(None))
    return {row.key: Active(row.id, row.pair) for row in connection.execute(query)}


def known_keys(connection: Connection, keys: Sequence[str], since: int) -> set[str]:
    """Which of the keys have been told since then."""
    query = select(signals.c.key).where(signals.c.key.in_(keys), signals.c.time >= since)
    return set(connection.execute(query).scalars())


def reopen_signals(connection: Connection, keys: Sequence[str], since: int) -> None:
    """Signals told since then go on as if they had not ended."""
    if keys:
        told = signals.c.key.in_(keys) & (signals.c.time >= since)
        connection.execute(update(signals).where(told).values(ended=None))


def write_signals(
    connection: Connection, rows: Sequence[Mapping[str, Any]], outputs: Mapping[str, Iterable[str]]
) -> None:
    """Store new signals (rows of `signals`) with a waiting delivery to each of their outputs, by signal id."""
    if not rows:
        return
    connection.execute(signals.insert(), list(rows))
    waiting = [
        {"signal": row["id"], "output": output, "state": "waiting", "attempts": 0, "next_attempt": row["time"]}
        for row in rows
        for output in outputs.get(row["id"], ())
    ]
    if waiting:
        connection.execute(deliveries.insert(), waiting)


def end_signals(connection: Connection, ids: Sequence[str], at: int) -> None:
    if ids:
        connection.execute(update(signals).where(signals.c.id.in_(ids)).values(ended=at))


def read_signals(connection: Connection, pair: str | None, start: int, end: int) -> list[dict[str, Any]]:
    """Signals that were on at some time in [start, end), newest first: their events, with `ended` as of `end`."""
    query = select(signals.c.event, signals.c.ended, signals.c.time).where(signals.c.time < end)
    query = query.where((signals.c.time >= start) | signals.c.ended.is_(None) | (signals.c.ended >= start))
    if pair:
        query = query.where(signals.c.pair == pair)
    rows = connection.execute(query.order_by(signals.c.time.desc())).all()
    return [{**row.event, "ended": row.ended if row.ended is not None and row.ended < end else None} for row in rows]


def read_waiting(connection: Connection, now: int, output: str, limit: int = 200) -> list[Waiting]:
    """Deliveries to an output that are due: oldest first, those that failed before after the others."""
    query = (
        select(deliveries.c.id, deliveries.c.output, deliveries.c.attempts, deliveries.c.signal, signals.c.event)
        .join(signals)
        .where(_waits_for([output]), deliveries.c.next_attempt <= now)
        .order_by(deliveries.c.attempts, deliveries.c.id)
        .limit(limit)
    )
    return [Waiting(*row) for row in connection.execute(query)]


def next_due(connection: Connection, outputs: Sequence[str]) -> int | None:
    """When the next delivery is due, ms UTC; None when nothing waits."""
    return connection.execute(select(func.min(deliveries.c.next_attempt)).where(_waits_for(outputs))).scalar()


def postpone(connection: Connection, output: str, until: int) -> None:
    """Nothing that waits for an output is due before `until`."""
    late = _waits_for([output]) & (deliveries.c.next_attempt < until)
    connection.execute(update(deliveries).where(late).values(next_attempt=until))


def _waits_for(outputs: Sequence[str]) -> ColumnElement[bool]:
    return and_(deliveries.c.state == "waiting", deliveries.c.output.in_(outputs))


def mark(connection: Connection, id: int, state: str, attempts: int, next_attempt: int, error: str | None) -> None:
    values = {"state": state, "attempts": attempts, "next_attempt": next_attempt, "error": error}
    connection.execute(update(deliveries).where(deliveries.c.id == id).values(values))
