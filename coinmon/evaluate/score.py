"""What a signal was worth: its events' excess returns as a record with an interval, a p value and a verdict."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from coinmon.evaluate.statistics.intervals import Estimate, HitRate, clustered_mean, discoveries, hit_rate
from coinmon.model.trades import Floats, Ints

MIN_EVENTS, MIN_CLUSTERS = 30, 10
FALSE_DISCOVERY_RATE = 0.10
DAY_MS = 86_400_000


class Verdict(StrEnum):
    TOO_FEW = "too few"
    NOT_PROVEN = "not proven"
    EDGE_NOT_AFTER_COSTS = "edge, not after costs"
    PROVEN = "proven"
    WORSE_THAN_CHANCE = "worse than chance"


@dataclass(frozen=True, slots=True)
class Cases:
    """The events of one signal and direction whose outcome at its primary horizon is known, one row an event.

    time: ms UTC. pair: a number for each pair. forward: the return in the signal's direction, in percent (its absolute
    value for a neutral signal). base: what the pair's hour of day would have shown. cost: of a round trip, in percent.
    """

    time: Ints
    pair: Ints
    forward: Floats
    base: Floats
    cost: Floats

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True, slots=True)
class Record:
    """One signal's record in one direction. Percent throughout; NaN where there is nothing to say.

    n: events. days, pairs: distinct UTC days and pairs among them. excess: mean above the base. net: the same less
    costs. hits: how often it was above the base (a neutral one: moved more than the base). p_value: two-sided.
    """

    n: int
    days: int
    pairs: int
    median: float
    base: float
    excess: Estimate
    net: Estimate
    hits: HitRate
    p_value: float
    verdict: Verdict


def clusters_of(times: Ints, horizon_minutes: int) -> Ints:
    """The UTC day of each event, ms; two days together where outcomes reach into the next one."""
    return times // (DAY_MS * (1 if horizon_minutes < 1440 else 2))


def record_of(cases: Cases, horizon_minutes: int, p_value: float) -> Record:
    """The record before it is known which of its family stand: TOO_FEW or NOT_PROVEN. See `judge`."""
    clusters = clusters_of(cases.time, horizon_minutes)
    above = cases.forward - cases.base
    excess = clustered_mean(above, clusters)
    few = excess.n < MIN_EVENTS or excess.clusters < MIN_CLUSTERS
    return Record(
        n=len(cases),
        days=len(np.unique(cases.time // DAY_MS)),
        pairs=len(np.unique(cases.pair)),
        median=float(np.median(cases.forward)) if len(cases) else np.nan,
        base=float(cases.base.mean()) if len(cases) else np.nan,
        excess=excess,
        net=clustered_mean(above - cases.cost, clusters),
        hits=hit_rate(above > 0, clusters),
        p_value=p_value,
        verdict=Verdict.TOO_FEW if few else Verdict.NOT_PROVEN,
    )


def judge(records: Sequence[Record]) -> list[Record]:
    """Verdicts over the whole family: each setting of each signal and direction that was looked at is a member.

    PROVEN needs a discovery above zero whose interval after costs is above zero too.
    """
    few = np.array([each.verdict is Verdict.TOO_FEW for each in records], bool)
    p_values = np.array([each.p_value for each in records], np.float64)
    found = discoveries(np.where(few, np.nan, p_values), FALSE_DISCOVERY_RATE)
    return [
        replace(each, verdict=_verdict(each)) if stands else each for each, stands in zip(records, found, strict=True)
    ]


def _verdict(record: Record) -> Verdict:
    if record.excess.mean < 0:
        return Verdict.WORSE_THAN_CHANCE
    return Verdict.PROVEN if record.net.low > 0 else Verdict.EDGE_NOT_AFTER_COSTS
