"""TPO, the market profile: how long each price was traded, in letters."""

import math
from typing import Annotated, Any, Literal

from pydantic import Field

from coinmon.indicator import (
    DEFAULT_SESSIONS,
    MINUTE,
    Bilingual,
    Level,
    Moment,
    Panel,
    Result,
    Rows,
    SeenReport,
    Text,
    View,
    hookimpl,
    moment,
    say,
)
from coinmon_indicators._days import Date, DaySpan, SessionText, State, TimeZone, chosen_day, day_span, session_spans
from coinmon_indicators._figures import because, plain, price
from coinmon_indicators._profile import bin_of, with_levels
from coinmon_indicators._value_area import Method
from coinmon_indicators.profile._tpo import Letters
from coinmon_indicators.profile._tpo_figures import Period, Print, Sheet, TpoRow, brackets_of
from coinmon_indicators.profile._window import BinSetting

_PANEL_ROWS = 32
"""Rows of the panel at most: those of more are drawn taller than a screen."""


class Tpo(Result):
    """The market profile of a day or a session."""

    instrument: str = Field(description="instrument id")
    currency: str = Field(description="quote currency that money and prices are in")
    date: str = Field(description="the day, in the time zone of days and sessions")
    session: str = Field(description="the session, or all for the whole day")
    start: Moment = Field(description="when it begins")
    end: Moment = Field(description="when it ends, exclusive")
    state: State = Field(description="developing: not over at the moment asked about; done")
    period_minutes: int = Field(description="length of a bracket, minutes")
    bin_size: float | None = Field(default=None, description="height of a row, quote currency")
    rows: int | None = Field(default=None, description="rows from the lowest to the highest price traded")
    high: float | None = Field(default=None, description="highest price traded, quote currency")
    low: float | None = Field(default=None, description="lowest price traded, quote currency")
    use_volume_for_va: bool = Field(description="whether poc, vah and val are by volume; else by letters")
    poc: float | None = Field(default=None, description="point of control: lower edge of its row, quote currency")
    vah: float | None = Field(default=None, description="value area high: upper edge, quote currency")
    val: float | None = Field(default=None, description="value area low: lower edge, quote currency")
    tpo_poc: float | None = Field(default=None, description="row with most letters: lower edge, quote currency")
    tpo_vah: float | None = Field(default=None, description="upper edge of the value area by letters")
    tpo_val: float | None = Field(default=None, description="lower edge of the value area by letters")
    vpoc: float | None = Field(default=None, description="row with most quote volume: lower edge, quote currency")
    vvah: float | None = Field(default=None, description="upper edge of the value area by quote volume")
    vval: float | None = Field(default=None, description="lower edge of the value area by quote volume")
    volume_minutes: int = Field(default=0, description="minutes whose volume at each price is known")
    ib_high: float | None = Field(
        default=None,
        description="initial balance: highest price of the first brackets; None where not all of them was seen",
    )
    ib_low: float | None = Field(
        default=None,
        description="initial balance: lowest price of the first brackets; None where not all of them was seen",
    )
    ib_state: State | None = Field(default=None, description="developing: its brackets are not over")
    ib_extension_up: float | None = Field(default=None, description="range above the IB, in multiples of the IB")
    ib_extension_down: float | None = Field(default=None, description="range below the IB, in multiples of the IB")
    tpo_above_poc: int | None = Field(default=None, description="letters above the row with most letters")
    tpo_below_poc: int | None = Field(default=None, description="letters below it")
    rotation_factor: int | None = Field(default=None, description="higher less lower highs and lows of closed brackets")
    buying_tail: Print | None = Field(default=None, description="single prints at the low, closed brackets only")
    selling_tail: Print | None = Field(default=None, description="single prints at the high, closed brackets only")
    poor_high: bool | None = Field(default=None, description="two letters or more at the highest row")
    poor_low: bool | None = Field(default=None, description="two letters or more at the lowest row")
    single_prints: list[Print] = Field(default_factory=list, description="rows with one letter inside the profile")
    periods: list[Period] = Field(default_factory=list, description="the brackets in which something traded")
    levels: list[TpoRow] = Field(default_factory=list, description="rows, ascending, where asked for")
    levels_dropped: int = Field(default=0, description="rows with letters that were left out, those with fewest")

    def line(self, lang: str) -> str:
        zh = lang == "zh"
        text = f"TPO POC {price(self.tpo_poc)} VA {price(self.tpo_val)}-{price(self.tpo_vah)}"
        text += f"  vPOC {price(self.vpoc)}  IB {price(self.ib_low)}-{price(self.ib_high)}"
        if self.ib_extension_up is not None:
            text += f" (↑{plain(self.ib_extension_up, 1)} ↓{plain(self.ib_extension_down, 1)})"
        marks = (
            (self.selling_tail, "卖尾", "selling tail"), (self.buying_tail, "买尾", "buying tail"),
            (self.poor_high, "弱高点", "poor high"), (self.poor_low, "弱低点", "poor low"),
        )  # fmt: skip
        said = [words[0] if zh else words[1] for there, *words in marks if there]
        text += f"  {', '.join(said)}" if said else ""
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def panel(self, subject: View) -> Panel | None:
        """Letters by row, few enough for a screen; a bracket prints in each row that its range touches."""
        if self.bin_size is None or not self.rows or not self.periods:
            return None
        height = self.bin_size * math.ceil(self.rows / _PANEL_ROWS)
        first = math.floor(min(each.low for each in self.periods) / height)
        last = math.floor(max(each.high for each in self.periods) / height)
        low = [float(f"{row * height:.12g}") for row in range(first, last + 1)]
        letters = [
            "".join(each.letter for each in self.periods if each.low < edge + height and each.high >= edge)
            for edge in low
        ]
        name = Text("字母", "letters")
        rows = Rows(name, low, height, [len(each) for each in letters], "muted", letters)
        # of the rows that are shown, and in its middle
        most = max(zip(map(len, letters), low, strict=True))[1]
        lines = [Level("POC", most + height / 2, "accent")]
        lines += [Level("IB", edge) for edge in (self.ib_high, self.ib_low) if edge is not None]
        return Panel(Text("TPO 市场轮廓", "TPO"), [rows, *lines], "own", order=82)


