"""A stretch of each day of a frame, such as the day itself or the week before, and its figures at each moment."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from coinmon.indicator import MINUTE, Bars, Lane
from coinmon_indicators._days import DaySpan, local_days
from coinmon_indicators._profile import Mode
from coinmon_indicators.profile._area_columns import AREA_FIGURES, developing_area
from coinmon_indicators.profile._stretch_columns import (
    INITIAL_BALANCE,
    STRETCH_FIGURES,
    initial_balance,
    stretch_figures,
)
from coinmon_indicators.profile._window import Shape, area_figures

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SpansInFrame:
    """span_of: the stretch that is meant on a day. Figures are NaN before it has begun."""

    lane: Lane
    zone: str
    span_of: Callable[[date], DaySpan]

    def figures(self, mode: Mode) -> Mapping[str, Floats]:
        """Prices and flow. mode: of the profile whose minutes are counted."""
        return self.of_rows(STRETCH_FIGURES, lambda rows, closed: stretch_figures(rows, closed, mode))

    def initial_balance(self) -> Mapping[str, Floats]:
        """Prices of its first hour."""
        return self.of_rows(INITIAL_BALANCE, initial_balance)

    def of_rows(
        self, names: tuple[str, ...], make: Callable[[Bars, Ints], Mapping[str, Floats]]
    ) -> Mapping[str, Floats]:
        lane, days = self.lane, list(self._days())
        made = {name: np.full(lane.count, np.nan) for name in names}
        earliest = min(span.start for *_, span in days)
        before = max(1, (lane.start - earliest) // MINUTE)
        rows, first_row = lane.bars(before), lane.start - before * MINUTE
        for first, after, span in days:
            begin, end = (
                (each - first_row) // MINUTE for each in (span.start, min(span.end, self._moments[after - 1]))
            )
            closed = self._closed(first, after, span, span.start)
            minutes = rows[begin : max(begin, end)]
            self._take(made, make(minutes, closed), first, after, span)
        return made

    def area(self, shape: Shape) -> Mapping[str, Any]:
        """Its profile; None each where it has to be worked out moment by moment."""
        made = {name: np.full(self.lane.count, np.nan) for name in AREA_FIGURES}
        for first, after, span in self._days():
            found = self._area(first, after, span, shape)
            if found is None:
                return dict.fromkeys(AREA_FIGURES)
            self._take(made, found, first, after, span)
        return made

    def _area(self, first: int, after: int, span: DaySpan, shape: Shape) -> Mapping[str, Any] | None:
        now = int(self._moments[first])
        try:
            view = self.lane.view(first)
        except LookupError:
            return None
        if span.end <= now:
            area = area_figures(view, span, shape, [])[1]
            return {name: np.full(after - first, area.get(name, np.nan), float) for name in AREA_FIGURES}
        if shape.mode != "raw":
            return None
        since = max(span.start, now)
        until = max(since, min(span.end, int(self._moments[after - 1])))
        minutes = self.lane.view(after - 1).between(since, until, levels=True)
        found = developing_area(view.profile(span.start, now), minutes, view.instrument, shape)
        closed = self._closed(first, after, span, since)
        return found and {name: found[name][closed] for name in AREA_FIGURES}

    def _closed(self, first: int, after: int, span: DaySpan, since: int) -> Ints:
        """How many of its minutes from `since` on have closed, at moments first to after - 1."""
        return np.asarray(np.maximum(0, np.minimum(self._moments[first:after], span.end) - since) // MINUTE)

    def _take(self, made: dict[str, Floats], found: Mapping[str, Any], first: int, after: int, span: DaySpan) -> None:
        begun = self._moments[first:after] >= span.start
        for name, each in made.items():
            each[first:after] = np.where(begun, found[name], np.nan)

    def _days(self) -> Iterator[tuple[int, int, DaySpan]]:
        for first, after, day in local_days(self._moments, self.zone):
            yield first, after, self.span_of(day)

    @property
    def _moments(self) -> Ints:
        return self.lane.start + MINUTE * np.arange(self.lane.count, dtype=np.int64)
