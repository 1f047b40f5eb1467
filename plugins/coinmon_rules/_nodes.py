"""Conditions ready to be judged: each node gives its column, or one column a venue, over the moments that are asked."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from coinmon.signal import Market, Signal
from coinmon_rules._fields import Measure
from coinmon_rules._values import Column, Columns, compare, either, negated, operate, over_names, over_time
from coinmon_rules._values import both as all_of
from coinmon_rules._written.grammar import PathStep

FLAG, NUMBER = Measure("flag"), Measure("number")
SPOT_OR_PERP = ("spot", "perp")


@dataclass(frozen=True)
class Field:
    """A field of an indicator's result, and of which market.

    where: "pair", "merged", "venues" (those named; none: each that lists the pair) or "price", "state". kind: of the
    market. least: share of the result's minutes that has to be covered, below which its figures count as unknown.
    """

    indicator: str
    settings: tuple[tuple[str, Any], ...]
    where: str
    kind: str
    venues: tuple[str, ...]
    steps: tuple[PathStep, ...]
    least: float
    many: bool
    signal: Callable[[Market], Iterable[Signal]] | None = field(default=None, compare=False)
    """Of "state": what asks the signal."""

    @property
    def path(self) -> str:
        """venues[binance].net_flow"""
        return ".".join(f"{each.name}[{each.item}]" if each.item else each.name for each in self.steps)

    @cached_property
    def key(self) -> tuple[Any, ...]:
        return (
            self.indicator, self.settings, self.where, self.kind, self.venues,
            tuple((each.name, each.item) for each in self.steps), self.least,
        )  # fmt: skip


class Moments(Protocol):
    """Where figures come from. Columns are of the moments asked for and `before` minutes before the first of them."""

    rounded: bool
    """Figures may be sums of columns: what is too near to call is asked again."""

    def figures(self, field: Field, before: int) -> Column | Columns:
        """Those of a `many` field by name."""
        ...

    def times(self, before: int) -> Column:
        """The moments themselves, ms UTC."""
        ...


@dataclass(frozen=True, eq=False)
class Node(ABC):
    """A part of a condition. many: it is one column a venue or element. halo: minutes that it looks back beyond what
    its indicators do. start, end: characters of the text that it was written as."""

    measure: Measure
    start: int
    end: int
    many: bool = False
    halo: int = 0
    parts: "Sequence[Node]" = field(default=())

    @abstractmethod
    def of(self, moments: Moments, before: int) -> Column | Columns:
        """Its values at the moments, and at `before` minutes before the first of them."""

    def fields(self, back: int = 0) -> "Iterator[tuple[FieldNode, int]]":
        """Fields in it, and how many minutes back they are looked at."""
        for each in self.parts:
            yield from each.fields(back)


@dataclass(frozen=True, eq=False)
class Constant(Node):
    value: float | str = 0.0

    def of(self, moments: Moments, before: int) -> Column:
        return Column(np.array([self.value], object if isinstance(self.value, str) else float), exact=True)


@dataclass(frozen=True, eq=False)
class FieldNode(Node):
    asked: Field = field(kw_only=True)

    def of(self, moments: Moments, before: int) -> Column | Columns:
        return moments.figures(self.asked, before)

    def fields(self, back: int = 0) -> "Iterator[tuple[FieldNode, int]]":
        yield self, back


@dataclass(frozen=True, eq=False)
class Apply(Node):
    """`make` of the columns of all parts; where some are many, of each venue's that all of these have."""

    make: Callable[[Sequence[Column], Moments], Column] = field(kw_only=True)

    def of(self, moments: Moments, before: int) -> Column | Columns:
        found = [each.of(moments, before) for each in self.parts]
        several = [each for each in found if isinstance(each, Mapping)]
        if not several:
            return self.make([each for each in found if isinstance(each, Column)], moments)
        names = dict.fromkeys(name for each in several for name in each)
        nothing = Column(np.array([np.nan]))
        return {
            name: self.make([each.get(name, nothing) if isinstance(each, Mapping) else each for each in found], moments)
            for name in names
        }


@dataclass(frozen=True, eq=False)
class OverNames(Node):
    function: str = ""

    def of(self, moments: Moments, before: int) -> Column:
        found = self.parts[0].of(moments, before)
        assert isinstance(found, Mapping)
        return over_names(self.function, list(found.values()))


@dataclass(frozen=True, eq=False)
class OverTime(Node):
    function: str = ""
    minutes: int = 1
    every: int = 1

    def of(self, moments: Moments, before: int) -> Column | Columns:
        found = self.parts[0].of(moments, before + self.minutes)
        if isinstance(found, Column):
            return self._made(found, before)
        return {name: self._made(each, before) for name, each in found.items()}

    def _made(self, column: Column, before: int) -> Column:
        if column.figures.shape[-1] == 1:
            # a constant: the same at all moments
            moments = before + self.minutes + 1
            column = replace(column, figures=np.broadcast_to(column.figures, (*column.figures.shape[:-1], moments)))
        return over_time(self.function, column, self.minutes, self.every)

    def fields(self, back: int = 0) -> "Iterator[tuple[FieldNode, int]]":
        yield from self.parts[0].fields(back + self.minutes)


def comparing(operators: Sequence[str]) -> Callable[[Sequence[Column], Moments], Column]:
    """Each with the next: 1 < x < 3."""

    def made(columns: Sequence[Column], moments: Moments) -> Column:
        pairs = zip(operators, columns[:-1], columns[1:], strict=True)
        said = [
            compare(each, left, right, moments.rounded and object not in (left.figures.dtype, right.figures.dtype))
            for each, left, right in pairs
        ]
        return said[0] if len(said) == 1 else all_of(said)

    return made


def operating(operators: Sequence[str]) -> Callable[[Sequence[Column], Moments], Column]:
    """From left to right."""

    def made(columns: Sequence[Column], moments: Moments) -> Column:
        found = columns[0]
        for operator, each in zip(operators, columns[1:], strict=True):
            found = operate(operator, found, each)
        return found

    return made


def conjunction(columns: Sequence[Column], moments: Moments) -> Column:
    return all_of(columns)


def disjunction(columns: Sequence[Column], moments: Moments) -> Column:
    return either(columns)


def negation(columns: Sequence[Column], moments: Moments) -> Column:
    return negated(columns[0])


def minus(columns: Sequence[Column], moments: Moments) -> Column:
    return replace(columns[0], figures=-columns[0].figures)


def size(columns: Sequence[Column], moments: Moments) -> Column:
    return replace(columns[0], figures=np.abs(columns[0].figures))


def extreme(function: str) -> Callable[[Sequence[Column], Moments], Column]:
    """The larger, or smaller, of several expressions."""
    return lambda columns, moments: over_names(function, columns)


def minutes_since(columns: Sequence[Column], moments: Moments) -> Column:
    """columns: a time, and the moments."""
    then = columns[0].figures
    with np.errstate(invalid="ignore"):
        return replace(columns[0], figures=(columns[1].figures[..., -then.shape[-1] :] - then) / 60_000)


@dataclass(frozen=True, eq=False)
class Now(Node):
    """The moments themselves."""

    def of(self, moments: Moments, before: int) -> Column:
        return moments.times(before)
