"""Which signals are on: each is told when it begins, not while it lasts, and not again within its cooldown."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from coinmon.model.moment import MINUTE
from coinmon.model.signal import Signal
from coinmon.notify.events import Event, signal_event, signal_id
from coinmon.store.outbox import active_signals, end_signals, known_keys, reopen_signals

COOLDOWN = 30 * MINUTE
"""Market time within which a state that ended and began again is the same event."""


class News(NamedTuple):
    """What is new: rows for the signals table, and their events by id."""

    rows: Sequence[Mapping[str, Any]]
    events: Mapping[str, Event]


def update(connection: Connection, signals: Sequence[Signal], pairs: Collection[str], now: int) -> News:
    """Bring the stored states up to `signals`, all those that are true now of the pairs that could be looked at."""
    lasting = {f"{each.name} {each.key}": each for each in signals if not each.once}
    single = {f"{each.name} {each.key}": each for each in signals if each.once}
    active = active_signals(connection)
    gone = [row.id for key, row in active.items() if key not in lasting and row.pair in pairs]
    end_signals(connection, gone, now)
    began = {key: each for key, each in lasting.items() if key not in active}
    again = known_keys(connection, list(began), now - COOLDOWN)
    reopen_signals(connection, sorted(again), now - COOLDOWN)
    told = known_keys(connection, list(single), 0)
    new = {key: each for key, each in (began | single).items() if key not in again and key not in told}
    rows, events = [], {}
    for key, signal in new.items():
        id = signal_id(signal, now)
        events[id] = signal_event(signal, id, now)
        rows.append(
            {
                "id": id,
                "key": key,
                "pair": signal.pair,
                "name": signal.name,
                "grade": signal.grade,
                "time": now,
                "ended": now if signal.once else None,
                "event": events[id],
            }
        )
    return News(rows, events)
