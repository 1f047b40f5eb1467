"""How often signals page on nothing: the stored history, with each minute's buyers and sellers drawn anew.

The volumes, prices and holes are the user's own; whether a minute of a venue was bought or sold is a coin's toss, so
that any agreement of venues and any large flow is chance. What is told then is the rate of false alarms.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic

import numpy as np

from coinmon.config.load import Config
from coinmon.errors import NoDataError
from coinmon.model.bars import Bars
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.moment import DAY, MINUTE
from coinmon.run.backtest import backtest
from coinmon.store.database import Database
from coinmon.store.history import History

PAGED = ("A+", "A")
PRESETS = ("seed", "calm")
BRIEF_S = 10.0
"""Seconds after which a brief measurement takes no further pair."""
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


class BalancedNoise(History):
    """The stored history, in which takers of each minute change sides or not by chance, the same at each reading."""

    def __init__(self, database: Database, seed: int = 1) -> None:
        super().__init__(database)
        self._seed = seed

    def bars(self, instrument: Instrument, start: int, end: int, *, levels: bool = False) -> Bars:
        rows = super().bars(instrument, start, end, levels=levels)
        salt = zlib.crc32(instrument.id.encode()) + (self._seed << 32)
        swap = tossed(rows.time, salt) & np.isfinite(rows.buy)
        return replace(
            rows,
            buy=np.where(swap, rows.volume - rows.buy, rows.buy),
            buy_quote=np.where(swap, rows.quote_volume - rows.buy_quote, rows.buy_quote),
            delta_min=np.where(swap, -rows.delta_max, rows.delta_min),
            delta_max=np.where(swap, -rows.delta_min, rows.delta_max),
        )


def tossed(
    times: "np.ndarray[tuple[int], np.dtype[np.int64]]", salt: int
) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """A fair coin for each minute, which depends on the minute and the salt alone (splitmix64)."""
    with np.errstate(over="ignore"):
        x = (times // MINUTE).astype(np.uint64) * _GOLDEN + np.uint64(salt) * _MIX[0]
        x = (x ^ (x >> np.uint64(30))) * _MIX[0]
        x = (x ^ (x >> np.uint64(27))) * _MIX[1]
    return np.asarray((x ^ (x >> np.uint64(31))) & np.uint64(1), bool)


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """What is told on noise. pair_days: of history that was replayed. told: by signal and grade."""

    preset: str
    pair_days: float
    told: Mapping[tuple[str, str], int]

    @property
    def pages(self) -> float:
        """Signals of grade A and above, a pair and day."""
        return sum(n for (_, grade), n in self.told.items() if grade in PAGED) / max(self.pair_days, 1e-9)

    def plus(self, other: "FalseAlarms") -> "FalseAlarms":
        """The sum of two counts, of different pairs or days."""
        told = {key: self.told.get(key, 0) + other.told.get(key, 0) for key in {*self.told, *other.told}}
        return FalseAlarms(self.preset, self.pair_days + other.pair_days, dict(sorted(told.items())))


def false_alarms(
    config: Config,
    preset: str,
    database: Database,
    now: int,
    days: int,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    pairs: Sequence[Pair] | None = None,
) -> FalseAlarms:
    """Replay the last `days` of these pairs (None: of every stored one) as noise.

    Only signals that judge many minutes at once are asked. Raises NoDataError where nothing is stored.
    """
    history = BalancedNoise(database)
    asked = replace(config, signals={name: config.signals[name] for name in judged_on_noise(config)})
    universe = history.universe(config.exchanges, config.quotes)
    chosen = stored_pairs(config, history) if pairs is None else pairs
    replay = backtest(asked, history, universe, chosen, now - days * DAY, now, progress)
    told: dict[tuple[str, str], int] = {}
    for each in replay.told:
        if each.event["event"] != "signal":
            # whales are told beside signals
            continue
        key = each.event["signal"], each.event["grade"]
        told[key] = told.get(key, 0) + 1
    minutes = sum((each.end - each.start) // MINUTE for each in replay.pairs)
    return FalseAlarms(preset, minutes * MINUTE / DAY, dict(sorted(told.items())))


def briefly(config_under: Callable[[str], Config], database: Database, now: int) -> Sequence[FalseAlarms]:
    """The last day of one pair after another, under each preset, until `BRIEF_S` are over; empty: nothing is stored.

    config_under: the configuration under a preset. Pairs are taken in an order that has nothing to do with their size.
    """
    configs = {preset: config_under(preset) for preset in PRESETS}
    pairs = stored_pairs(configs["seed"], History(database))
    began = monotonic()
    found: list[FalseAlarms] = []
    for pair in sorted(pairs, key=lambda each: zlib.crc32(str(each).encode())):
        if found and monotonic() - began > BRIEF_S:
            break
        try:
            more = [false_alarms(config, preset, database, now, 1, pairs=[pair]) for preset, config in configs.items()]
        except NoDataError:
            # nothing of its last day
            continue
        found = [one.plus(other) for one, other in zip(found, more, strict=True)] if found else more
    return found


def stored_pairs(config: Config, history: History) -> Sequence[Pair]:
    """Those of which a configured venue has bars, by name."""
    universe = history.universe(config.exchanges, config.quotes)
    return sorted({universe.pair_of(each) for each in history.with_bars() if each.venue in config.exchanges}, key=str)


def judged_on_noise(config: Config) -> Sequence[str]:
    """Signals of flow: a coin's toss of sides is noise to them. Those without `columns` take hours."""
    return [name for name, each in config.signals.items() if each.offer.columns is not None]
