"""What each signal was worth: it is replayed over stored history, and the price is looked at afterwards.

The replay is the scan's own: the same views as of each moment, the same signals, the same rules of what is told once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median
from typing import Any, Literal

import numpy as np

from coinmon.config.load import Config
from coinmon.errors import ConfigError, NoDataError
from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.known import KnownThen
from coinmon.evaluate.ledger import Ledger, ledger_key, step
from coinmon.evaluate.outcomes import DELAY_MINUTES, Outcome, Prices, outcome, weighted_close
from coinmon.evaluate.read_once import ReadOnce
from coinmon.evaluate.replay import Judgement, evaluate
from coinmon.market.market import Market
from coinmon.model.events import as_json
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.moment import MINUTE, ceil, floor
from coinmon.model.symbols import Universe
from coinmon.notify.events import signal_event, signal_id
from coinmon.store.history import History

As = Literal["known", "complete"]
HORIZONS = {"5m": 5, "15m": 15, "1h": 60, "4h": 240, "1d": 1440}
"""Minutes after entry, which is a minute after the signal, at which the price is looked at."""
LEAD_IN_MS = 60 * MINUTE
"""How long before the first moment states are followed, untold: one that is on already is not new."""


@dataclass(frozen=True, slots=True)
class ReplayedSignal:
    """A signal that would have been told, the price at the end of its minute (None: not known), and what followed."""

    event: Mapping[str, Any]
    price: float | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ReplayRecord:
    """One signal's record. horizons: by name, how many changes are known, their mean and median, % in the signal's
    direction (as they are for a neutral one), and the share that is above zero.
    """

    signal: str
    direction: str
    told: int
    horizons: Mapping[str, Mapping[str, float | int | None]]


@dataclass(frozen=True, slots=True)
class PairReplay:
    """What was replayed of a pair. start, end: moments judged, ms UTC; venues: those with something stored of it.

    coverage: by instrument id the share of the minutes with a complete taker split. judgements: by signal.
    """

    pair: str
    start: int
    end: int
    venues: Sequence[str]
    coverage: Mapping[str, float]
    judgements: Mapping[str, Judgement]


@dataclass(frozen=True, slots=True)
class Replay:
    told: Sequence[ReplayedSignal]
    pairs: Sequence[PairReplay]
    known: As

    def judgements(self) -> dict[str, Judgement]:
        """By signal, all pairs together."""
        found: dict[str, Judgement] = {}
        for pair in self.pairs:
            for name, each in pair.judgements.items():
                found.setdefault(name, Judgement()).add(each)
        return found


def backtest(
    config: Config,
    history: History,
    universe: Universe,
    pairs: Sequence[Pair],
    start: int | None,
    end: int | None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    known: As = "complete",
) -> Replay:
    """Replay [start, end), ms UTC (None: as far as is stored), minute by minute.

    known: with all that is stored now (`complete`), or with what was read by the moment that is judged (`known`).
    Raises NoDataError where nothing is stored.
    """
    spans = {pair: _span(history, universe.of(pair), start, end) for pair in pairs}
    total = sum((b - a) // MINUTE for a, b in spans.values())
    if total <= 0:
        raise NoDataError(
            f"nothing is stored of {', '.join(map(str, pairs)) or 'any pair'} in that time; see coinmon backfill"
        )
    told: list[ReplayedSignal] = []
    replayed: list[PairReplay] = []
    done = 0
    for pair, (first, last) in spans.items():

        def moved(minutes: int, before: int = done) -> None:
            progress(before + minutes, total)

        more, one = _replayed(config, history, universe, pair, first, last, moved, known)
        told += more
        replayed.append(one)
        done += (last - first) // MINUTE
    return Replay(told, replayed, known)


def _replayed(
    config: Config,
    history: History,
    universe: Universe,
    pair: Pair,
    first: int,
    last: int,
    progress: Callable[[int], None],
    known: As,
) -> tuple[list[ReplayedSignal], PairReplay]:
    """One pair from `first` on. What was on already, and events of before, are learnt from a lead-in and not told."""
    venues = list(config.exchanges)
    instruments = [each for each in universe.of(pair) if each.venue in venues]
    prices = _prices(history, instruments, first - MINUTE, last + (max(HORIZONS.values()) + DELAY_MINUTES) * MINUTE)
    days = {each.id: _listed(history, each) for each in instruments}
    source = ReadOnce(history)
    evaluator = Evaluator(config, venues)
    ledger = Ledger()
    judgements: dict[str, Judgement] = {}
    told: list[ReplayedSignal] = []
    ids: dict[tuple[str, int], str] = {}

    def market_at(now: int) -> Market:
        if now >= first:
            progress((now - first) // MINUTE)
        there = [each for each in instruments if _is_listed(days[each.id], now)]
        return evaluator.market(pair, there, source, now)

    lead_in = _lead_in(history, instruments, first)
    then = KnownThen(history, instruments, lead_in, last) if known == "known" else None
    cuts = [each for span in days.values() for each in span if each is not None]
    for begin, end, counted in ((lead_in, first, {}), (first, last, judgements)):
        for now, holds in evaluate(evaluator, market_at, source, begin, end, counted, known=then, cuts=cuts):
            news = step(ledger, holds, now)
            ledger = news.ledger
            for key, began, ended in news.moves:
                if (key, began) in ids:
                    source.end(ids[key, began], ended)
            for signal, at, graver_than in news.told:
                id = signal_id(signal, at)
                event = as_json(signal_event(signal, id, at, graver_than))
                ids[ledger_key(signal), at] = id
                source.tell(event, at if signal.once else None)
                if now >= first:
                    told.append(_judged_by_price(event, prices, at))
    rows = {each: history.bars(each, first - MINUTE, last - MINUTE) for each in instruments}
    coverage = {each.id: float(bars.has_flow.sum()) / max(1, (last - first) // MINUTE) for each, bars in rows.items()}
    seen = [name for name in venues if any(each.venue == name and len(bars) for each, bars in rows.items())]
    return told, PairReplay(str(pair), first, last, seen, coverage, judgements)


def _listed(history: History, instrument: Instrument) -> tuple[int | None, int | None]:
    """The moments, on whole minutes, from which and until which the venue lists it; None: always."""
    first, last = history.listed(instrument)
    return None if first is None else floor(first), None if last is None else ceil(last)


def _is_listed(days: tuple[int | None, int | None], now: int) -> bool:
    first, last = days
    return (first is None or now >= first) and (last is None or now < last)


def _lead_in(history: History, instruments: Sequence[Instrument], first: int) -> int:
    """From when on states are followed so that those that are on at `first` are known."""
    begins = [span[0] + MINUTE for span in map(history.span, instruments) if span]
    return min(first, max(first - LEAD_IN_MS, min(begins))) if begins else first


def _prices(history: History, instruments: Sequence[Instrument], start: int, end: int) -> Prices:
    """Of the spot markets; a minute that none of them knew is the perpetuals'."""
    found = [
        weighted_close([history.bars(each, start, end) for each in instruments if each.kind == kind], start, end)
        for kind in ("spot", "perp")
    ]
    spot, perp = found
    return replace(spot, values=np.where(np.isfinite(spot.values), spot.values, perp.values))


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
            known = [
                sign * change for change in (each.outcome.after[horizon] for each in several) if change is not None
            ]
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
    return first, max(first, min(last + MINUTE, floor(end) if end is not None else last + MINUTE))


def _judged_by_price(event: Mapping[str, Any], prices: Prices, at: int) -> ReplayedSignal:
    way = {"bullish": 1, "bearish": -1}.get(_direction(event), 0)
    return ReplayedSignal(event, prices.at(at), outcome(prices, at, way, HORIZONS))


def _direction(event: Mapping[str, Any]) -> str:
    if event["event"] == "signal":
        return str(event["direction"])
    return {"buy": "bullish", "sell": "bearish"}.get(event.get("side", ""), "neutral")
