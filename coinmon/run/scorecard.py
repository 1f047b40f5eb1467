"""What the signals that were told were worth, from what is stored: their records, each with its verdict."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coinmon.config.load import Config
from coinmon.evaluate.excess import BASE_DAYS, Excess, excess_over_base
from coinmon.evaluate.prices import judging_prices
from coinmon.evaluate.rotation import Rotation
from coinmon.evaluate.score import Cases, Record, judge, record_of
from coinmon.model.moment import DAY, MINUTE, floor, parse_time
from coinmon.model.symbols import Universe
from coinmon.store.history import History

HORIZON_MINUTES = 60
"""The primary horizon: of one that each signal was looked at, no choice among many can make it look better."""
ROTATIONS = 1999
"""So that a p value can be small enough for the first of a large family."""
_SIGNS = {"bullish": 1, "bearish": -1, "neutral": 0}


@dataclass(frozen=True, slots=True)
class Scored:
    """One signal in one direction. told: how often; judged: of those, how many have an outcome and a base."""

    signal: str
    direction: str
    told: int
    judged: int
    record: Record


@dataclass(frozen=True, slots=True)
class Scorecard:
    """start, end: the judged period, ms UTC. rows: best evidence first."""

    start: int
    end: int
    rows: Sequence[Scored]


def scorecard(
    config: Config, history: History, now: int, days: int, cost: float, names: Sequence[str] = ()
) -> Scorecard:
    """The records of the graded signals told in the last `days`. cost: of a round trip, in percent.

    All signals are judged as one family, whichever are shown.
    """
    end = floor(now) - (HORIZON_MINUTES + 1) * MINUTE
    start = max(floor(now - days * DAY), 0)
    venues = set(config.exchanges)
    universe = history.universe(venues, config.quotes)
    told: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    for event in history.signals(None, start, end):
        at = parse_time(str(event["time"]))
        if event["event"] == "signal" and start <= at < end:
            told[event["signal"], event["direction"]].append((event["pair"], floor(at) - MINUTE))
    by_pair = _excesses(history, universe, {pair for several in told.values() for pair, _ in several}, start, end)
    numbers = {pair: number for number, pair in enumerate(sorted(by_pair))}
    scored = [_scored(key, several, by_pair, numbers, start, end, cost) for key, several in sorted(told.items())]
    verdicts = judge([each.record for each in scored])
    rows = [
        Scored(each.signal, each.direction, each.told, each.judged, record)
        for each, record in zip(scored, verdicts, strict=True)
        if not names or each.signal in names
    ]
    return Scorecard(start, end, sorted(rows, key=_evidence))


def _excesses(
    history: History, universe: Universe, pairs: set[str], start: int, end: int
) -> Mapping[str, tuple[Excess, int]]:
    """By pair, what followed each minute, and where the judged period begins in it."""
    first = start - BASE_DAYS * DAY
    until = end + (HORIZON_MINUTES + 2) * MINUTE
    found = {}
    for pair in sorted(pairs):
        instruments = universe.of(universe.resolve(pair).pair)
        prices = judging_prices(history, instruments, first, until)
        found[pair] = excess_over_base(prices, first // MINUTE, HORIZON_MINUTES), (start - first) // MINUTE
    return found


def _scored(
    key: tuple[str, str],
    told: Sequence[tuple[str, int]],
    by_pair: Mapping[str, tuple[Excess, int]],
    numbers: Mapping[str, int],
    start: int,
    end: int,
    cost: float,
) -> Scored:
    signal, direction = key
    sign = _SIGNS[direction]
    days = (end - start) // DAY
    rotation = Rotation.of(days, ROTATIONS, seed=1) if days >= 2 else None
    rows: list[tuple[int, int, float, float]] = []
    for pair in sorted({pair for pair, _ in told}):
        excess, lead = by_pair[pair]
        at = np.array(sorted((time - start) // MINUTE for name, time in told if name == pair), np.int64)
        at = at[at >= 0]
        of = excess.of(sign)[lead : lead + (end - start) // MINUTE]
        forward, base = (excess.size, excess.size_base) if sign == 0 else (sign * excess.forward, sign * excess.base)
        known = at[~np.isnan(of[at])]
        rows += [
            (start + int(each) * MINUTE, numbers[pair], float(forward[lead + each]), float(base[lead + each]))
            for each in known
        ]
        if rotation is not None:
            rotation.add(of, known)
    time, number, forward_, base_ = (np.array(column) for column in zip(*rows, strict=True)) if rows else _NONE
    cases = Cases(time, number, forward_, base_, np.full(len(rows), cost if sign else 0.0))
    p_value = rotation.p_value() if rotation is not None else float("nan")
    return Scored(signal, direction, len(told), len(rows), record_of(cases, HORIZON_MINUTES, p_value))


_NONE = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0))


def _evidence(row: Scored) -> tuple[Any, ...]:
    p_value = row.record.p_value
    few = row.record.verdict == "too few"
    return few, p_value if np.isfinite(p_value) else 2.0, -row.judged, row.signal, row.direction
