"""Columns of known and unknown figures, and the arithmetic and logic over them: unknown is never true.

A column's last axis is the moments, a minute apart. Numbers, times (ms UTC) and flags (1 true, 0 false) are floats, NaN
where unknown; texts are objects, None where unknown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FigureArray = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]
NEAR = 1e-7
"""Relative: a comparison of sums nearer than this is asked again of the exact figures."""
_LEAST_KNOWN = 0.95
"""Share of a window's moments that a mean, a slope or a rank needs."""


@dataclass(frozen=True, slots=True)
class Column:
    """unsure: where a comparison in it was too near to call; None: nowhere.

    exact: read one by one the figures are the same to the last bit; sums of columns are rounded otherwise.
    """

    figures: FigureArray
    unsure: Mask | None = None
    exact: bool = False


Columns = Mapping[str, Column]
"""One by venue, or by the name of each element of a list."""


def known(figures: FigureArray) -> Mask:
    if figures.dtype == object:
        return np.array([each is not None for each in figures.ravel()], np.bool_).reshape(figures.shape)
    return ~np.isnan(figures)


def unsure(*columns: Column) -> Mask | None:
    some = [each.unsure for each in columns if each.unsure is not None]
    return np.logical_or.reduce(np.broadcast_arrays(*some)) if some else None


def compare(operator: str, left: Column, right: Column, rounded: bool) -> Column:
    """rounded: figures that are not exact are rounded otherwise than one by one."""
    a, b = left.figures, right.figures
    with np.errstate(invalid="ignore"):
        said = np.asarray(_COMPARES[operator](a, b), np.float64)
        near = (
            np.abs(a - b) <= NEAR * (np.abs(a) + np.abs(b) + 1)
            if rounded and not (left.exact and right.exact)
            else None
        )
    said = np.where(known(a) & known(b), said, np.nan)
    before = unsure(left, right)
    if near is not None and near.any():
        before = near if before is None else before | near
    return Column(said, before, exact=True)


_COMPARES: dict[str, Callable[[Any, Any], Any]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


def both(columns: Sequence[Column]) -> Column:
    """False where any is false, unknown where any is unknown, else true (Kleene)."""
    return Column(_both([each.figures for each in columns]), _doubt(columns, settles=0.0), exact=True)


def either(columns: Sequence[Column]) -> Column:
    """True where any is true, unknown where any is unknown, else false."""
    return Column(1 - _both([1 - each.figures for each in columns]), _doubt(columns, settles=1.0), exact=True)


def negated(column: Column) -> Column:
    return Column(1 - column.figures, column.unsure, exact=True)


def _sure(column: Column) -> Mask:
    return np.ones_like(column.figures, np.bool_) if column.unsure is None else ~column.unsure


def _doubt(columns: Sequence[Column], settles: float) -> Mask | None:
    """Where one is unsure, and none that is sure settles it whatever that one is."""
    doubt = unsure(*columns)
    if doubt is None:
        return None
    sure = [
        each.figures == settles if each.unsure is None else (each.figures == settles) & ~each.unsure for each in columns
    ]
    return np.asarray(doubt & ~np.logical_or.reduce(np.broadcast_arrays(*sure)))


def _both(some: Sequence[FigureArray]) -> FigureArray:
    stacked = np.stack(np.broadcast_arrays(*some))
    return np.where((stacked == 0).any(axis=0), 0.0, np.where(np.isnan(stacked).any(axis=0), np.nan, 1.0))


def operate(operator: str, left: Column, right: Column) -> Column:
    """+ - * /; what is divided by 0, or too large for a number, is unknown."""
    with np.errstate(all="ignore"):
        found = _OPERATES[operator](left.figures, right.figures)
    return Column(np.where(np.isfinite(found), found, np.nan), unsure(left, right), left.exact and right.exact)


_OPERATES: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
}


def over_names(function: str, columns: Sequence[Column]) -> Column:
    """One of several, by venue: unknown where any of them is, but for what one known true or false settles."""
    if not columns:
        return Column(np.full(1, np.nan))
    if function in {"all", "any"}:
        return both(columns) if function == "all" else either(columns)
    stacked = np.stack(np.broadcast_arrays(*(each.figures for each in columns)))
    with np.errstate(all="ignore"):
        found = _OVER_NAMES[function](stacked)
    exact = function in _ADDS_NOTHING and all(each.exact for each in columns)
    return Column(np.where(np.isfinite(found), found, np.nan), unsure(*columns), exact)


