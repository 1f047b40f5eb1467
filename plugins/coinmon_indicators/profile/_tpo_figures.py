"""What a sheet of letters and the volume beside it say, in prices."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from coinmon.indicator import MINUTE, Bars, Coverage, Instrument, Moment, moment
from coinmon_indicators._days import DaySpan, State
from coinmon_indicators._profile import Profile, profile_of
from coinmon_indicators._value_area import Method, control, value_area
from coinmon_indicators.profile._tpo import Bracket, Letters, Run, letter, rotation


class Print(BaseModel):
    """A row, or adjacent rows, with their letters."""

    model_config = ConfigDict(frozen=True)

    low: float = Field(description="lower edge, quote currency")
    high: float = Field(description="upper edge, quote currency")
    letters: str = Field(description="the letters printed there, from the lowest row up")


class TpoRow(Print):
    """One row of the profile."""

    count: int = Field(description="letters in the row")
    quote_volume: float = Field(description="volume in the row, quote currency")


class Period(BaseModel):
    """One bracket and its own volume profile."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")

    letter: str
    start: Moment
    state: State = Field(description="developing: not over at the moment asked about; done")
    high: float = Field(description="highest price traded, quote currency")
    low: float = Field(description="lowest price traded, quote currency")
    quote_volume: float | None = Field(description="volume at known prices, quote currency")
    vpoc: float | None = Field(description="row with most quote volume: its lower edge, quote currency")
    vah: float | None = Field(description="upper edge of its value area, quote currency")
    val: float | None = Field(description="lower edge of its value area, quote currency")


def brackets_of(bars: Bars, span: DaySpan, step: int, end: int) -> list[Bracket]:
    """The brackets of dense minutes in which something is known to have traded; `end`: of the last closed minute."""
    traded = (bars.low > 0) & ~(bars.volume == 0)
    number = (bars.time[traded] - span.start) // step
    first = np.flatnonzero(np.diff(number, prepend=-1))
    if not len(first):
        return []
    low, high = np.minimum.reduceat(bars.low[traded], first), np.maximum.reduceat(bars.high[traded], first)
    return [
        Bracket(each, below, above, min(span.start + (each + 1) * step, span.end) <= end)
        for each, below, above in zip(number[first].tolist(), low.tolist(), high.tolist(), strict=True)
    ]


