"""What each signal was worth: it is replayed over stored history, and the price is looked at afterwards.

The replay is the scan's own: the same views as of each moment, the same signals, the same rules of what is told once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean, median
from typing import Any

import numpy as np

from coinmon.config.load import Config
from coinmon.errors import ConfigError, NoDataError
from coinmon.evaluate.outcomes import DELAY_MINUTES, Outcome, Prices, outcome, weighted_close
from coinmon.evaluate.read_once import ReadOnce
from coinmon.evaluate.replay import Judgement
from coinmon.evaluate.signal_states import SignalStates, signal_key, step
from coinmon.model.events import as_json
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.moment import MINUTE
from coinmon.model.months import months
from coinmon.model.symbols import Universe
from coinmon.notify.events import signal_event, signal_id
from coinmon.run.parts.replay_parts import As, PairPlayer, PlayedPart, parts_of, span_of
from coinmon.run.parts.stored_rows import StoredRows

HORIZONS = {"5m": 5, "15m": 15, "1h": 60, "4h": 240, "1d": 1440}
"""Minutes after entry, which is a minute after the signal, at which the price is looked at."""


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
    """parts: pairs and months that were replayed apart. taken: how many of them were kept of an earlier replay."""

    told: Sequence[ReplayedSignal]
    pairs: Sequence[PairReplay]
    known: As
    parts: int = field(default=0, compare=False)
    taken: int = field(default=0, compare=False)

    def judgements(self) -> dict[str, Judgement]:
        """By signal, all pairs together."""
        found: dict[str, Judgement] = {}
        for pair in self.pairs:
            for name, each in pair.judgements.items():
                found.setdefault(name, Judgement()).add(each)
        return found


def backtest(
    config: Config,
    history: StoredRows,
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
    spans = {pair: span_of(history, universe.of(pair), start, end) for pair in pairs}
    total = sum((b - a) // MINUTE for a, b in spans.values())
    if total <= 0:
        raise nothing_stored(pairs)
    told: list[ReplayedSignal] = []
    replayed: list[PairReplay] = []
    done = 0
    for pair, (first, last) in spans.items():

        def moved(minutes: int, before: int = done) -> None:
            progress(before + minutes, total)

        player = PairPlayer(config, history, universe, pair, known, moved)
        more, one = folded(player, first, last, (player.played(*part) for part in parts_of(first, last)), player.source)
        told += more
        replayed.append(one)
        done += (last - first) // MINUTE
    return Replay(told, replayed, known)


def nothing_stored(pairs: Sequence[Pair]) -> NoDataError:
    return NoDataError(
        f"nothing is stored of {', '.join(map(str, pairs)) or 'any pair'} in that time; see coinmon backfill"
    )


def folded(
    player: PairPlayer, first: int, last: int, parts: Iterable[PlayedPart], source: ReadOnce | None = None
) -> tuple[list[ReplayedSignal], PairReplay]:
    """One pair: what is told of its parts, which follow one another from `first` on.

    What was on already, and events of before, are learnt from the lead-in and not told. source: hears what was told.
    """
    history, instruments = player.history, player.instruments
    prices, coverage, seen = _prices_and_coverage(history, instruments, first, last)
    states = SignalStates()
    judgements: dict[str, Judgement] = {}
    told: list[ReplayedSignal] = []
    ids: dict[tuple[str, int], str] = {}
    for part in parts:
        for now, holds in part.changes:
            news = step(states, holds, now)
            states = news.states
            for key, began, ended in news.moves:
                if source is not None and (key, began) in ids:
                    source.end(ids[key, began], ended)
            # all are asked before any is heard of as told
            asked = [(player.said(each.signal), each.at, each.graver_than) for each in news.told]
            for signal, at, graver_than in asked:
                if signal is None:
                    continue
                id = signal_id(signal, at)
                event = as_json(signal_event(signal, id, at, graver_than))
                ids[signal_key(signal), at] = id
                if source is not None:
                    source.tell(event, at if signal.once else None)
                if now >= first:
                    told.append(_judged_by_price(event, prices, at))
        for name, each in part.judgements.items():
            judgements.setdefault(name, Judgement()).add(each)
    venues = [each for each in player.venues if each in seen]
    return told, PairReplay(str(player.pair), first, last, venues, coverage, judgements)


def _prices_and_coverage(
    history: StoredRows, instruments: Sequence[Instrument], first: int, last: int
) -> tuple[Prices, dict[str, float], set[str]]:
    """Read by month, for years need not fit. first, last: the moments judged are in [first, last), ms UTC.

    The prices are those of the spot markets, of the perpetuals where none of them knew the minute, and go on until the
    longest horizon. Of the minutes judged: by instrument id the share with a complete taker split; venues with any bar.
    """
    start, end = first - MINUTE, last + (max(HORIZONS.values()) + DELAY_MINUTES) * MINUTE
    closes, whole, seen = [], {each.id: 0 for each in instruments}, set()
    for begin, stop in ((max(start, begin), min(end, stop)) for begin, stop in months(start, end)):
        rows = [(each, history.bars(each, begin, stop)) for each in instruments]
        spot, perp = (
            weighted_close([bars for each, bars in rows if each.kind == kind], begin, stop).values
            for kind in ("spot", "perp")
        )
        closes.append(np.where(np.isfinite(spot), spot, perp))
        for each, bars in rows:
            judged = bars.time < last - MINUTE
            whole[each.id] += int((bars.has_flow & judged).sum())
            if judged.any():
                seen.add(each.venue)
    minutes = max(1, (last - first) // MINUTE)
    return Prices(first, np.concatenate(closes)), {id: count / minutes for id, count in whole.items()}, seen


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


def _judged_by_price(event: Mapping[str, Any], prices: Prices, at: int) -> ReplayedSignal:
    way = {"bullish": 1, "bearish": -1}.get(_direction(event), 0)
    return ReplayedSignal(event, prices.at(at), outcome(prices, at, way, HORIZONS))


def _direction(event: Mapping[str, Any]) -> str:
    if event["event"] == "signal":
        return str(event["direction"])
    return {"buy": "bullish", "sell": "bearish"}.get(event.get("side", ""), "neutral")
