"""Figures at the moments that a condition is judged at: one moment of a market, or all of a frame."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from coinmon.signal import MINUTE, Frame, Market, View
from coinmon_rules._nodes import Field
from coinmon_rules._reading import Known, read
from coinmon_rules._values import Column, Columns


class OfMarket:
    """A market as of its moment, and as it was before."""

    rounded = False

    def __init__(self, market: Market) -> None:
        self._markets = [market]
        self._read: dict[tuple[Any, ...], list[Any]] = {}

    def figures(self, field: Field, before: int) -> Column | Columns:
        known = self._read.setdefault(field.key, [])
        while len(known) <= before:
            known.append(read(field, self.back(len(known))))
        return as_columns(known[before::-1], field.many)

    def times(self, before: int) -> Column:
        now = self._markets[0].now
        return Column(np.array([now - k * MINUTE for k in range(before, -1, -1)], float))

    def back(self, minutes: int) -> Market:
        """The market so many minutes ago."""
        while len(self._markets) <= minutes:
            self._markets.append(earlier(self._markets[0], len(self._markets)))
        return self._markets[minutes]


class OfFrame:
    """All moments of a frame: from an indicator's own columns where it has them, else read moment by moment."""

    rounded = True

    def __init__(self, frame: Frame, chosen: Mapping[str, Any], wanted: Sequence[tuple[Field, int]]) -> None:
        self._frame = frame
        self._chosen = chosen
        self._wanted = wanted
        """Fields that are read moment by moment, and how far back: all in one walk."""

    def figures(self, field: Field, before: int) -> Column | Columns:
        frame = self._frame.earlier(before)
        made = frame.once(("figures", field.key), lambda: self._made(field, frame))
        if made is not None:
            found: Column | Columns = made
            return found
        rows = self._walked(field, before)
        return as_columns(rows, field.many)

    def times(self, before: int) -> Column:
        first = self._frame.start - before * MINUTE
        return Column(first + MINUTE * np.arange(self._frame.count + before, dtype=float))

    def _made(self, field: Field, frame: Frame) -> Column | Columns | None:
        """By the indicator's `columns`; None where it has none, or none for this field."""
        chosen = self._chosen.get(field.indicator)
        if chosen is None or field.where == "price" or field.steps[0].name == "coverage":
            return None
        columns = chosen.offer.columns
        if columns is None:
            return None
        settings = {**chosen.settings, **dict(field.settings)}
        if field.where == "pair":
            return _column(field, columns(frame, **settings), frame.count)
        lanes = frame.lanes(field.kind)  # type: ignore[arg-type]
        if field.where == "merged":
            whole = frame.whole(field.kind)  # type: ignore[arg-type]
            return None if whole is None else _column(field, columns(whole, **settings), frame.count)
        if any(name not in lanes for name in field.venues):
            return None
        named = {name: lanes[name] for name in field.venues or lanes}
        made = {name: _column(field, columns(lane, **settings), frame.count) for name, lane in named.items()}
        if any(not isinstance(each, Column) for each in made.values()):
            return None
        return made if field.many else next(iter(made.values()))  # type: ignore[return-value]

    def _walked(self, field: Field, before: int) -> list[Any]:
        """What is read at each moment, once a frame for all fields that need it."""
        frame = self._frame
        walks: dict[tuple[Any, ...], dict[int, Any]] = frame.once("walks", dict)
        due = [(each, back) for each, back in self._wanted if each.key not in walks]
        if field.key not in walks and all(each.key != field.key for each, _ in due):
            due.append((field, before))
        if due:
            deepest = max(back for _, back in due)
            for i in range(-deepest, frame.count):
                market = frame.market(i)
                for each, back in due:
                    if i >= -back:
                        walks.setdefault(each.key, {})[i] = read(each, market)
        return [walks[field.key][i] for i in range(-before, frame.count)]


def as_columns(rows: Sequence[Any], many: bool) -> Column | Columns:
    """What was read at each moment as a column, or as one by name."""
    if not many:
        return Column(_array(rows))
    names = dict.fromkeys(name for row in rows for name in (row or {}))
    return {name: Column(_array([row.get(name) if row else None for row in rows])) for name in names}


def _array(values: Sequence[Known]) -> Any:
    if any(isinstance(each, str) for each in values):
        return np.array(values, object)
    return np.array([np.nan if each is None else each for each in values], float)


def _column(field: Field, found: Mapping[str, Any], count: int) -> Column | None:
    """Figures of an indicator's columns where enough was covered."""
    figures = found.get(field.path)
    if figures is None or len(figures) != count:
        return None
    enough = found["coverage"] >= field.least
    return Column(np.asarray(np.where(enough, figures, None if figures.dtype == object else np.nan)))


def earlier(market: Market, minutes: int) -> Market:
    """The market so many minutes before: what it knew is read from what the later one has read."""
    now = market.now - minutes * MINUTE
    views = [replace(view, now=now, source=_Earlier(view)) for view in market.views]
    return replace(market, now=now, views=views)


class _Earlier:
    """A later view's rows as a source: the minutes are read once, whatever number of moments looks at them."""

    def __init__(self, view: View) -> None:
        self._view = view

    def bars(self, instrument: Any, start: int, end: int, *, levels: bool = False) -> Any:
        return self._view.between(start, end, levels=levels)

    def profile(self, instrument: Any, start: int, end: int) -> Any:
        return self._view.profile(start, end)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        found: Callable[..., Any] = getattr(self._view.source, name)
        return found