class Sheet:
    """Letters of a span's brackets (of `step` ms) and its dense minutes with levels."""

    def __init__(
        self,
        instrument: Instrument,
        bars: Bars,
        span: DaySpan,
        step: int,
        letters: Letters,
        percent: float,
        method: Method,
    ) -> None:
        self._instrument = instrument
        self._bars = bars
        self._span = span
        self._step = step
        self._letters = letters
        self._percent = percent
        self._method: Method = method

    @cached_property
    def _volume(self) -> Profile | None:
        return self._profile(self._bars)

    def _profile(self, bars: Bars) -> Profile | None:
        return profile_of(bars.profile(), self._instrument, self._bin, "quote")

    @property
    def _bin(self) -> float:
        return float(self._bars.tick_size * self._letters.bin_ticks)

    def _price(self, ticks: int) -> float:
        return float(self._bars.tick_size * ticks)

    def _edge(self, row: int) -> float:
        return self._price((self._letters.first + row) * self._letters.bin_ticks)

    def _print(self, run: Run | None) -> Print | None:
        if run is None:
            return None
        rows = self._letters.rows[run.first : run.last + 1]
        names = dict.fromkeys(letter(each.number) for row in rows for each in row)
        return Print(low=self._edge(run.first), high=self._edge(run.last + 1), letters="".join(names))

    def markers(self) -> dict[str, Any]:
        """POC and value area by letters and by quote volume."""
        letters, counts = self._letters, self._letters.counts
        poc = control(counts)
        low, high = value_area(counts, poc, self._percent, self._method)
        figures: dict[str, Any] = {
            "bin_size": self._bin,
            "rows": len(counts),
            "high": self._price(max(each.high for each in letters.brackets)),
            "low": self._price(min(each.low for each in letters.brackets)),
            "tpo_poc": self._edge(poc),
            "tpo_vah": self._edge(high + 1),
            "tpo_val": self._edge(low),
            "tpo_above_poc": sum(counts[poc + 1 :]),
            "tpo_below_poc": sum(counts[:poc]),
        }
        vpoc, vah, val, _ = self._area(self._volume)
        return figures | {"vpoc": vpoc, "vvah": vah, "vval": val}

    def _area(self, profile: Profile | None) -> tuple[float | None, float | None, float | None, float | None]:
        """POC, value area high and low, and volume."""
        if profile is None:
            return None, None, None, None
        volume = profile.exact
        poc = control(volume)
        low, high = value_area(volume, poc, self._percent, self._method)
        return profile.edge(poc), profile.edge(high + 1), profile.edge(low), profile.amount(float(profile.volume.sum()))

    def auction(self, ib_periods: int, tail: int, end: int) -> dict[str, Any]:
        """Initial balance, extensions, tails, extremes and rotation."""
        letters, brackets = self._letters, self._letters.brackets
        figures: dict[str, Any] = {
            "rotation_factor": rotation(brackets),
            "selling_tail": self._print(letters.tail(tail, top=True)),
            "buying_tail": self._print(letters.tail(tail, top=False)),
            "poor_high": letters.poor(top=True),
            "poor_low": letters.poor(top=False),
        }
        initial = [each for each in brackets if each.number < ib_periods]
        first = self._bars[: ib_periods * self._step // MINUTE]
        if not initial or (first.coverage == Coverage.MISSING).any():
            return figures
        low, high = min(each.low for each in initial), max(each.high for each in initial)
        over = min(self._span.start + ib_periods * self._step, self._span.end) <= end
        figures |= {
            "ib_high": self._price(high), "ib_low": self._price(low), "ib_state": "done" if over else "developing",
        }  # fmt: skip
        if over and high > low:
            above = max(each.high for each in brackets) - high
            below = low - min(each.low for each in brackets)
            figures |= {"ib_extension_up": above / (high - low), "ib_extension_down": below / (high - low)}
        return figures

    def single_prints(self, *, compact: bool) -> list[Print]:
        """Ascending; a range for each run of rows, or every row."""
        runs: Sequence[Run] = self._letters.single_prints()
        if not compact:
            runs = [Run(row, row) for run in runs for row in range(run.first, run.last + 1)]
        return [found for run in runs if (found := self._print(run))]

    def levels(self, most: int) -> dict[str, Any]:
        """Rows with letters, ascending: at most so many, those with most letters; of equal ones the lower."""
        counts = self._letters.counts
        filled = [row for row, count in enumerate(counts) if count]
        kept = sorted(sorted(filled, key=lambda row: -counts[row])[:most])
        return {"levels": [self._row(row) for row in kept], "levels_dropped": len(filled) - len(kept)}

    def _row(self, row: int) -> TpoRow:
        volume, at = self._volume, self._letters.first + row
        amount = 0.0
        if volume is not None and 0 <= at - volume.first < len(volume):
            amount = volume.amount(float(volume.volume[at - volume.first]))
        names = "".join(letter(each.number) for each in self._letters.rows[row])
        count = len(self._letters.rows[row])
        return TpoRow(low=self._edge(row), high=self._edge(row + 1), letters=names, count=count, quote_volume=amount)

    def periods(self) -> list[Period]:
        """Every bracket with its own volume profile."""
        found = []
        minutes = self._step // MINUTE
        for each in self._letters.brackets:
            profile = self._profile(self._bars[each.number * minutes : (each.number + 1) * minutes])
            vpoc, vah, val, volume = self._area(profile)
            found.append(
                Period(
                    letter=letter(each.number), start=moment(self._span.start + each.number * self._step),
                    state="done" if each.closed else "developing", high=self._price(each.high),
                    low=self._price(each.low), quote_volume=volume, vpoc=vpoc, vah=vah, val=val,
                )
            )  # fmt: skip
        return found
