"""Zones of imbalance: consecutive rows of one side, and what became of them."""

from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from coinmon.indicator import Moment, moment
from coinmon_indicators._candles import (
    Candles,
    Part,
)
from coinmon_indicators._figures import price
from coinmon_indicators._reach import Reach
from coinmon_indicators.auction._grid import Grid

Flags = npt.NDArray[np.bool_]


class Zone(Part):
    """Adjacent rows of one candle that are imbalanced to the same side."""

    time: Moment = Field(description="start of the candle")
    side: Literal["buy", "sell"]
    low: float = Field(description="lower edge of its lowest row, quote currency")
    high: float = Field(description="upper edge of its highest row, quote currency")
    rows: int = Field(description="adjacent rows in it")
    state: Literal["untested", "tested", "broken"] = Field(
        description="since its candle closed: price has not been back in it, has been, or traded through its far edge"
    )
    tested: Moment | None = Field(description="minute in which price was first back in it, or past it")
    broken: Moment | None = Field(description="minute in which price first traded beyond its far edge")


def zones_of(found: Candles, rows: Grid, sides: list[Flags], consecutive: int) -> list[Zone]:
    stacks = []
    for side, flags in zip((1, -1), sides, strict=True):
        # a run ends where a candle does
        joined = flags[1:] & flags[:-1] & (rows.candle[1:] == rows.candle[:-1])
        begins = np.flatnonzero(flags & ~np.concatenate(([False], joined)))
        ends = np.flatnonzero(flags & ~np.concatenate((joined, [False])))
        long = ends - begins + 1 >= consecutive
        stacks += [(int(rows.candle[a]), side, int(a), int(b)) for a, b in zip(begins[long], ends[long], strict=True)]
    later = Reach(found.minutes_to_now())
    made = []
    for candle, side, first, last in sorted(stacks):
        low, high = int(rows.row[first]) * rows.bin, (int(rows.row[last]) + 1) * rows.bin
        since = int(found.bars.time[candle]) + found.step
        near, far = (high - 1, low - 1) if side > 0 else (low, high)
        tested, broken = (later.reached(since, ticks, below=side > 0) for ticks in (near, far))
        edges = rows.price(np.array([rows.row[first], rows.row[last] + 1]))
        made.append(
            Zone(
                time=moment(int(found.bars.time[candle])), side="buy" if side > 0 else "sell", low=edges[0],
                high=edges[1], rows=last - first + 1, tested=None if tested is None else moment(tested),
                broken=None if broken is None else moment(broken),
                state="broken" if broken else "tested" if tested else "untested",
            )
        )  # fmt: skip
    return made


def zone_text(zone: Zone, zh: bool) -> str:
    side = {"buy": ("买区", "buy zone"), "sell": ("卖区", "sell zone")}[zone.side][0 if zh else 1]
    state = {"untested": ("未测试", "untested"), "tested": ("已测试", "tested"), "broken": ("已破", "broken")}
    return f"{side} {price(zone.low)}-{price(zone.high)} {state[zone.state][0 if zh else 1]}"