_OVER_NAMES: dict[str, Callable[[Any], Any]] = {
    "sum": lambda rows: rows.sum(axis=0),
    "count": lambda rows: rows.sum(axis=0),
    "mean": lambda rows: rows.mean(axis=0),
    "max": lambda rows: rows.max(axis=0),
    "min": lambda rows: rows.min(axis=0),
    "spread": lambda rows: rows.max(axis=0) - rows.min(axis=0),
}


def over_time(function: str, column: Column, minutes: int, every: int) -> Column:
    """Of the moments up to each, at most `minutes` back and `every` apart; the first `minutes` moments are used up."""
    windows = np.lib.stride_tricks.sliding_window_view(column.figures, minutes + 1, axis=-1)
    doubt: Mask | None = None
    if column.unsure is not None:
        doubt = np.asarray(np.lib.stride_tricks.sliding_window_view(column.unsure, minutes + 1, axis=-1).any(axis=-1))
        if function in _SETTLED_BY:
            sure = _sure(column) & (column.figures == _SETTLED_BY[function])
            seen = np.lib.stride_tricks.sliding_window_view(sure, minutes + 1, axis=-1)[..., ::-every][..., ::-1]
            doubt = doubt & ~seen[..., 1:].any(axis=-1)
    with np.errstate(all="ignore"):
        found = np.asarray(_OVER_TIME[function](windows[..., ::-every][..., ::-1]), np.float64)
    exact = function in _ADDS_NOTHING and column.exact
    return Column(np.where(np.isfinite(found), found, np.nan), doubt, exact)


_SETTLED_BY = {"any": 1.0, "all": 0.0}
"""What one moment of the window decides, whatever the others are."""
_ADDS_NOTHING = {"max", "min", "spread", "all", "any", "count", "before", "change", "change_pct"}
"""Of exact figures these are exact; a count is a sum of ones."""


def _tried(rows: FigureArray, function: Callable[[FigureArray], FigureArray]) -> FigureArray:
    """`function` of rows that are known well enough; NaN stays where a moment is unknown."""
    enough = known(rows).mean(axis=-1) >= _LEAST_KNOWN
    return np.where(enough & known(rows[..., -1]), function(rows), np.nan)


def _mean(rows: FigureArray) -> FigureArray:
    """Of those known; of none: unknown."""
    with np.errstate(all="ignore"):
        return np.asarray(np.nansum(rows, axis=-1) / known(rows).sum(axis=-1))


def _slope(rows: FigureArray) -> FigureArray:
    """Least squares, a step."""
    x = np.broadcast_to(np.arange(rows.shape[-1], dtype=float), rows.shape)
    x = np.where(np.isnan(rows), np.nan, x)
    across = x - _mean(x)[..., None]
    return np.asarray(np.nansum(across * rows, axis=-1) / np.nansum(across**2, axis=-1))


def _deviations(rows: FigureArray) -> FigureArray:
    before = rows[..., :-1]
    mean = _mean(before)
    spread = np.sqrt(np.nansum((before - mean[..., None]) ** 2, axis=-1) / (known(before).sum(axis=-1) - 1))
    steady = ~(spread > 1e-9 * np.maximum(np.abs(mean), 1e-300))
    return np.where(steady, np.nan, (rows[..., -1] - mean) / np.where(steady, 1.0, spread))


def _rank(rows: FigureArray) -> FigureArray:
    before, now = rows[..., :-1], rows[..., -1:]
    below = (before < now).sum(axis=-1) + 0.5 * (before == now).sum(axis=-1)
    return np.asarray(100 * below / known(before).sum(axis=-1))


_OVER_TIME: dict[str, Callable[[Any], Any]] = {
    # of the moments after the window's beginning: the last `minutes` of them
    "max": lambda rows: rows[..., 1:].max(axis=-1),
    "min": lambda rows: rows[..., 1:].min(axis=-1),
    "sum": lambda rows: rows[..., 1:].sum(axis=-1),
    "count": lambda rows: rows[..., 1:].sum(axis=-1),
    "mean": lambda rows: _tried(rows[..., 1:], _mean),
    "all": lambda rows: _both(np.moveaxis(rows[..., 1:], -1, 0)),
    "any": lambda rows: 1 - _both(1 - np.moveaxis(rows[..., 1:], -1, 0)),
    # against the window's beginning, or all of it
    "before": lambda rows: rows[..., 0],
    "change": lambda rows: rows[..., -1] - rows[..., 0],
    "change_pct": lambda rows: 100 * (rows[..., -1] - rows[..., 0]) / np.abs(rows[..., 0]),
    "slope": lambda rows: _tried(rows, _slope),
    "z": lambda rows: _tried(rows, _deviations),
    "percentile": lambda rows: _tried(rows, _rank),
}
OVER_TIME = frozenset(_OVER_TIME)
OVER_NAMES = frozenset(_OVER_NAMES) | {"all", "any"}
