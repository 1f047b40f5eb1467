"""Deliveries and the channels they go through."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, func, literal_column, select, update

from coinmon.store.rows import upsert
from coinmon.store.schema import channels, deliveries, signals


class Waiting(NamedTuple):
    """A delivery that has to be made. gather: why with others. message: what it was put into. time: the signal's."""

    id: int
    attempts: int
    gather: str | None
    message: str | None
    part: int
    signal: str
    time: int
    event: Mapping[str, Any]


class RobotChannel(NamedTuple):
    """What a channel was sent lately (wall ms, oldest first), until when it rests, and how often it failed in a row."""

    posts: tuple[int, ...] = ()
    paused_until: int = 0
    failures: int = 0


CLOCK_STEP_MS = 120_000
"""A signal of a moment that comes only after so long was told by a clock that has been set back since."""


def read_due(
    connection: Connection, output: str, now: int, limit: int = 1000, longest_retry: int = 2**62
) -> list[Waiting]:
    """Deliveries to an output that are due, oldest first; those of a message that was begun before any other.

    longest_retry: ms for which a try is put off at most.
    """
    # a signal from the future is from before the clock was set back, and so is a try that was put off for longer than
    # any is: neither waits until then again
    ahead = (signals.c.time > now + CLOCK_STEP_MS) | (
        (deliveries.c.attempts > 0) & (deliveries.c.next_attempt > now + longest_retry)
    )
    columns = (deliveries.c[name] for name in ("id", "attempts", "gather", "message", "part", "signal"))
    query = (
        select(*columns, signals.c.time, signals.c.event)
        .join(signals)
        .where(_waits_for(output), (deliveries.c.next_attempt <= now) | ahead)
        .order_by(deliveries.c.message.is_(None), deliveries.c.id)
        .limit(limit)
    )
    return [Waiting(**row._mapping) for row in connection.execute(query)]


def next_due(connection: Connection, output: str, now: int, longest_retry: int = 2**62) -> int | None:
    """When the next delivery is due, ms UTC; None when nothing waits. longest_retry: as in `read_due`."""
    soonest = connection.execute(select(func.min(deliveries.c.next_attempt)).where(_waits_for(output))).scalar()
    if soonest is not None and soonest > now and read_due(connection, output, now, 1, longest_retry):
        return now
    return soonest


def _waits_for(output: str) -> ColumnElement[bool]:
    # a literal: the index of what waits is of no use for a parameter
    return (deliveries.c.state == literal_column("'waiting'")) & (deliveries.c.output == output)


def mark(connection: Connection, ids: Sequence[int], **values: Any) -> None:
    """Set columns of deliveries."""
    connection.execute(update(deliveries).where(deliveries.c.id.in_(ids)).values(**values))


def read_channel(connection: Connection, output: str) -> RobotChannel:
    query = select(channels.c.posts, channels.c.paused_until, channels.c.failures).where(channels.c.output == output)
    row = connection.execute(query).one_or_none()
    return RobotChannel(tuple(row.posts), row.paused_until, row.failures) if row else RobotChannel()


def write_channel(connection: Connection, output: str, channel: RobotChannel) -> None:
    upsert(connection, channels, [{"output": output, **channel._asdict(), "posts": list(channel.posts)}])


def read_queue(connection: Connection, since: int) -> list[dict[str, Any]]:
    """What waits, and what was refused of signals since then, by output, oldest first."""
    columns = [deliveries.c[name] for name in ("id", "output", "state", "attempts", "next_attempt", "gather", "error")]
    told = [signals.c[name] for name in ("time", "pair", "name", "grade")]
    query = select(deliveries.c.signal, *columns, *told).join(signals)
    # each by its own index, of what waits and of the signals' times: one query for both reads every delivery ever made
    recent = select(signals.c.id).where(signals.c.time >= since)
    waiting = query.where(deliveries.c.state == literal_column("'waiting'"))
    refused = query.where(deliveries.c.state == literal_column("'refused'"), deliveries.c.signal.in_(recent))
    rows = [{**row._mapping} for each in (waiting, refused) for row in connection.execute(each)]
    rows.sort(key=lambda row: (row["output"], row["id"]))
    return [{**row, "id": row.pop("signal")} for row in rows]


def forget_deliveries(connection: Connection, before: int, most: int = 5_000) -> int:
    """Delete up to so many that were sent or refused of signals before then, ms UTC; how many there were.

    Rows lie in the order of their signals, so that the oldest are looked at first and the rest not at all.
    """
    query = select(deliveries.c.id, deliveries.c.state, signals.c.time).join(signals).order_by(deliveries.c.id)
    rows = connection.execute(query.limit(most)).all()
    old = [row.id for row in rows if row.time < before and row.state != "waiting"]
    if old:
        connection.execute(delete(deliveries).where(deliveries.c.id.in_(old)))
    return len(old)
