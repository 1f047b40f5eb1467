"""How a result draws itself: marks in plain data, which the reports turn into charts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from coinmon.model.signal import Text

Tone = Literal["up", "down", "plain", "accent", "second", "third", "muted"]
"""What a colour says; light and dark pages have their own shades. `up` and `down` are buying and selling."""

Place = Literal["price", "under", "beside", "time", "own"]
"""Where a panel is drawn: over the candles; under them, an instrument at a time (what rests in the books); beside them
on the same price axis; below them on the same time axis (of an indicator without a result for the pair: every
instrument's in one chart); in a chart of its own."""

Name = str | Text
Figures = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Line:
    """A line through values over time; None is a gap.

    through: it joins points that are far apart on purpose (swings, a level of a session); any other line is broken
    where nothing was seen between two of its points.
    """

    name: Name
    time: Sequence[datetime]
    value: Figures
    tone: Tone = "accent"
    dashed: bool = False
    steps: bool = False
    through: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """Upright bars over time, or one for each name. Without a tone those above zero are `up`, those below `down`."""

    name: Name
    at: Sequence[datetime] | Sequence[str]
    value: Figures
    tone: Tone | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """Bars that lie at prices, those of one panel end to end: `low` are their lower edges, `height` is each one's."""

    name: Name
    low: Sequence[float]
    height: float
    value: Figures
    tone: Tone = "muted"
    text: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Level:
    """A price; drawn from `since` on, or all the way."""

    name: Name
    price: float
    tone: Tone = "muted"
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """A stretch of time and prices."""

    name: Name
    start: datetime
    end: datetime
    low: float
    high: float
    tone: Tone = "muted"


@dataclass(frozen=True, slots=True)
class Points:
    """Marks at times and values, each with a short text."""

    name: Name
    time: Sequence[datetime]
    value: Figures
    text: Sequence[Name] = ()
    tone: Tone = "accent"
    shape: Literal["circle", "up", "down", "cross"] = "circle"


@dataclass(frozen=True, slots=True)
class Cells:
    """A matrix of values, a row for each y: shades from nothing to much, or (`signed`) of selling and buying.

    x: names, or the start of each column's time, which ends where the next begins. y: names, or lower edges of rows.
    text: what to write in each cell. strong: cells that stand out, as (x, y, tone).
    """

    name: Name
    x: Sequence[datetime] | Sequence[str]
    y: Sequence[float] | Sequence[str]
    value: Sequence[Figures]
    signed: bool = False
    text: Sequence[Sequence[str]] = ()
    strong: Sequence[tuple[datetime | str, float | str, Tone]] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Figures as words."""

    head: Sequence[Name]
    rows: Sequence[Sequence[Name]]


Mark = Line | Columns | Rows | Level | Box | Points | Cells | Table


@dataclass(frozen=True, slots=True)
class Panel:
    """What `Result.panel` gives. unit: what the values are in. quiet: hidden until the reader asks for it.

    order: panels stand from the smallest to the largest; those of the core are 0 to 100. sampled: its lines are not
    made of minutes but of samples of their own, and what nobody saw is where those lack.
    """

    title: Text
    marks: Sequence[Mark]
    place: Place = "time"
    unit: str = ""
    quiet: bool = False
    order: int = 65
    sampled: bool = False
