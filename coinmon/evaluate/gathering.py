"""The cases of each signal that was told: what came after it, what usually does, and why some cannot be judged."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from coinmon.config.load import Config
from coinmon.errors import ConfigError
from coinmon.evaluate.excess import BASE_DAYS, Excess, excess_over_base
from coinmon.evaluate.excursions import excursions
from coinmon.evaluate.horizons import horizon_of, horizons_of
from coinmon.evaluate.prices import judging_prices
from coinmon.evaluate.score import Cases
from coinmon.evaluate.statistics.rotation import Rotation
from coinmon.model.instrument import Instrument
from coinmon.model.moment import DAY, MINUTE, floor, parse_time
from coinmon.model.symbols import Universe
from coinmon.model.trades import Floats, Ints
from coinmon.store.history import History

ROTATIONS = 1999
"""So that a p value can be small enough for the first of a large family."""
DECAY_MINUTES = (5, 15, 60, 240, 1440)
"""At these, and at the signal's own horizon, its excess is described; no verdict looks at them."""
_DELAY_MINUTES = 1
_SIGNS = {"bullish": 1, "bearish": -1, "neutral": 0}

Key = tuple[str, str]
"""A signal and a direction."""


class Unjudged(StrEnum):
    """Why a signal that was told has no outcome beside its base."""

    BEFORE_PERIOD = "before_period"
    NO_MARKET = "no_market"
    NOT_OVER = "not_over"
    NO_ENTRY_PRICE = "no_entry_price"
    NO_EXIT_PRICE = "no_exit_price"
    NO_BASE = "no_base"


@dataclass(slots=True)
class Gathered:
    """Of one signal and direction, pair after pair.

    told_of: how often, by pair. unjudged: how many of those could not be judged, by reason. moves: MFE and MAE of each
    case, percent. later: by minutes after entry, the time and the excess of the cases that are known there.
    """

    told_of: Counter[str] = field(default_factory=Counter)
    rotation: Rotation | None = None
    parts: list[tuple[Any, ...]] = field(default_factory=list)
    unjudged: Counter[Unjudged] = field(default_factory=Counter)
    moves: list[tuple[Floats, Floats]] = field(default_factory=list)
    later: dict[int, list[tuple[Ints, Floats]]] = field(default_factory=lambda: defaultdict(list))

    def cases(self) -> Cases:
        none = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0), np.empty(0))
        return Cases(*(np.concatenate(column) for column in zip(none, *self.parts, strict=True)))


