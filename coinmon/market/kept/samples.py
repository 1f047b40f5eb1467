"""The last samples of open interest and funding of all that a scan follows: a cycle reads only what is new."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from coinmon.market.source import Sampled
from coinmon.model.instrument import Instrument
from coinmon.model.moment import MINUTE

_Ints = npt.NDArray[np.int64]
_HELD = {"open_interest": 2280, "funding": 180}
"""Minutes that are held, where no more are asked for."""
_LONGEST = 2880
"""Nobody tells it of older ones that are deleted."""
_UNSETTLED_MS = 20 * MINUTE
"""Samples of that age or less may be written again without their market counting as rewritten, twice as many as that
takes: clocks differ."""


class StoredSamples(Protocol):
    """Where they are read."""

    def sampled_lately(
        self, name: str, wanted: Sequence[Instrument], start: int, end: int
    ) -> tuple[Sequence[str], Mapping[str, npt.NDArray[Any]]]:
        """The samples of these markets of [start, end), ms UTC: the id of whose each is, and by name `time` and what
        `SAMPLED` names, NaN where unknown.
        """
        ...


class RecentSamples:
    """Of each market in the order of `as_of`, the newest last."""

    def __init__(self) -> None:
        self._now, self._ids = 0, list[str]()
        self._minutes, self._wanted = dict(_HELD), dict(_HELD)
        self._held: dict[str, Sampled] = {}

    def as_of(self, now: int, followed: Sequence[Instrument], fresh: Collection[str], stored: StoredSamples) -> None:
        """Bring them up to `now`, ms UTC.

        fresh: ids of those of which nothing that is held may stand; all of them where the clock was set back.
        """
        held, self._held = self._held, {}
        row_of = {each.id: row for row, each in enumerate(followed)}
        moved = np.array([-1 if id in fresh else row_of.get(id, -1) for id in self._ids], np.int64)
        anew = [each for each in followed if each.id in fresh]
        found = {}
        for name, minutes in self._wanted.items():
            start = now - minutes * MINUTE
            if name not in held or minutes > self._minutes[name]:
                found[name] = _sorted(row_of, [stored.sampled_lately(name, followed, start, now + 1)])
                continue
            since = max(start, self._now - _UNSETTLED_MS)
            others = [each for each in followed if each.id not in fresh]
            read = [stored.sampled_lately(name, others, since, now + 1)]
            if anew:
                read.append(stored.sampled_lately(name, anew, start, now + 1))
            found[name] = _sorted(row_of, read, _standing(held[name], moved, start, since))
        self._held, self._minutes = found, dict(self._wanted)
        self._now, self._ids = now, list(row_of)

    def last(self, name: str, minutes: int) -> Sampled:
        """Those of the last `minutes`. Raises KeyError where not so many minutes are at hand."""
        if minutes > self._minutes[name]:
            if minutes <= _LONGEST:
                # from the next cycle on
                self._wanted[name] = max(self._wanted[name], minutes)
            raise KeyError(name)
        held = self._held[name]
        taken = held.time >= self._now - minutes * MINUTE
        start = np.concatenate([[0], np.cumsum(taken)])[held.start]
        return Sampled(start, held.time[taken], {each: column[taken] for each, column in held.columns.items()})


_Rows = tuple[_Ints, _Ints, Mapping[str, npt.NDArray[np.float64]]]


def _standing(held: Sampled, moved: _Ints, start: int, end: int) -> _Rows:
    """Of what is held in [start, end): the row that each has now, its time and columns. moved: row by row as it was."""
    row = np.repeat(moved, np.diff(held.start))
    stands = (row >= 0) & (held.time >= start) & (held.time < end)
    return row[stands], held.time[stands], {name: column[stands] for name, column in held.columns.items()}


def _sorted(
    row_of: Mapping[str, int],
    read: Sequence[tuple[Sequence[str], Mapping[str, npt.NDArray[Any]]]],
    standing: _Rows | None = None,
) -> Sampled:
    parts = [] if standing is None else [standing]
    for ids, columns in read:
        row = np.array([row_of[id] for id in ids], np.int64)
        parts.append((row, columns["time"], {name: each for name, each in columns.items() if name != "time"}))
    row, time = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    order = np.lexsort((time, row))
    start = np.searchsorted(row[order], np.arange(len(row_of) + 1))
    columns = {name: np.concatenate([part[2][name] for part in parts])[order] for name in parts[0][2]}
    return Sampled(start, time[order], columns)
