"""What the signals of a cycle say, written with its deliveries: one transaction, in which a plugin can lose its own."""

from collections.abc import Mapping, Sequence
from typing import Any

from loguru import logger
from sqlalchemy.exc import OperationalError

from coinmon.collect.watchlist import Watchlist
from coinmon.errors import words_of
from coinmon.model.events import Event, ToldEvent
from coinmon.model.shard import Shard
from coinmon.model.signal import Signal
from coinmon.notify import signal_state
from coinmon.notify.endings import endings
from coinmon.notify.record import RecordBook
from coinmon.notify.routing import Route
from coinmon.run.judge import Judged
from coinmon.store.database import Database
from coinmon.store.judged import write_judged
from coinmon.store.outbox import Due, write_signals


class SignalWriter:
    """failures: the signals that could not be stored when they were last said, and why. records: what events quote."""

    def __init__(self, database: Database, routes: Mapping[str, Route], shard: Shard) -> None:
        self.failures: dict[str, str] = {}
        self._on: set[tuple[Any, ...]] = set()
        self.records = RecordBook.stored(database)
        self._database, self._routes, self._shard = database, routes, shard

    def may_tell(self, found: Sequence[Signal]) -> bool:
        """Whether something of what a pair's signals say now may be new: what was the same a cycle ago is not."""
        return any(each.grade and _as_it_is(each) not in self._on for each in found)

    def write(self, watch: Watchlist, judged: Judged, now: int, read_until: int) -> dict[str, ToldEvent]:
        """Signals by pair, and their deliveries; the new ones' events by id. It waits for the database.

        read_until: what was stored later was not known when they were judged, ms UTC.
        """
        found, prices = judged.found, {flow.pair: flow.price for flow in judged.flows}
        signals = [signal for several in found.values() for signal in several]

        def dropped(pair: str) -> bool:
            # a venue that did not say what it lists may have it still; another shard's is for that scanner to end
            return not watch.failed and self._shard.has(pair)

        told: dict[str, ToldEvent] = {}
        with self._database.write() as connection:
            write_judged(connection, self._shard, now, read_until)
            signals += endings(connection, prices, now)
            active = signal_state.active_by_name(connection)
            for name in dict.fromkeys([*(each.name for each in signals), *active]):
                of_name = [each for each in signals if each.name == name]
                try:
                    # what one plugin says can be lost by its own failure only
                    with connection.begin_nested():
                        on, worth, stand = active.get(name, {}), self.records.of, judged.situations
                        news = signal_state.update(connection, of_name, found.keys(), now, dropped, on, worth, stand)
                        wanted = {id: self._due(event, now) for id, event in news.events.items()}
                        write_signals(connection, news.rows, wanted)
                except OperationalError:  # the database, and not the plugin
                    raise
                except Exception as error:
                    self._not_written(name, error)
                    continue
                self.failures.pop(f"signal {name}", None)
                told.update(news.events)
        self._on = {_as_it_is(each) for each in signals if each.grade and f"signal {each.name}" not in self.failures}
        return told

    def _due(self, event: Event, now: int) -> list[Due]:
        return [route.due(name, event, now) for name, route in self._routes.items() if route.takes(event)]

    def _not_written(self, name: str, error: Exception) -> None:
        text = f"signal {name} could not be stored: {words_of(error)[:300]}"
        if f"signal {name}" not in self.failures:
            logger.error("{}", text)
        self.failures[f"signal {name}"] = text


def _as_it_is(signal: Signal) -> tuple[Any, ...]:
    """A state as it was at the last cycle: while nothing of this changes, nothing is told of it."""
    return signal.name, signal.key, signal.grade, signal.begins
