"""Numbers of one place in many lines as small differences: from the number before, or from another one of the line."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Form:
    """How a column was made small: less another column (its place among `known`), or less the row before."""

    less: int | None = None
    running: bool = False

    def told(self) -> list[int]:
        return [-1 if self.less is None else self.less, int(self.running)]

    @classmethod
    def read(cls, told: Sequence[int]) -> "Form":
        return cls(None if told[0] < 0 else told[0], bool(told[1]))


@dataclass(frozen=True, slots=True)
class Grouping:
    """Rows in the order of what they are about. order: row numbers; first: which of these begin a group."""

    order: Ints
    first: npt.NDArray[np.bool_]

    @classmethod
    def by(cls, groups: Ints) -> "Grouping":
        order = np.argsort(groups, kind="stable")
        ordered = groups[order]
        return cls(order, np.concatenate(([True], ordered[1:] != ordered[:-1])) if len(order) else np.zeros(0, bool))

    def back(self, ordered: Ints) -> Ints:
        rows = np.empty_like(ordered)
        rows[self.order] = ordered
        return rows


def best_form(values: Ints, known: Sequence[Ints], grouping: Grouping) -> Form:
    forms = [Form(), Form(running=True), *(Form(place) for place in range(len(known)))]
    return min(forms, key=lambda form: cost(applied(form, values, known, grouping)))


def applied(form: Form, values: Ints, known: Sequence[Ints], grouping: Grouping) -> Ints:
    """In the order of the groups; what is too large wraps around, and back again."""
    ordered = (values if form.less is None else values - known[form.less])[grouping.order]
    if not form.running:
        return ordered
    before = np.concatenate(([0], ordered[:-1])) if len(ordered) else ordered
    return ordered - np.where(grouping.first, 0, before)


def restored(form: Form, small: Ints, known: Sequence[Ints], grouping: Grouping) -> Ints:
    if form.running and len(small):
        total = np.cumsum(small)
        # a group's first is whole: what came before it is taken off again
        starts = np.flatnonzero(grouping.first)
        small = total - np.repeat(total[starts] - small[starts], np.diff(np.append(starts, len(small))))
    rows = grouping.back(small)
    return rows if form.less is None else rows + known[form.less]


def cost(small: Ints) -> float:
    """About the bits that it takes."""
    return float(np.log2(np.abs(small.astype(np.float64)) * 2 + 1).sum())


def planes(small: Ints) -> list[bytes]:
    """Bytes of the same weight together, the lowest first; as many as the largest number needs."""
    folded = ((small << 1) ^ (small >> 63)).astype("<u8")
    width = (int(folded.max()).bit_length() + 7) // 8 if len(folded) else 0
    bytes_ = folded.view(np.uint8).reshape(len(folded), 8)
    return [bytes_[:, place].tobytes() for place in range(width)]


def from_planes(found: Sequence[bytes], count: int) -> Ints:
    bytes_ = np.zeros((count, 8), np.uint8)
    for place, plane in enumerate(found):
        bytes_[:, place] = np.frombuffer(plane, np.uint8)
    folded = bytes_.view("<u8").reshape(count)
    return (folded >> np.uint64(1)).astype(np.int64) ^ -(folded & np.uint64(1)).astype(np.int64)
