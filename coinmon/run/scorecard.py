"""What the signals that were told were worth, from what is stored: their records, each with its verdict."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from coinmon.config.load import Config
from coinmon.evaluate.gathering import Gathered, Key, Unjudged, gather
from coinmon.evaluate.horizons import horizon_of, horizons_of
from coinmon.evaluate.score import Record, clusters_of, judge, record_of
from coinmon.evaluate.statistics.intervals import Estimate, clustered_mean
from coinmon.store.history import History


@dataclass(frozen=True, slots=True)
class Scored:
    """One signal in one direction. told: how often; judged: of those, how many have an outcome and a base.

    horizon: the one, declared by the signal, at which it is judged, minutes. cost: mean of a round trip, in percent.
    Beside the record, which alone gives the verdict: told_of: its pairs. unjudged: why the others of `told` have none,
    how many by reason. mfe, mae: medians of the furthest return in and against the direction until the horizon,
    percent, NaN where none is judged. decay: mean excess by minutes after entry.
    """

    signal: str
    direction: str
    horizon: int
    told: int
    judged: int
    cost: float
    record: Record
    told_of: Collection[str] = ()
    unjudged: Mapping[Unjudged, int] = field(default_factory=dict)
    mfe: float = np.nan
    mae: float = np.nan
    decay: Mapping[int, Estimate] = field(default_factory=dict)

    def judged_as(self, record: Record) -> "Scored":
        """The row with its record as it was judged in its family (see `judge`)."""
        return replace(self, record=record)


@dataclass(frozen=True, slots=True)
class Scorecard:
    """start, end: the judged period, ms UTC. rows: best evidence first."""

    start: int
    end: int
    rows: Sequence[Scored]


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


def scored_of(key: Key, gathered: Gathered, config: Config) -> Scored:
    """Before it is known which of its family stand: see `judge`."""
    horizon = horizon_of(key[0], horizons_of(config))
    cases = gathered.cases()
    p_value = gathered.rotation.p_value() if gathered.rotation is not None else float("nan")
    cost = float(cases.cost.mean()) if len(cases) else float("nan")
    record = record_of(cases, horizon, p_value)
    most, least = (np.concatenate(column) for column in zip((np.empty(0), np.empty(0)), *gathered.moves, strict=True))
    return Scored(
        *key,
        horizon,
        gathered.told_of.total(),
        len(cases),
        cost,
        record,
        told_of=sorted(gathered.told_of),
        unjudged={reason: gathered.unjudged[reason] for reason in Unjudged},
        mfe=float(np.median(most)) if len(most) else np.nan,
        mae=float(np.median(least)) if len(least) else np.nan,
        decay=decay_of(gathered),
    )


def decay_of(gathered: Gathered) -> dict[int, Estimate]:
    """The mean excess by minutes after entry, of the cases that are known there; clustered as the record is."""
    found = {}
    for minutes, parts in sorted(gathered.later.items()):
        times, above = (np.concatenate(column) for column in zip(*parts, strict=True))
        found[minutes] = clustered_mean(above, clusters_of(times, minutes))
    return found


def _evidence(row: Scored) -> tuple[Any, ...]:
    p_value = row.record.p_value
    few = row.record.verdict == "too few"
    return few, p_value if np.isfinite(p_value) else 2.0, -row.judged, row.signal, row.direction