@dataclass(frozen=True, slots=True)
class _OfPair:
    """One pair's prices from `first` on, of which [start, end) is judged; ms UTC. number: the pair's; cost: percent."""

    number: int
    prices: Floats
    first: int
    start: int
    end: int
    cost: float
    _excesses: dict[int, Excess] = field(default_factory=dict)

    def excess(self, horizon: int) -> Excess:
        if horizon not in self._excesses:
            self._excesses[horizon] = excess_over_base(self.prices, self.first // MINUTE, horizon, _DELAY_MINUTES)
        return self._excesses[horizon]

    @property
    def lead(self) -> int:
        """Minutes before the judged period."""
        return (self.start - self.first) // MINUTE

    def length(self, horizon: int) -> int:
        """Minutes of the judged period whose outcome is known at its end."""
        return max(0, (self.end - self.start) // MINUTE - horizon - _DELAY_MINUTES)


def told_live(history: History, start: int, end: int) -> list[Mapping[str, Any]]:
    """Events of the graded signals that scans told in [start, end), ms UTC."""
    return [each for each in history.signals(None, start, end) if each["event"] == "signal"]


def gather(
    config: Config,
    history: History,
    now: int,
    days: int,
    cost: float | None = None,
    told: Iterable[Mapping[str, Any]] | None = None,
    rest: Callable[[float], None] = lambda _worked: None,
    describes: bool = True,
) -> tuple[int, int, dict[Key, Gathered]]:
    """Start and end of the judged period, ms UTC, and the cases of each signal and direction at its own horizon.

    cost: of a round trip, in percent; None: as configured, by venue. told: events to judge; None: those that scans
    told. rest: called between pairs with the seconds that were worked. describes: with the excess at other horizons.
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
            gathered.setdefault(key, Gathered()).told_of[event["pair"]] += 1
            by_pair[event["pair"]][key].append(at - MINUTE)
    universe = history.universe(set(config.exchanges), config.quotes)
    for number, pair in enumerate(sorted(by_pair)):
        began = time.monotonic()
        instruments = _instruments(universe, pair)
        if not instruments:
            for key, times in by_pair[pair].items():
                gathered[key].unjudged[Unjudged.NO_MARKET] += len(times)
            continue
        first = start - BASE_DAYS * DAY
        prices = judging_prices(history, instruments, first, end)
        paid = config.costs.round_trip({each.venue for each in instruments}) if cost is None else cost
        of_pair = _OfPair(number, prices, first, start, end, paid)
        for key, times in by_pair[pair].items():
            _add(gathered[key], of_pair, _SIGNS[key[1]], horizon_of(key[0], horizons), times, describes)
        rest(time.monotonic() - began)
    return start, end, gathered


def _instruments(universe: Universe, pair: str) -> Sequence[Instrument]:
    """None where no venue that is switched on lists the pair any more."""
    try:
        return universe.of(universe.resolve(pair).pair)
    except ConfigError:
        return ()


def _add(to: Gathered, pair: _OfPair, sign: int, horizon: int, times: Sequence[int], describes: bool) -> None:
    """One pair's events of one signal and direction, at their minutes' beginnings, ms UTC."""
    at = np.array(sorted((each - pair.start) // MINUTE for each in times), np.int64)
    length = pair.length(horizon)
    if to.rotation is None and length >= 2 * DAY // MINUTE:
        to.rotation = Rotation.of(length * MINUTE // DAY, ROTATIONS, seed=1)
    excess = pair.excess(horizon)
    _count_unjudged(to.unjudged, pair, excess, at, length, horizon)
    above, known = _known(pair, sign, horizon, at)
    forward, base = (excess.size, excess.size_base) if sign == 0 else (sign * excess.forward, sign * excess.base)
    to.parts.append(
        (
            pair.start + known * MINUTE,
            np.full(len(known), pair.number, np.int64),
            forward[pair.lead + known],
            base[pair.lead + known],
            # one that says that price moves, not where, is no trade
            np.full(len(known), pair.cost if sign else 0.0),
        )
    )
    to.moves.append(excursions(pair.prices, pair.lead + known, sign, horizon, _DELAY_MINUTES))
    if to.rotation is not None:
        to.rotation.add(above, known)
    for minutes in sorted({*DECAY_MINUTES, horizon}) if describes else ():
        above, known = _known(pair, sign, minutes, at)
        to.later[minutes].append((pair.start + known * MINUTE, above[known]))


def _known(pair: _OfPair, sign: int, horizon: int, at: Ints) -> tuple[Floats, Ints]:
    """The excess of each minute of the judged period, and those of the minutes `at` where it is known."""
    length = pair.length(horizon)
    above = pair.excess(horizon).of(sign)[pair.lead : pair.lead + length]
    inside = at[(at >= 0) & (at < length)]
    return above, inside[~np.isnan(above[inside])]


def _count_unjudged(why: Counter[Unjudged], pair: _OfPair, excess: Excess, at: Ints, length: int, horizon: int) -> None:
    """Each event that has no excess counts once, by the first reason that holds."""
    why[Unjudged.BEFORE_PERIOD] += int((at < 0).sum())
    why[Unjudged.NOT_OVER] += int((at >= max(0, length)).sum())
    rows = pair.lead + at[(at >= 0) & (at < length)]
    no_entry = np.isnan(pair.prices[rows + _DELAY_MINUTES])
    no_exit = ~no_entry & np.isnan(pair.prices[rows + _DELAY_MINUTES + horizon])
    no_base = ~no_entry & ~no_exit & np.isnan(excess.base[rows])
    why[Unjudged.NO_ENTRY_PRICE] += int(no_entry.sum())
    why[Unjudged.NO_EXIT_PRICE] += int(no_exit.sum())
    why[Unjudged.NO_BASE] += int(no_base.sum())
