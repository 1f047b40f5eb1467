"""Volume profile: how much traded at each price, and where most of it did."""

import math
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from coinmon.indicator import (
    MINUTE,
    Bars,
    Bilingual,
    Level,
    Moment,
    Panel,
    Rows,
    SeenReport,
    Text,
    Tone,
    View,
    hookimpl,
    moment,
    say,
)
from coinmon_indicators._days import Date, DaySpan, State, TimeZone, chosen_day, day_span, week_span
from coinmon_indicators._figures import percent, price
from coinmon_indicators._of_instrument import InstrumentResult, head
from coinmon_indicators._profile import Mode, Weight, profile_of
from coinmon_indicators._reach import naked
from coinmon_indicators._value_area import control, nodes
from coinmon_indicators.profile._volume_columns import columns
from coinmon_indicators.profile._window import (
    Area,
    BinSetting,
    MethodSetting,
    ModeSetting,
    PercentSetting,
    ProfileRow,
    SecondsSetting,
    Shape,
    WeightSetting,
    area_figures,
    largest_rows,
    named,
    shortfall,
)

ProfilePeriod = Literal["day", "previous_day", "week", "previous_week", "window"]
_SIDES: tuple[tuple[int, Text, Tone], ...] = ((1, Text("买入", "buys"), "up"), (-1, Text("卖出", "sells"), "down"))
_ZH = {"day": "今日", "previous_day": "昨日", "week": "本周", "previous_week": "上周", "window": "区间"}


class NakedPoc(BaseModel):
    """The POC of an earlier day that was not traded since."""

    model_config = ConfigDict(frozen=True)

    date: str = Field(description="the day, in the time zone of the days")
    poc: float = Field(description="lower edge of the row, quote currency")
    poc_high: float = Field(description="upper edge of the row, quote currency")
    seen_since: float = Field(description="share of the minutes since that day that were seen, 0 to 1")


