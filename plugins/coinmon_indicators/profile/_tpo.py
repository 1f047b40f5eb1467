"""Time at price: letters on a dense grid of rows, and what is read from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from string import ascii_lowercase, ascii_uppercase

_ALPHABET = ascii_uppercase + ascii_lowercase


def letter(number: int) -> str:
    """A..Z a..z, then A1.. z1, A2.."""
    turn, place = divmod(number, len(_ALPHABET))
    return f"{_ALPHABET[place]}{turn or ''}"


@dataclass(frozen=True, slots=True)
class Bracket:
    """One period in which something traded: its number, its range in ticks, and whether it is over."""

    number: int
    low: int
    high: int
    closed: bool


@dataclass(frozen=True, slots=True)
class Run:
    """Adjacent rows with one letter each, first to last."""

    first: int
    last: int


class Letters:
    """Which bracket printed in which row; row i begins at tick (first + i) * bin_ticks."""

    def __init__(self, brackets: Sequence[Bracket], bin_ticks: int) -> None:
        self.brackets = brackets
        self.bin_ticks = bin_ticks
        self.first = min(each.low for each in brackets) // bin_ticks
        self.rows: list[list[Bracket]] = [
            [] for _ in range(max(each.high for each in brackets) // bin_ticks - self.first + 1)
        ]
        for each in brackets:
            for row in range(each.low // bin_ticks - self.first, each.high // bin_ticks - self.first + 1):
                self.rows[row].append(each)

    @property
    def counts(self) -> list[int]:
        return [len(row) for row in self.rows]

    def single_prints(self) -> list[Run]:
        """Runs of rows with one letter inside the profile: those that touch neither extreme."""
        runs, start = [], None
        for row, count in enumerate([*self.counts, 0]):
            if count == 1:
                start = row if start is None else start
            elif start is not None:
                runs.append(Run(start, row - 1))
                start = None
        return [run for run in runs if run.first > 0 and run.last < len(self.rows) - 1]

    def tail(self, least: int, *, top: bool) -> Run | None:
        """At least so many single prints from an extreme inwards, none of them of a bracket that is still forming."""
        order = range(len(self.rows) - 1, -1, -1) if top else range(len(self.rows))
        length = 0
        for row in order:
            if len(self.rows[row]) != 1 or not self.rows[row][0].closed:
                break
            length += 1
        # a profile of nothing but single prints has no body that a tail could hang from
        if length < least or length == len(self.rows):
            return None
        last = len(self.rows) - 1
        return Run(last - length + 1, last) if top else Run(0, length - 1)

    def poor(self, *, top: bool) -> bool:
        """Two or more letters at the extreme: nobody was turned away there."""
        return len(self.rows[-1 if top else 0]) >= 2


def rotation(brackets: Sequence[Bracket]) -> int:
    """+1 for each closed bracket with a higher high than the one before, -1 for a lower one; likewise for lows.

    Where the one before is not there, nothing is compared.
    """
    closed = [each for each in brackets if each.closed]
    return sum(
        (now.high > then.high) - (now.high < then.high) + (now.low > then.low) - (now.low < then.low)
        for then, now in pairwise(closed)
        if now.number == then.number + 1
    )
