"""Settings are trials: several are replayed on the same history, counted as a family, and walked forward.

Whoever tries ten settings and shows the best shows luck. So each is judged as one of all that were tried, and beside
the best in hindsight stands what choosing by the past would have brought in the month that followed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from coinmon.config.load import Config
from coinmon.errors import ConfigError
from coinmon.evaluate.gathering import Key, gather
from coinmon.evaluate.score import Cases, judge
from coinmon.run.scorecard import Scored, scored_of

MIN_PAST_EVENTS = 10
"""Fewer events of the past than this choose no setting."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One value of the setting, and the records of its signals, judged as one family with all other trials'."""

    value: str
    rows: Sequence[Scored]


@dataclass(frozen=True, slots=True)
class Walked:
    """One signal and direction, when each month's setting is the one that was best before that month.

    hindsight: the value that was best over all of it, and its mean excess, in percent. forward: the mean excess of what
    was chosen; n: its events; chosen: by month. Mean excesses are NaN where there is nothing to say.
    """

    signal: str
    direction: str
    best: str
    hindsight: float
    forward: float
    n: int
    chosen: Mapping[str, str]


def setting_of(config: Config, text: str) -> tuple[str, str, Sequence[str]]:
    """Dotted key, the plugin's name and the values of `PLUGIN.SETTING=A,B`. Raises ConfigError for what is none.

    A setting may be called by the end of its name: `consensus.threshold` is the first of consensus' thresholds.
    """
    key, mark, values = text.partition("=")
    several = [each.strip() for each in values.split(",") if each.strip()]
    parts = key.strip().split(".")
    if not mark or len(several) < 2 or len(parts) not in (2, 3):
        raise ConfigError(f"--try {text}: write PLUGIN.SETTING=A,B such as us_accumulation.min_net_flow=500000,1000000")
    name, setting = parts[-2:]
    there = [
        (f"{section}.{name}.{each}", each)
        for section, chosen in (("signals", config.signals), ("indicators", config.indicators))
        if parts[:-2] in ([], [section]) and name in chosen
        for each in chosen[name].settings
    ]
    whole = [full for full, each in there if each == setting] or [
        full for full, each in there if each.endswith(f"_{setting}")
    ]
    if whole:
        return whole[0], name, list(dict.fromkeys(several))
    if there:
        raise ConfigError(
            f"--try {text}: {name} has no setting {setting}; it has {', '.join(each for _, each in there)}"
        )
    raise ConfigError(f"--try {text}: no signal or indicator that is on has a setting {name}.{setting}")


def tried(
    configs: Mapping[str, Config],
    told: Mapping[str, Sequence[Mapping[str, Any]]],
    history: Any,
    start: int,
    end: int,
) -> tuple[list[Trial], list[Walked]]:
    """configs, told: by value, the configuration with it and the graded events of its replay over [start, end), ms."""
    days = max(1, round((end - start) / 86_400_000))
    gathered = {
        value: gather(configs[value], history, end, days, told=events, describes=False)[2]
        for value, events in told.items()
    }
    flat = [
        (value, scored_of(key, each, configs[value]))
        for value, found in gathered.items()
        for key, each in found.items()
    ]
    verdicts = judge([each.record for _, each in flat])
    judged = [(value, each.judged_as(record)) for (value, each), record in zip(flat, verdicts, strict=True)]
    trials = [Trial(value, [each for one, each in judged if one == value]) for value in told]
    keys = sorted({key for found in gathered.values() for key in found})
    return trials, [
        _walked(key, {v: found[key].cases() for v, found in gathered.items() if key in found}) for key in keys
    ]


def _walked(key: Key, by_value: Mapping[str, Cases]) -> Walked:
    means = {value: _mean(cases) for value, cases in by_value.items()}
    known = {value: mean for value, mean in means.items() if np.isfinite(mean)}
    best = max(known, key=lambda value: known[value]) if known else next(iter(by_value))
    months = sorted({month for cases in by_value.values() for month in _months(cases)})
    chosen: dict[str, str] = {}
    brought: list[float] = []
    for month in months:
        past = {
            value: _mean(cases, [each < month for each in _months(cases)])
            for value, cases in by_value.items()
            if sum(each < month for each in _months(cases)) >= MIN_PAST_EVENTS
        }
        if past:
            chosen[month] = value = max(past, key=lambda each: past[each])
            cases = by_value[value]
            inside = np.array([each == month for each in _months(cases)], bool)
            brought += (cases.forward - cases.base)[inside].tolist()
    forward = float(np.mean(brought)) if brought else float("nan")
    return Walked(*key, best, means[best], forward, len(brought), chosen)


def _months(cases: Cases) -> list[str]:
    return [f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m}" for at in cases.time.tolist()]


def _mean(cases: Cases, which: Sequence[bool] | None = None) -> float:
    above = cases.forward - cases.base
    some = above if which is None else above[np.array(which, bool)]
    return float(some.mean()) if len(some) else float("nan")
