"""Which of the deliveries that wait become one message."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from coinmon.model.events import DigestEvent, as_json
from coinmon.model.signal import GRADES
from coinmon.store.deliveries import Waiting
from coinmon.store.outbox import ENDED

_MAX_DIGEST_SIGNALS = 200
"""Signals in one digest: a longer one would be many parts, and all of them again if the first is lost."""


class Batch(NamedTuple):
    """Deliveries that are one message. part: how many of its parts have arrived."""

    id: str
    rows: Sequence[Waiting]
    event: Mapping[str, Any]
    part: int = 0


def next_batch(due: Sequence[Waiting], free: int, per_minute: int, expired_before: int) -> Batch:
    """What to send next of what is due (at least one). expired_before: signals older than that are late (ms UTC).

    A message that was begun goes on as it was, under its id. What was marked to be gathered, and what is late, is told
    together. The rest goes one by one while there is room for all of it and for a few more, else together as well.
    """
    first = due[0]
    # of which a part has arrived is named already: the rest follows, however late
    alone_and_late = first.attempts and not first.part and first.message == first.signal and first.time < expired_before
    if first.message is not None and not alone_and_late:
        rows = [row for row in due if row.message == first.message]
        return _batch(rows, first.message)
    for gather in ("digest", "quiet"):
        rows = [row for row in due if row.gather == gather]
        if rows and rows[0] is first:
            return _batch(rows[:_MAX_DIGEST_SIGNALS])
    rest = [row for row in due if row.gather is None]
    late = [row for row in rest if row.time < expired_before]
    if late:
        # with all that waits behind them: the order stays
        return _batch(rest[:_MAX_DIGEST_SIGNALS])
    alike = _one_event(rest)
    together = len(rest) - len(alike) + 1 > max(free - per_minute // 6, 0)
    return _batch(rest[:_MAX_DIGEST_SIGNALS] if together else alike)


def _one_event(rows: Sequence[Waiting]) -> list[Waiting]:
    """Those that are one event with the first, which page once: what several signals say of a pair at a moment."""
    alike: dict[object, Waiting] = {}
    for row in rows:
        if row is rows[0] or _occasion(row) == _occasion(rows[0]) is not None:
            alike.setdefault(row.event.get("signal"), row)
    return list(alike.values())


def _occasion(row: Waiting) -> tuple[object, ...] | None:
    """Pair, moment and direction of a graded signal that is told at once, or of its end; None for anything else."""
    event = row.event
    if row.gather is not None or event.get("event") not in ("signal", ENDED) or event.get("grade") not in GRADES:
        return None
    return event["event"], event.get("outcome"), event.get("pair"), event.get("time"), event.get("direction")


def _batch(rows: Sequence[Waiting], id: str | None = None) -> Batch:
    part = min(row.part for row in rows)
    if len(rows) == 1:
        return Batch(id or rows[0].signal, rows, {**rows[0].event}, part)
    if len(_one_event(rows)) == len(rows):
        gravest, *others = sorted(rows, key=lambda row: -GRADES.index(row.event["grade"]))
        return Batch(id or gravest.signal, rows, {**gravest.event, "also": [row.event for row in others]}, part)
    # the same rows are the same message, whenever it is written
    id = id or "d" + hashlib.sha256(" ".join(row.signal for row in rows).encode()).hexdigest()[:11]
    time = max(str(row.event["time"]) for row in rows)
    return Batch(id, rows, as_json(DigestEvent(id, time, _reason(rows), [row.event for row in rows])), part)


def _reason(rows: Sequence[Waiting]) -> Literal["digest", "quiet", "busy", "late"]:
    gathers = {row.gather for row in rows}
    if gathers == {"digest"}:
        return "digest"
    if gathers == {"quiet"}:
        return "quiet"
    return "late" if any(row.attempts for row in rows) else "busy"
