"""What each signal was worth: it is replayed over stored history, and the price is looked at afterwards.

The replay is the scan's own: the same views as of each moment, the same signals, the same ledger of what is told once.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from coinmon.config.load import Config
from coinmon.errors import ConfigError, NoDataError
from coinmon.evaluate.evaluator import Evaluator
from coinmon.model.bars import Bars, Coverage
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.moment import DAY, MINUTE, ceil, floor, iso
from coinmon.model.symbols import Universe
from coinmon.notify import signal_state
from coinmon.notify.events import Event
from coinmon.store.database import open_database
from coinmon.store.history import History
from coinmon.store.outbox import write_signals

HORIZONS = {"5m": 5, "15m": 15, "1h": 60, "4h": 240, "1d": 1440}
"""Minutes after a signal at which the price is looked at."""


@dataclass(frozen=True, slots=True)
class ReplayedSignal:
    """A signal that would have been told, the price then, and its change in percent after each horizon.

    None: not known.
    """

    event: Event
    price: float | None
    changes: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class ReplayRecord:
    """One signal's record. horizons: by name, how many changes are known, their mean and median, % in the signal's
    direction (as they are for a neutral one), and the share that is above zero.
    """

    signal: str
    direction: str
    told: int
    horizons: Mapping[str, Mapping[str, float | int | None]]


class DayAheadSource:
    """A `Source` over stored history that is walked forwards: bars are read a day ahead, and not again each minute."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._held: dict[tuple[str, bool], tuple[int, int, Bars]] = {}
        self._reach: dict[tuple[str, bool], int] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._history, name)

    def bars(self, instrument: Instrument, start: int, end: int, *, levels: bool = False) -> Bars:
        key = (instrument.id, levels)
        first, last, rows = self._held.get(key, (0, 0, None))
        if rows is None or start < first or end > last:
            self._reach[key] = reach = max(self._reach.get(key, 0), end - start)
            first, last = end - reach, end + DAY
            rows = self._history.bars(instrument, first, last, levels=levels)
            self._held[key] = first, last, rows
        return rows[int(np.searchsorted(rows.time, start)) : int(np.searchsorted(rows.time, end))]


class Prices:
    """Closes of the pair's reference instrument: the one with most minutes stored, a spot market where there is one."""

    def __init__(self, history: History, instruments: Sequence[Instrument], start: int, end: int) -> None:
        found = [(each, history.bars(each, start, end)) for each in instruments]
        self.instrument, bars = max(found, key=lambda each: (each[0].kind == "spot", len(each[1])))
        known = (bars.coverage > Coverage.MISSING) & (bars.close > 0)
        self._ends = (bars.time[known] + MINUTE).tolist()
        self._closes = bars.price(bars.close)[known].tolist()

    def at(self, moment: int) -> float | None:
        """The close of the minute that ends at `moment`; None where that minute is not known."""
        row = bisect_left(self._ends, moment)
        return self._closes[row] if row < len(self._ends) and self._ends[row] == moment else None


def backtest(
    config: Config,
    history: History,
    universe: Universe,
    pairs: Sequence[Pair],
    start: int | None,
    end: int | None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> list[ReplayedSignal]:
    """Replay [start, end), ms UTC (None: as far as is stored), minute by minute.

    Raises NoDataError where nothing is stored.
    """
    spans = {pair: _span(history, universe.of(pair), start, end) for pair in pairs}
    total = sum((b - a) // MINUTE for a, b in spans.values())
    if total <= 0:
        raise NoDataError(
            f"nothing is stored of {', '.join(map(str, pairs)) or 'any pair'} in that time; see coinmon backfill"
        )
    evaluator = Evaluator(config, list(config.exchanges))
    told: list[ReplayedSignal] = []
    done = 0
    with TemporaryDirectory() as folder:
        scratch = open_database(f"sqlite:///{Path(folder, 'backtest.db')}")
        try:
            for pair, (first, last) in spans.items():
                instruments = universe.of(pair)
                prices = Prices(history, instruments, first, last + max(HORIZONS.values()) * MINUTE)
                source = DayAheadSource(history)
                for now in range(first, last, MINUTE):
                    market = evaluator.market(pair, instruments, source, now)
                    signals = evaluator.signals(market)
                    with scratch.write() as connection:
                        news = signal_state.update(connection, signals, [str(pair)], now)
                        write_signals(connection, news.rows, {})
                    told += [_told(event, prices, now) for event in news.events.values()]
                    done += 1
                    progress(done, total)
        finally:
            scratch.close()
    return told


def only(config: Config, names: Sequence[str]) -> Config:
    """The configuration with these signals alone. Raises ConfigError for one that is not there."""
    for name in names:
        if name not in config.signals:
            raise ConfigError(f"--signal {name}: no such signal is on; there is {', '.join(config.signals)}")
    return replace(config, signals={name: each for name, each in config.signals.items() if not names or name in names})


def records(told: Iterable[ReplayedSignal]) -> list[ReplayRecord]:
    """The record of each signal and direction, most told first. Changes count in the signal's direction."""
    groups: dict[tuple[str, str], list[ReplayedSignal]] = {}
    for each in told:
        name = each.event.get("signal") or each.event["event"]
        groups.setdefault((name, _direction(each.event)), []).append(each)
    made = []
    for (name, direction), several in groups.items():
        sign = -1.0 if direction == "bearish" else 1.0
        horizons: dict[str, Mapping[str, float | int | None]] = {}
        for horizon in HORIZONS:
            known = [sign * change for change in (each.changes[horizon] for each in several) if change is not None]
            horizons[horizon] = {
                "known": len(known),
                "mean_pct": fmean(known) if known else None,
                "median_pct": median(known) if known else None,
                "right": sum(change > 0 for change in known) / len(known) if known else None,
            }
        made.append(ReplayRecord(name, direction, len(several), horizons))
    return sorted(made, key=lambda each: (-each.told, each.signal, each.direction))


def _span(history: History, instruments: Sequence[Instrument], start: int | None, end: int | None) -> tuple[int, int]:
    """Of [start, end) what is stored of any of the instruments; empty where nothing is."""
    spans = [span for span in map(history.span, instruments) if span]
    if not spans:
        return 0, 0
    first, last = min(a for a, _ in spans), max(b for _, b in spans)
    # the first minute is known when it has closed
    first = max(first + MINUTE, ceil(start) if start is not None else 0)
    return first, max(first, min(last + 1, floor(end) if end is not None else last + 1))


def _told(event: Event, prices: Prices, now: int) -> ReplayedSignal:
    price = prices.at(floor(now))
    after = {name: prices.at(floor(now) + minutes * MINUTE) for name, minutes in HORIZONS.items()}
    changes = {
        name: None if each is None or price is None else 100 * (each / price - 1) for name, each in after.items()
    }
    return ReplayedSignal({**event, "time": iso(now)}, price, changes)


def _direction(event: Event) -> str:
    if event["event"] == "signal":
        return str(event["direction"])
    return {"buy": "bullish", "sell": "bearish"}.get(event.get("side", ""), "neutral")
