"""All rules over all pairs of a scan at once: which of them have to be asked.

What was read in earlier minutes is kept, so that a window costs one reading a minute. Most rules are silent on most
pairs: they are found out by columns over the pairs, and the few others are asked one by one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coinmon.signal import MINUTE, Market
from coinmon_rules._moments import OfBars, OfMarket, array_of
from coinmon_rules._nodes import Field
from coinmon_rules._reading import read
from coinmon_rules._rule import Rule
from coinmon_rules._values import Column, Columns

_Listing = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]


@dataclass
class _PairFigures:
    """What was read of a pair. minute: of the last reading. rows: by field, oldest first."""

    listing: _Listing = ((), (), ())
    minute: int = -1
    now: int = 0
    rows: dict[tuple[Any, ...], list[Any]] = field(default_factory=dict)


class PairScreen:
    """`read` each pair's market, then ask once what is `due`."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self._rules = {name: rule for name, rule in rules.items() if not _by_elements(rule)}
        self._one_by_one = [name for name in rules if name not in self._rules]
        """They look at the elements of a list, of which each pair has others."""
        self._fields: dict[tuple[Any, ...], tuple[Field, int]] = {}
        for rule in self._rules.values():
            for key, (each, back) in rule.fields().items():
                self._fields[key] = each, max(back, self._fields.get(key, (each, 0))[1])
        self._chosen = next((rule.chosen for rule in self._rules.values()), {})
        self._pairs: dict[str, _PairFigures] = {}
        self._read: list[str] = []
        self._on: dict[str, set[str]] = {}
        self._known: set[str] = set()
        """Pairs of which it is known what was on: before, a rule that goes on may be on."""

    def read(self, market: Market) -> None:
        """Every field of every rule, once."""
        name = str(market.pair)
        self._read.append(name)
        kept = self._pairs.setdefault(name, _PairFigures())
        listing = (tuple(market.spot), tuple(market.perp), tuple(market.down))
        minute = market.now // MINUTE
        follows = kept.listing == listing and minute == kept.minute + 1
        moments: OfMarket | None = None
        for key, (each, back) in self._fields.items():
            if follows and key in kept.rows:
                rows = kept.rows[key]
                rows.append(read(each, market))
                del rows[: -back - 1]
            elif not back:
                kept.rows[key] = [read(each, market)]
            else:
                deepest = max(back for _, back in self._fields.values())
                moments = moments or OfBars(market, self._chosen, deepest)
                kept.rows[key] = _rows(moments.figures(each, back), back)
        kept.listing, kept.minute, kept.now = listing, minute, market.now

    def due(self) -> Mapping[str, Sequence[str]]:
        """By pair, the rules that are on, or may be, and have to be asked; of the pairs read since the last call."""
        found: dict[str, list[str]] = {name: list(self._one_by_one) for name in self._read}
        for pairs in self._groups():
            moments = _OfPairs([self._pairs[name] for name in pairs], self._fields)
            known = np.array([name in self._known for name in pairs])
            for name, rule in self._rules.items():
                begins, holds = (np.broadcast_to(each.figures[..., -1], (len(pairs),)) for each in rule.judged(moments))
                maybe = (begins == 1) | (holds == 1)
                if not maybe.any():
                    self._on.pop(name, None)
                    continue
                before = self._on.get(name, set())
                now = set()
                for i in np.flatnonzero(maybe).tolist():
                    if begins[i] == 1 or pairs[i] in before or not known[i]:
                        found[pairs[i]].append(name)
                        now.add(pairs[i])
                self._on[name] = (before - set(pairs)) | now
        self._known.update(self._read)
        self._read = []
        return {name: rules for name, rules in found.items() if rules}

    def _groups(self) -> Iterator[list[str]]:
        """Pairs that the same venues list."""
        groups: dict[_Listing, list[str]] = {}
        for name in self._read:
            groups.setdefault(self._pairs[name].listing, []).append(name)
        yield from groups.values()


class _OfPairs:
    """Figures of many pairs: a row a pair, and in it the moments."""

    rounded = False

    def __init__(self, pairs: Sequence[_PairFigures], fields: Mapping[tuple[Any, ...], tuple[Field, int]]) -> None:
        self._kept = pairs
        self._fields = fields
        self._made: dict[tuple[Any, ...], Column | Columns] = {}

    def figures(self, field: Field, before: int) -> Column | Columns:
        if field.key not in self._made:
            rows = [each.rows[field.key] for each in self._kept]
            self._made[field.key] = _column_of(rows) if not field.many else self._by_name(rows)
        found = self._made[field.key]
        if isinstance(found, Column):
            return Column(found.figures[..., -before - 1 :])
        return {name: Column(each.figures[..., -before - 1 :]) for name, each in found.items()}

    def times(self, before: int) -> Column:
        now = np.array([each.now for each in self._kept], float)[:, None]
        return Column(now - MINUTE * np.arange(before, -1, -1)[None, :])

    @staticmethod
    def _by_name(rows: Sequence[Sequence[Any]]) -> Columns:
        names = dict.fromkeys(name for row in rows for each in row for name in (each or {}))
        return {
            name: _column_of([[each.get(name) if each else None for each in row] for row in rows]) for name in names
        }


def _column_of(rows: Sequence[Sequence[Any]]) -> Column:
    flat = array_of([each for row in rows for each in row])
    return Column(flat.reshape(len(rows), -1))


def _rows(found: Column | Columns, back: int) -> list[Any]:
    """As they would have been read, moment by moment."""
    if isinstance(found, Column):
        return _plain(found, back)
    columns = {name: _plain(each, back) for name, each in found.items()}
    return [{name: each[i] for name, each in columns.items()} for i in range(back + 1)]


def _plain(column: Column, back: int) -> list[Any]:
    figures = np.broadcast_to(column.figures, (back + 1,))
    return [None if each is None or each != each else each for each in figures.tolist()]


def _by_elements(rule: Rule) -> bool:
    return any(step.item == "each" for each, _ in rule.fields().values() for step in each.steps)
