"""What a result puts into the tables of a report, as plain data."""

from dataclasses import dataclass
from typing import Literal

from coinmon.model.signal import Text

CellStyle = Literal["", "up", "down"]


@dataclass(frozen=True, slots=True)
class SummaryCell:
    """One figure, under the name of its column.

    place: in the table of the markets, or in a line of the venues below it, which has the indicator's name.
    starred: it gets a star where not all of the result's time was seen. note: explains the column, the same for all.
    order: columns stand from the smallest to the largest.
    """

    name: Text
    text: str
    style: CellStyle = ""
    place: Literal["markets", "venues"] = "markets"
    starred: bool = False
    note: Text | None = None
    order: int = 50
