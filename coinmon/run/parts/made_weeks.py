"""What signals were worth in the weeks before a demo: worked out when it begins, of minutes that are in memory alone.

A replay as any other, and judged as any other; only the words of what was told are never made, and nothing but the
scorecard is stored.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np

from coinmon.collect.history.made_past import MadePast
from coinmon.collect.watchlist import Watchlist
from coinmon.config.load import Config
from coinmon.evaluate.signal_states import SignalStates, step
from coinmon.model.bars import Bars
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.moment import DAY, MINUTE, floor, iso
from coinmon.model.symbols import Universe
from coinmon.run.parts.replay_parts import PairPlayer
from coinmon.run.records import card_of
from coinmon.run.scorecard import scorecard
from coinmon.store.database import Database
from coinmon.store.history import History
from coinmon.store.scorecards import append_scorecard

JUDGED = "accumulation", "consensus", "global_sync", "long_trap", "steady_growth", "us_accumulation"
"""Signals of flow: minutes alone decide them, and a start waits for it."""
_TOLD_DAYS, _BASE_DAYS, _LEAD_DAYS = 14, 22, 2
"""In which signals are followed, and before them what they are compared with: a base needs twenty whole days, of which
all but these last ones are of one market, whose price is the pair's.
"""


class WeeksBefore(History):
    """The stored history with minutes in memory, by instrument id, in place of its own; these have no levels."""

    def __init__(self, database: Database, weeks: Mapping[str, Bars]) -> None:
        super().__init__(database)
        self._weeks = weeks

    def bars(self, instrument: Instrument, start: int, end: int, *, levels: bool = False) -> Bars:
        weeks = self._weeks.get(instrument.id)
        if weeks is None:
            return super().bars(instrument, start, end, levels=levels)
        rows = weeks[slice(*np.searchsorted(weeks.time, (start, end)).tolist())]
        return rows if levels else replace(rows, levels=None)

    def span(self, instrument: Instrument) -> tuple[int, int] | None:
        weeks = self._weeks.get(instrument.id)
        if weeks is None or not len(weeks):
            return super().span(instrument)
        return int(weeks.time[0]), int(weeks.time[-1]) + MINUTE


def record_weeks(config: Config, database: Database, past: MadePast, watch: Watchlist, now: int) -> None:
    """Store the scorecard of the day that has begun at `now`, ms UTC, of the first pair's spot markets.

    Raises CoinmonError.
    """
    today = floor(now, DAY)
    follows = today - _TOLD_DAYS * DAY
    pair = watch.pairs[0]
    followed = [track.instrument for tracks in watch.tracks.values() for track in tracks]
    spots = [each for each in followed if each.kind == "spot" and watch.universe.pair_of(each) == pair]
    with ThreadPoolExecutor(len(spots) or 1) as asking:
        days = [_BASE_DAYS, *(_LEAD_DAYS for _ in spots[1:])]
        weeks = asking.map(lambda each, lead: past.minutes(each, follows - lead * DAY, today), spots, days)
        history = WeeksBefore(database, dict(zip((each.id for each in spots), weeks, strict=True)))
    asked = replace(config, signals={name: each for name, each in config.signals.items() if name in JUDGED})
    told = list(told_in(asked, history, Universe(spots, config.quotes), pair, follows, today))
    card = card_of(scorecard(config, history, today, _TOLD_DAYS, told=told), (None, {}))
    if not card["signals"]:
        return
    with database.write() as connection:
        append_scorecard(connection, now, today, False, card)


def told_in(
    config: Config, history: WeeksBefore, universe: Universe, pair: Pair, start: int, end: int
) -> Iterator[Mapping[str, Any]]:
    """Of each graded signal that a scan would have told what judges it."""
    player = PairPlayer(config, history, universe, pair, "complete")
    states = SignalStates()
    for now, holds in player.played(start, end, leads_in=True).changes:
        done = step(states, holds, now)
        states = done.states
        for each in done.told:
            said = each.signal
            if said.grade is not None and now >= start:
                yield {"signal": said.name, "pair": str(pair), "direction": said.direction, "time": iso(now)}
