"""The days behind a demo: what was traded, stored before its scan begins, and what a scan would have told of it."""

import asyncio
from collections.abc import Mapping, Sequence
from threading import Event
from time import monotonic
from typing import Any

from coinmon.clock import Clock
from coinmon.collect.exchange_apart import venues_of
from coinmon.collect.history.made_past import MadePast
from coinmon.collect.venue import Venue
from coinmon.collect.watchlist import begin
from coinmon.config.load import Config
from coinmon.evaluate.signal_states import SignalStates, signal_key, step
from coinmon.log import SPOKEN
from coinmon.model.events import as_json
from coinmon.model.instrument import Pair
from coinmon.model.moment import DAY, HOUR, MINUTE, floor
from coinmon.model.signal import Grade, Signal
from coinmon.model.symbols import Universe
from coinmon.notify.endings import ending
from coinmon.notify.events import signal_event, signal_id
from coinmon.run.noise import stored_pairs
from coinmon.run.parts.made_weeks import record_weeks
from coinmon.run.parts.replay_parts import PairPlayer, span_of
from coinmon.store.database import Database
from coinmon.store.history import History
from coinmon.store.outbox import ToldRow, write_signals

_MOST_INSTRUMENTS = 100
"""Of more a demo has what the exchanges give."""
_LEAD_IN_MS = 2 * HOUR
"""From the first minute on until signals are followed: their windows and what they compare with."""
_TOLD_MS = 36 * HOUR
"""Before the pause, in which what was told is worked out."""
_PAUSE_MS = 3 * HOUR
"""Before the start: nothing was told in it, so that all that is on is news."""


_BEHIND_S = 5.0
"""Seconds after which that is worked out: the first cycle goes first."""


async def bring_past(config: Config, clock: Clock, database: Database, *, once: bool = False) -> None:
    """Store the days of a made-up market before now, and what signals were worth in the weeks before.

    once: for a single scan, which is not to be waited for: the last day. Raises CoinmonError.
    """
    assert config.demo_past is not None
    past, began = MadePast(config.demo_past, DAY + HOUR if once else 2 * DAY + 2 * HOUR), monotonic()
    venues = venues_of(config.exchanges, clock)
    if not once:
        SPOKEN.info("the days before the demo's start are stored first: a few seconds")
    try:
        now = clock.now()
        end = floor(now)
        window_start = end - config.window * MINUTE
        watch = await begin(venues, database, config.symbols, config.quotes, now, window_start)
        if len(watch.instruments) > _MOST_INSTRUMENTS:
            return

        async def one(venue: Venue) -> None:
            await past.bring(venue, watch.tracks[venue.name], database, end, config.whale_threshold)

        weeks = asyncio.to_thread(record_weeks, config, database, past, watch, now)
        await asyncio.gather(weeks, *(one(venue) for venue in venues))
    finally:
        await asyncio.gather(*(venue.close() for venue in venues))
    if not once:
        SPOKEN.info("the demo's days before the start are stored: {:.1f} s", monotonic() - began)


async def tell_past(config: Config, clock: Clock, database: Database) -> None:
    """Store the signals of these days, as though a scan had gone on until three hours before. Raises CoinmonError."""
    until = floor(clock.now()) - _PAUSE_MS
    await asyncio.sleep(_BEHIND_S)
    stopped = Event()
    try:
        await asyncio.to_thread(_tell, config, database, until, stopped)
    finally:
        # its thread cannot be cancelled
        stopped.set()


def _tell(config: Config, database: Database, until: int, stopped: Event) -> None:
    """Store what a scan would have told before `until`. stopped: nobody waits for it any more."""
    with database.still() as stored:
        history = History(stored)
        universe = history.universe(config.exchanges, config.quotes)
        pairs = stored_pairs(config, history)
        if len(history.with_bars()) > _MOST_INSTRUMENTS:
            return
        rows = [
            row
            for pair in pairs
            if not stopped.is_set()
            for row in told_before(config, history, universe, pair, until - _TOLD_MS, until)
        ]
    if stopped.is_set():
        return
    over = []
    for row in rows:
        if row["ended"] > row["time"]:
            at = round(row["ended"] + row["event"]["cooldown_minutes"] * MINUTE)
            over.append(_row(ending(ToldRow(row["id"], row["pair"], row["ended"], row["event"]), None, None, at), at))
    with database.write() as connection:
        write_signals(connection, [*rows, *over], {})


def _row(signal: Signal, at: int, graver_than: Grade | None = None) -> dict[str, Any]:
    """Of the signals' table; one that happens once is over at once."""
    id = signal_id(signal, at)
    return {
        "id": id, "key": f"{signal.name} {signal.key}", "pair": signal.pair, "name": signal.name,
        "grade": signal.grade, "time": at, "ended": at if signal.once else None,
        "event": as_json(signal_event(signal, id, at, graver_than)),
    }  # fmt: skip


def told_before(
    config: Config, history: History, universe: Universe, pair: Pair, since: int, until: int
) -> Sequence[Mapping[str, Any]]:
    """Rows of signals that a scan of this pair would have told in [since, until), ms UTC; then all are over."""
    player = PairPlayer(config, history, universe, pair, "complete")
    first, last = span_of(history, player.instruments, None, until)
    first = max(since, first + _LEAD_IN_MS)
    if first >= last:
        return []
    rows: dict[tuple[str, int], dict[str, Any]] = {}
    states = SignalStates()
    for now, holds in player.played(first, last, leads_in=True).changes:
        done = step(states, holds, now)
        states = done.states
        for key, began, ended in done.moves:
            if (key, began) in rows:
                rows[key, began]["ended"] = ended
        for each in done.told:
            signal = player.said(each.signal)
            if signal is None or each.at < first:
                continue
            rows[signal_key(signal), each.at] = _row(signal, each.at, each.graver_than)
    for row in rows.values():
        row["ended"] = last if row["ended"] is None else row["ended"]
    return list(rows.values())
