"""What the signals that were told were worth, from what is stored: their records, each with its verdict."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from coinmon.config.load import Config
from coinmon.evaluate.excess import BASE_DAYS, Excess, excess_over_base
from coinmon.evaluate.prices import judging_prices
from coinmon.evaluate.rotation import Rotation
from coinmon.evaluate.score import Cases, Record, judge, record_of
from coinmon.model.moment import DAY, MINUTE, floor, parse_time
from coinmon.store.history import History

ROTATIONS = 1999
"""So that a p value can be small enough for the first of a large family."""
DEFAULT_HORIZON_MINUTES = 60
_DELAY_MINUTES = 1
_SIGNS = {"bullish": 1, "bearish": -1, "neutral": 0}

Key = tuple[str, str]
"""A signal and a direction."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One signal in one direction. told: how often; judged: of those, how many have an outcome and a base.

    horizon: the one, declared by the signal, at which it is judged, minutes. cost: mean of a round trip, in percent.
    """

    signal: str
    direction: str
    horizon: int
    told: int
    judged: int
    cost: float
    record: Record

    def judged_as(self, record: Record) -> "Scored":
        """The same with its record as its family's judge has it."""
        return replace(self, record=record)


@dataclass(frozen=True, slots=True)
class Scorecard:
    """start, end: the judged period, ms UTC. rows: best evidence first."""

    start: int
    end: int
    rows: Sequence[Scored]


@dataclass(slots=True)
class Gathered:
    """Of one signal and direction, pair after pair."""

    told: int = 0
    rotation: Rotation | None = None
    parts: list[tuple[Any, ...]] = field(default_factory=list)

    def cases(self) -> Cases:
        return Cases(*(np.concatenate(column) for column in zip(*self.parts, strict=True)))


def horizons_of(config: Config) -> Mapping[str, int]:
    """Minutes by signal, as their plugins declare them."""
    return {name: each.offer.horizon for name, each in config.signals.items()}


def horizon_of(signal: str, declared: Mapping[str, int]) -> int:
    """Minutes of a signal, whose name may go on after its plugin's: `consensus_change` is `consensus`'."""
    own = [name for name in declared if signal == name or signal.startswith(f"{name}_")]
    return declared[max(own, key=len)] if own else DEFAULT_HORIZON_MINUTES


def told_live(history: History, start: int, end: int) -> list[Mapping[str, Any]]:
    """Events of the graded signals that scans told in [start, end), ms UTC."""
    return [each for each in history.signals(None, start, end) if each["event"] == "signal"]


def scorecard(
    config: Config,
    history: History,
    now: int,
    days: int,
    cost: float | None = None,
    names: Sequence[str] = (),
    told: Iterable[Mapping[str, Any]] | None = None,
    rest: Callable[[float], None] = lambda _worked: None,
) -> Scorecard:
    """The records of the graded signals told in the last `days`, by what was known at `now`, ms UTC.

    cost: of a round trip, in percent; None: as configured, by venue. told: events to judge; None: those that scans
    told. rest: called between pairs with the seconds that were worked, by who wants to be slow on purpose.
    All signals are judged as one family, whichever are shown.
    """
    start, end, gathered = gather(config, history, now, days, cost, told, rest)
    scored = [scored_of(key, each, config) for key, each in sorted(gathered.items())]
    verdicts = judge([each.record for each in scored])
    rows = [
        each.judged_as(record)
        for each, record in zip(scored, verdicts, strict=True)
        if not names or each.signal in names
    ]
    return Scorecard(start, end, sorted(rows, key=_evidence))


def gather(
    config: Config,
    history: History,
    now: int,
    days: int,
    cost: float | None = None,
    told: Iterable[Mapping[str, Any]] | None = None,
    rest: Callable[[float], None] = lambda _worked: None,
    horizon: int | None = None,
) -> tuple[int, int, dict[Key, Gathered]]:
    """Start and end of the judged period, ms UTC, and the cases of each signal and direction; see `scorecard`.

    horizon: minutes, the same for all; None: each signal's own. Only then is the calendar rotated.
    """
    end = floor(now)
    start = max(floor(now - days * DAY), 0)
    horizons = horizons_of(config)
    by_pair: dict[str, dict[Key, list[int]]] = defaultdict(lambda: defaultdict(list))
    gathered: dict[Key, Gathered] = {}
    for event in told_live(history, start, end) if told is None else told:
        at = floor(parse_time(str(event["time"])))
        if start <= at < end and event["direction"] in _SIGNS:
            key = event["signal"], event["direction"]
            gathered.setdefault(key, Gathered()).told += 1
            by_pair[event["pair"]][key].append(at - MINUTE)
    universe = history.universe(set(config.exchanges), config.quotes)
    for number, pair in enumerate(sorted(by_pair)):
        began = time.monotonic()
        instruments = universe.of(universe.resolve(pair).pair)
        first = start - BASE_DAYS * DAY
        prices = judging_prices(history, instruments, first, end)
        paid = config.costs.round_trip({each.venue for each in instruments}) if cost is None else cost
        excesses: dict[int, Excess] = {}
        for key, times in by_pair[pair].items():
            after = horizon or horizon_of(key[0], horizons)
            if after not in excesses:
                excesses[after] = excess_over_base(prices, first // MINUTE, after, _DELAY_MINUTES)
            span = first, start, end
            _add(gathered[key], excesses[after], key[1], after, times, number, span, paid, rotates=horizon is None)
        rest(time.monotonic() - began)
    return start, end, gathered


def _add(
    to: Gathered,
    excess: Excess,
    direction: str,
    horizon: int,
    times: Sequence[int],
    number: int,
    span: tuple[int, int, int],
    cost: float,
    rotates: bool,
) -> None:
    """One pair's events of one signal and direction. Outcomes that end after the period's end are not known yet.

    span: when the prices begin, and the judged period, ms UTC.
    """
    first, start, end = span
    sign = _SIGNS[direction]
    lead = (start - first) // MINUTE
    length = (end - start) // MINUTE - horizon - _DELAY_MINUTES
    if rotates and to.rotation is None and length >= 2 * DAY // MINUTE:
        to.rotation = Rotation.of(length * MINUTE // DAY, ROTATIONS, seed=1)
    at = np.array(sorted((each - start) // MINUTE for each in times), np.int64)
    at = at[(at >= 0) & (at < length)]
    of = excess.of(sign)[lead : lead + max(0, length)]
    known = at[~np.isnan(of[at])]
    forward, base = (excess.size, excess.size_base) if sign == 0 else (sign * excess.forward, sign * excess.base)
    to.parts.append(
        (
            start + known * MINUTE,
            np.full(len(known), number, np.int64),
            forward[lead + known],
            base[lead + known],
            # one that says that price moves, not where, is no trade
            np.full(len(known), cost if sign else 0.0),
        )
    )
    if to.rotation is not None:
        to.rotation.add(of, known)


def scored_of(key: Key, gathered: Gathered, config: Config) -> Scored:
    """Before it is known which of its family stand: see `judge`."""
    horizon = horizon_of(key[0], horizons_of(config))
    cases = gathered.cases()
    p_value = gathered.rotation.p_value() if gathered.rotation is not None else float("nan")
    cost = float(cases.cost.mean()) if len(cases) else float("nan")
    record = record_of(cases, horizon, p_value)
    return Scored(*key, horizon, gathered.told, len(cases), cost, record)


def _evidence(row: Scored) -> tuple[Any, ...]:
    p_value = row.record.p_value
    few = row.record.verdict == "too few"
    return few, p_value if np.isfinite(p_value) else 2.0, -row.judged, row.signal, row.direction
