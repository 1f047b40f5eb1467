"""Of a profile's rows: the point of control, the value area, and rows of high and low volume."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

Method = Literal["two_row", "one_row"]


def control(volume: Sequence[int]) -> int:
    """The row with most volume; of equal ones the nearest to the middle, then towards more volume, then the lower."""
    most, last = max(volume), len(volume) - 1
    ties = [row for row, each in enumerate(volume) if each == most]
    if len(ties) == 1:
        return ties[0]
    near = min(abs(2 * row - last) for row in ties)
    ties = [row for row in ties if abs(2 * row - last) == near]
    if len(ties) == 2 and sum(volume[(last + 2) // 2 :]) > sum(volume[: (last + 1) // 2]):
        return ties[1]
    return ties[0]


def value_area(volume: Sequence[int], poc: int, percent: float, method: Method = "two_row") -> tuple[int, int]:
    """First and last row of the value area: from the POC outwards until it holds `percent` of the volume.

    two_row (CBOT): the larger of the next two rows above and the next two below, together; one row left on a side
    competes with the other side's two. one_row: one row a step. Of equal sides the upper.
    """
    share = Fraction(str(percent)) / 100
    # the least whole volume that is enough
    enough, step = -(-sum(volume) * share.numerator // share.denominator), 2 if method == "two_row" else 1
    low = high = poc
    last = len(volume) - 1
    inside, above, below = volume[poc], None, None
    while inside < enough and (low > 0 or high < last):
        if above is None:
            above = sum(volume[high + 1 : high + 1 + step]) if high < last else -1
        if below is None:
            below = sum(volume[max(0, low - step) : low]) if low > 0 else -1
        if above >= below:
            inside, above = inside + above, None
            high = min(high + step, last)
        else:
            inside, below = inside + below, None
            low = max(low - step, 0)
    return low, high


def nodes(volume: Sequence[int], poc: int) -> tuple[list[int], list[int]]:
    """Rows of high and of low volume: extremes of the profile smoothed over 3 rows.

    Their prominence is at least a tenth of the POC's volume.
    """
    padded = [0, *volume, 0]
    smooth = [sum(padded[row : row + 3]) for row in range(len(volume))]
    # three rows are summed, not averaged: a tenth of the POC's volume is 3/10 of it here
    least = -(-3 * volume[poc] // 10)
    high = [row - 1 for row in _peaks([0, *smooth, 0], least)]
    low = _peaks([-each for each in smooth], least)
    return high, low


def _peaks(heights: Sequence[int], least: int) -> list[int]:
    """Inner local maxima (the middle of a flat one) with at least that prominence, ascending."""
    found = []
    row, last = 1, len(heights) - 1
    while row < last:
        end = row
        while end < last and heights[end + 1] == heights[row]:
            end += 1
        stands_out = heights[row - 1] < heights[row] and end < last and heights[end + 1] < heights[row]
        if stands_out and _falls(heights, row, -1, least) and _falls(heights, end, 1, least):
            found.append((row + end) // 2)
        row = end + 1
    return found


def _falls(heights: Sequence[int], row: int, step: int, least: int) -> bool:
    """Whether it goes down at least so far from a peak before it goes up higher than the peak."""
    top = heights[row]
    floor = top - least
    while 0 <= row < len(heights) and heights[row] <= top:
        if heights[row] <= floor:
            return True
        row += step
    return False