class VolumeProfile(Area, InstrumentResult):
    """Volume at price over a stretch of time."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")

    glance: ClassVar[Literal["", "line", "rows", "levels"]] = "rows"

    period: ProfilePeriod = Field(description="which stretch of time")
    start: Moment = Field(description="when it begins")
    end: Moment = Field(description="when it ends, exclusive")
    state: State = Field(description="developing: not over at the moment asked about; done")
    weight: Weight = Field(description="what volume is counted in: base units or quote currency")
    mode: Mode = Field(description="raw: exact volume at each price; synthetic: spread over each bar's range")
    value_area_pct: float = Field(description="share of the volume that the value area is to hold, %")
    hvn: list[float] = Field(description="high-volume nodes: lower edges of their rows, ascending, quote currency")
    lvn: list[float] = Field(description="low-volume nodes: lower edges of their rows, ascending, quote currency")
    naked_pocs: list[NakedPoc] = Field(description="POCs of earlier days not traded since, newest first")
    levels: list[ProfileRow] = Field(description="rows with volume, ascending, where asked for")
    levels_dropped: int = Field(description="rows with volume that were left out, the smallest")
    last_price: float | None = Field(description="last known price of the window, quote currency")
    position: Literal["above", "inside", "below"] | None = Field(description="last price against the value area")

    def line(self, lang: str) -> str:
        zh = lang == "zh"
        name = _ZH[self.period] if zh else self.period.replace("_", " ")
        text = f"{name}  POC {price(self.poc)}  VAH {price(self.vah)}  VAL {price(self.val)}"
        if self.position:
            words = {"above": "价值区上方", "inside": "价值区内", "below": "价值区下方"}
            said = words[self.position] if zh else f"{self.position} value"
            away = percent(100 * (self.last_price / self.poc - 1)) if self.last_price and self.poc else "-"
            text += f"  {'现价' if zh else 'last'} {price(self.last_price)} ({said}, POC {away})"
        if self.naked_pocs:
            text += f"  {'未触及POC' if zh else 'naked POC'} {', '.join(price(each.poc) for each in self.naked_pocs)}"
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def panel(self, subject: View) -> Panel | None:
        """At most 80 rows, split into buying and selling where known; pages show what is in sight first."""
        if self.bin_size is None or not self.rows:
            return None
        height = self.bin_size * math.ceil(self.rows / 80)
        start, end = (round(each.timestamp() * 1000) for each in (self.start, self.end))
        shown = volume_profile(
            subject, period="window", start=start, end=end, bin_size=float(f"{height:.12g}"), weight=self.weight,
            mode=self.mode, naked_days=0, include_levels=True, value_area_percent=self.value_area_pct,
        )  # fmt: skip
        rows = shown.levels
        low, total = [each.low for each in rows], [each.volume for each in rows]
        delta = [each.delta for each in rows if each.delta is not None]
        if len(delta) < len(rows):
            marks = [Rows(Text("成交量", "volume"), low, height, total)]
        else:
            marks = [
                Rows(name, low, height, [(each + side * net) / 2 for each, net in zip(total, delta, strict=True)], tone)
                for side, name, tone in _SIDES
            ]
        lines = [
            Level(name, value, "accent" if name == "POC" else "muted")
            for name, value in _marked(shown, height, subject.between(start, end))
        ]
        unit = self.base if self.weight == "base" else self.currency
        return Panel(Text("成交量分布", "Volume profile"), [*marks, *lines], "beside", unit, quiet=True)


def _marked(shown: VolumeProfile, height: float, bars: Bars) -> list[tuple[str, float]]:
    """The middle of the row with most volume, and the value area, of the rows that are drawn."""
    priced = bars[bars.close > 0]
    if shown.poc is None or shown.vah is None or shown.val is None or not len(priced):
        return []
    low, high = (float(bars.price(edge)[0]) for edge in (priced.low.min(keepdims=True), priced.high.max(keepdims=True)))
    return [("POC", min(shown.poc + height / 2, high)), ("VAH", min(shown.vah, high)), ("VAL", max(shown.val, low))]


def volume_profile(
    view: View,
    *,
    period: Annotated[ProfilePeriod, Field(description="day, previous_day, week, previous_week, or window")] = "day",
    window: Annotated[int, Field(gt=0, le=44_640, description="with period window: closed minutes to look at")] = 240,
    start: Annotated[int | None, Field(description="with period window: its start, ms UTC, instead")] = None,
    end: Annotated[int | None, Field(description="with period window: its end, ms UTC; null: now")] = None,
    date: Annotated[Date | None, Field(description="count days and weeks from this one, not from today")] = None,
    timezone: TimeZone = "UTC",
    bin_size: BinSetting = None,
    value_area_percent: PercentSetting = 70.0,
    method: MethodSetting = "two_row",
    weight: WeightSetting = "base",
    mode: ModeSetting = "raw",
    normalize_seconds: SecondsSetting = 3,
    naked_days: Annotated[int, Field(ge=0, le=31, description="earlier days whose POC may be naked")] = 1,
    include_levels: Annotated[bool, Field(description="list the rows")] = False,
    max_levels: Annotated[int, Field(gt=0, description="most rows to list: those with most volume")] = 400,
) -> VolumeProfile:
    """Where most was traded: the point of control, the value area around it, and prices that were passed by.

    Rows are a whole number of ticks high, named by their lower edge, from the lowest to the highest price traded; rows
    without volume count. The point of control is the row with most volume; of equal ones the nearest to the middle of
    the range, then towards the side with more volume, then the lower. Value area as of J. Dalton (CBOT): from the POC
    the larger of the next two rows above and below. High and low volume nodes: extremes of the profile smoothed over
    three rows, whose prominence is at least 10% of the POC's volume. A POC is naked while no later minute's range
    touched its row.
    """
    day = chosen_day(date, view.now, timezone)
    span = _span(view, period, window, start, end, timezone, day)
    seen = span.clipped(view.end)
    bars = view.between(seen.start, seen.end)
    reasons: list[str] = []
    shape = Shape(bin_size, value_area_percent, method, weight, mode, normalize_seconds)
    profile, figures = area_figures(view, seen, shape, reasons)
    empty = profile is None and len(bars) and not reasons
    missing = shortfall(len(bars), figures["profile_minutes"], named(period))
    reasons += [missing] if missing else []
    reasons += [Bilingual("没有已知价格的成交量", "no volume at known prices")] if empty else []
    high, low = nodes(profile.exact, control(profile.exact)) if profile else ([], [])
    levels, dropped = largest_rows(profile, max_levels) if include_levels else ([], 0)
    last = bars.close[bars.close > 0][-1:]
    last_price = float(bars.price(last)[0]) if len(last) else None
    return VolumeProfile(
        **head(view, SeenReport.of(view.seen(bars)), shape.convention, reasons),
        period=period,
        start=moment(span.start),
        end=moment(span.end),
        state=span.state(view.end),
        weight=weight,
        mode=mode,
        value_area_pct=value_area_percent,
        **figures,
        hvn=[profile.edge(row) for row in high] if profile else [],
        lvn=[profile.edge(row) for row in low] if profile else [],
        naked_pocs=_naked(view, naked_days, timezone, bin_size, weight),
        levels=levels,
        levels_dropped=dropped,
        last_price=last_price,
        position=_position(last_price, figures.get("val"), figures.get("vah")),
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("volume_profile", volume_profile, merges=True, columns=columns)


def _span(
    view: View, period: ProfilePeriod, window: int, start: int | None, end: int | None, zone: str, day: Any
) -> DaySpan:
    if period == "window":
        until = view.end if end is None else end - end % MINUTE
        since = until - window * MINUTE if start is None else start - start % MINUTE
        return DaySpan("window", since, max(since, until))
    if "week" in period:
        return week_span(day, zone, -1 if period == "previous_week" else 0, period)
    return day_span(day - timedelta(days=1) if period == "previous_day" else day, zone, period)


def _position(last: float | None, val: float | None, vah: float | None) -> Literal["above", "inside", "below"] | None:
    if last is None or val is None or vah is None:
        return None
    # the upper edge belongs to the next row
    return "below" if last < val else "above" if last >= vah else "inside"


def _naked(view: View, days: int, zone: str, bin_size: float | None, weight: Weight) -> list[NakedPoc]:
    """Earlier days, newest first; a day of which no price is known has no POC."""
    today = chosen_day(None, view.now, zone)
    found: list[NakedPoc] = []
    if not days:
        return found
    for back in range(1, days + 1):
        day = today - timedelta(days=back)
        span = day_span(day, zone)
        later = view.between(span.end, view.end)
        try:
            profile = profile_of(view.profile(span.start, span.end), view.instrument, bin_size, weight)
        except ValueError:
            continue
        if profile is not None and naked(profile, later):
            share = float((later.coverage > 0).mean()) if len(later) else 1.0
            at = control(profile.exact)
            found.append(
                NakedPoc(date=day.isoformat(), poc=profile.edge(at), poc_high=profile.edge(at + 1), seen_since=share)
            )
    return found