def tpo(
    view: View,
    *,
    date: Annotated[Date | None, Field(description="the day; null: today")] = None,
    session: Annotated[str, Field(description="one session by name, or all: the whole day")] = "all",
    sessions: SessionText = DEFAULT_SESSIONS,
    timezone: TimeZone = "UTC",
    period_minutes: Annotated[int, Field(gt=0, le=1440, description="length of a bracket, minutes")] = 30,
    bin_size: BinSetting = None,
    value_area_percent: Annotated[float, Field(gt=0, le=100, description="share of letters or volume in it, %")] = 70.0,
    method: Annotated[Method, Field(description="two_row (CBOT) or one_row a step")] = "two_row",
    use_volume_for_va: Annotated[bool, Field(description="poc, vah and val by quote volume, else by letters")] = True,
    include_levels: Annotated[bool, Field(description="list the rows")] = False,
    max_levels: Annotated[int, Field(gt=0, description="most rows to list: those with most letters")] = 240,
    include_periods: Annotated[bool, Field(description="list the brackets with their own volume profiles")] = True,
    include_single_prints: Annotated[bool, Field(description="list single prints")] = True,
    single_prints: Annotated[
        Literal["compact", "full"], Field(description="compact: adjacent rows as one range; full: each row")
    ] = "compact",
    tail_min_length: Annotated[int, Field(gt=0, description="fewest single prints that make a tail")] = 2,
    ib_periods: Annotated[int, Field(gt=0, description="brackets of the initial balance")] = 2,
) -> Tpo:
    """The market profile: which prices were traded in which half hour, and what that says of the auction.

    A bracket prints its letter in each row that its low..high range touches. Initial balance: the first brackets.
    Single prints: rows with one letter inside the profile; at an extreme they are a tail, never from the developing
    bracket. Poor high or low: two letters or more at the extreme. Rotation factor: +1 for each higher high and higher
    low of a closed bracket against the one before, -1 for each lower one. Source: J. Dalton, Mind over Markets.
    """
    day = chosen_day(date, view.now, timezone)
    named = {each.name: each for each in session_spans(day, sessions, timezone)}
    span = day_span(day, timezone, "all") if session == "all" else named.get(session)
    reasons = (
        []
        if span
        else [
            Bilingual(
                f"没有时段 {session}；现有 {'、'.join(named)}",
                f"there is no session {session}; there are {', '.join(named)}",
            )
        ]
    )
    span = span or DaySpan(session, view.end, view.end)
    bars = view.between(span.start, span.end, levels=True)
    brackets = brackets_of(bars, span, period_minutes * MINUTE, view.end)
    figures: dict[str, Any] = {}
    try:
        if brackets:
            low, high = min(each.low for each in brackets), max(each.high for each in brackets)
            letters = Letters(brackets, bin_of(bin_size, bars.tick_size, low, high))
            sheet = Sheet(view.instrument, bars, span, period_minutes * MINUTE, letters, value_area_percent, method)
            figures = sheet.markers() | sheet.auction(ib_periods, tail_min_length, view.end)
            by = "v" if use_volume_for_va else "tpo_"
            figures |= {name: figures.get(by + name) for name in ("poc", "vah", "val")}
            if include_single_prints:
                figures["single_prints"] = sheet.single_prints(compact=single_prints == "compact")
            if include_levels:
                figures |= sheet.levels(max_levels)
            if include_periods:
                figures["periods"] = sheet.periods()
        elif not reasons:
            reasons.append(
                Bilingual(
                    f"自 {moment(span.start):%Y-%m-%dT%H:%MZ} 起没有已知成交",
                    f"nothing is known to have traded since {moment(span.start):%Y-%m-%dT%H:%MZ}",
                )
            )
    except ValueError as error:
        reasons.append(error.args[0])
    counted = int(with_levels(bars).sum())
    if len(bars) > counted:
        reasons.append(
            Bilingual(
                f"{len(bars)} 分钟中有 {len(bars) - counted} 分钟没有逐价成交量",
                f"{len(bars) - counted} of {len(bars)} minutes have no volume at known prices",
            )
        )
    by_what = "quote volume" if use_volume_for_va else "letters"
    return Tpo(
        as_of=moment(view.now),
        coverage=SeenReport.of(view.seen(bars)),
        convention=f"{period_minutes} min brackets; POC and value area by {by_what}, {value_area_percent:g}%, "
        f"{method.replace('_', '-')} steps; tails of {tail_min_length}",
        reason=because(reasons),
        instrument=view.instrument.id,
        currency=view.instrument.quote,
        date=day.isoformat(),
        session=session,
        start=moment(span.start),
        end=moment(span.end),
        state=span.state(view.end),
        period_minutes=period_minutes,
        use_volume_for_va=use_volume_for_va,
        volume_minutes=counted,
        **figures,
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("tpo", tpo, merges=True)
