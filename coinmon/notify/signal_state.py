"""Which signals are on: each is told when it begins and when it becomes graver, not while it lasts.

One that ends and is there again within its cooldown went on; it is not told again.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from coinmon.model.events import AlertRecord, ToldEvent, as_json
from coinmon.model.signal import GRADES, Signal
from coinmon.notify.events import signal_event, signal_id
from coinmon.store.deliveries import CLOCK_STEP_MS
from coinmon.store.outbox import (
    ToldSignal,
    active_signals,
    end_signals,
    ended_signals,
    known_keys,
    reopen_signals,
    taken_ids,
)

_MAX_ID_COLLISIONS = 8


class SignalChanges(NamedTuple):
    """What is new: rows for the signals table, and their events by id."""

    rows: Sequence[Mapping[str, Any]]
    events: Mapping[str, ToldEvent]


def update(
    connection: Connection,
    signals: Sequence[Signal],
    pairs: Collection[str],
    now: int,
    dropped: Callable[[str], bool] = lambda pair: False,
    active: Mapping[str, ToldSignal] | None = None,
    record: Callable[[Signal], AlertRecord | None] = lambda signal: None,
    situations: Mapping[str, Mapping[str, Any]] | None = None,
) -> SignalChanges:
    """Bring the stored states up to `signals`, all those that are true now of the pairs that could be looked at.

    active: of those that were on before, the ones to look at; None: all.
    record: what signals like one were worth, which its event quotes.
    situations: where pairs stand, for what is told of them.
    dropped: whether a pair that was not looked at never will be: its states end.
    """
    lasting = {f"{each.name} {each.key}": each for each in signals if not each.once}
    single = {f"{each.name} {each.key}": each for each in signals if each.once}
    active = active_signals(connection) if active is None else active
    graver = {key for key in lasting.keys() & active.keys() if _rank(lasting[key].grade) > _rank(active[key].grade)}
    gone = [row.id for key, row in active.items() if key not in lasting and (row.pair in pairs or dropped(row.pair))]
    end_signals(connection, [*gone, *(active[key].id for key in graver)], now)
    began = {key: each for key, each in lasting.items() if key not in active and each.begins}
    longest = max((each.cooldown for each in began.values()), default=0)
    before = {
        key: told
        for key, told in ended_signals(connection, list(began), now - longest).items()
        # one that ended in the future did so before the clock was set back: it has nothing to do with this one
        if told.ended is not None and -CLOCK_STEP_MS <= now - told.ended <= began[key].cooldown
    }
    again = [told.id for key, told in before.items() if _rank(began[key].grade) <= _rank(told.grade)]
    reopen_signals(connection, again)
    told_once = known_keys(connection, list(single))
    new = {key: lasting[key] for key in graver}
    new |= {key: each for key, each in began.items() if key not in before or before[key].id not in again}
    new |= {key: each for key, each in single.items() if key not in told_once}
    rows: list[Mapping[str, Any]] = []
    events: dict[str, ToldEvent] = {}
    for key, signal in new.items():
        id = _free_id(connection, signal, now, events)
        less = active.get(key) or before.get(key)
        stands = (situations or {}).get(signal.pair)
        events[id] = signal_event(signal, id, now, None if less is None else less.grade, record(signal), stands)
        rows.append(
            {
                "id": id,
                "key": key,
                "pair": signal.pair,
                "name": signal.name,
                "grade": signal.grade,
                "time": now,
                "ended": now if signal.once else None,
                "event": as_json(events[id]),
            }
        )
    return SignalChanges(rows, events)


def active_by_name(connection: Connection) -> dict[str, dict[str, ToldSignal]]:
    """The signals that are on, by name and then by key."""
    found: dict[str, dict[str, ToldSignal]] = {}
    for key, told in active_signals(connection).items():
        found.setdefault(key.partition(" ")[0], {})[key] = told
    return found


def _free_id(connection: Connection, signal: Signal, now: int, new: Collection[str]) -> str:
    """Its id, or the next one where another signal happens to have it."""
    for attempt in range(_MAX_ID_COLLISIONS):
        id = signal_id(signal, now, attempt)
        if id not in new and not taken_ids(connection, [id]):
            return id
    raise ValueError(f"no free id for {signal.name}")


def _rank(grade: str | None) -> int:
    return -1 if grade is None else GRADES.index(grade)
