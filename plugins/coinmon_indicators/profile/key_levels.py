"""Key levels: the prices that everyone watches, and how far away they are."""

import re
from datetime import timedelta
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from coinmon.indicator import (
    DEFAULT_SESSIONS,
    MINUTE,
    Bilingual,
    Level,
    Panel,
    SeenReport,
    Text,
    Tone,
    View,
    hookimpl,
    say,
)
from coinmon_indicators._days import (
    Date,
    DaySpan,
    SessionText,
    TimeZone,
    chosen_day,
    day_span,
    session_said,
    session_spans,
    week_span,
)
from coinmon_indicators._figures import known, percent, price
from coinmon_indicators._of_instrument import InstrumentResult, head
from coinmon_indicators._profile import Mode
from coinmon_indicators.profile._level_columns import columns
from coinmon_indicators.profile._level_names import ATR_HOURS, atr_of, levels_of
from coinmon_indicators.profile._window import (
    Area,
    BinSetting,
    MethodSetting,
    ModeSetting,
    PercentSetting,
    SecondsSetting,
    Shape,
    WeightSetting,
    area_figures,
    named,
    shortfall,
)
from coinmon_indicators.profile._window_figures import WindowFigures, window_figures

_HOUR_MS = 60 * MINUTE


class Stretch(WindowFigures, Area):
    """The levels of a day, a week or a session."""

    ib_high: float | None = Field(
        default=None, description="highest price of a day's first hour; None where not all of it was seen"
    )
    ib_low: float | None = Field(
        default=None, description="lowest price of a day's first hour; None where not all of it was seen"
    )


class KeyLevel(BaseModel):
    """One price."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")

    name: str = Field(description="d: the day, pd: the day before, pw: the week before, else the session; and what")
    price: float = Field(description="quote currency; of a POC the lower edge of its row")
    distance_pct: float | None = Field(description="from the last price, %: above it is positive")
    distance_atr: float | None = Field(description="the same in ATR")

    @property
    def title(self) -> Text:
        """What an alert calls it."""
        return _said(self.name)


class KeyLevels(InstrumentResult):
    """The levels of the developing day, the day before, the week before and the sessions."""

    glance: ClassVar = "levels"

    date: str = Field(description="the day, in the time zone of the days")
    timezone: str = Field(description="time zone of days and sessions")
    mode: Mode = Field(description="raw: exact volume at each price; synthetic: spread over each bar's range")
    last_price: float | None = Field(description="last known price of the day, quote currency")
    atr: float | None = Field(
        description="mean true range of the last 14 hours that closed by the day's end, quote currency"
    )
    day: Stretch = Field(description="the day")
    previous_day: Stretch = Field(description="the day before")
    previous_week: Stretch = Field(description="the week before, Monday to Monday")
    sessions: list[Stretch] = Field(description="sessions of the day that have begun")
    levels: list[KeyLevel] = Field(description="all of them, from the highest price to the lowest")

    def line(self, lang: str) -> str:
        words = ("上方", "下方", "现价") if lang == "zh" else ("above", "below", "last")
        text = f"{words[2]} {price(self.last_price)}"
        if self.last_price is not None:
            above = [each for each in self.levels if each.price > self.last_price][-3:]
            below = [each for each in self.levels if each.price <= self.last_price][:3]
            for word, some in ((words[0], above[::-1]), (words[1], below)):
                names = [each.title.zh if lang == "zh" else each.name for each in some]
                prices = [f"{price(each.price)} ({percent(each.distance_pct)})" for each in some]
                shown = [f"{name} {at}" for name, at in zip(names, prices, strict=True)]
                text += f"  {word} {', '.join(shown) or '-'}"
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def panel(self, subject: View) -> Panel:
        """A line at each price, in the colour of its day or week; those of sessions are muted."""
        tones: dict[str, Tone] = {"d": "accent", "pd": "second", "pw": "third"}
        whose = re.compile("pd|pw|d")
        lines = []
        for each in self.levels:
            found = whose.match(each.name)
            lines.append(Level(_said(each.name), each.price, tones[found[0]] if found else "muted"))
        return Panel(Text("关键价位", "Key levels"), lines, "price")


def key_levels(
    view: View,
    *,
    date: Annotated[Date | None, Field(description="the day; null: today")] = None,
    timezone: TimeZone = "UTC",
    sessions: SessionText = DEFAULT_SESSIONS,
    bin_size: BinSetting = None,
    value_area_percent: PercentSetting = 70.0,
    method: MethodSetting = "two_row",
    weight: WeightSetting = "base",
    mode: ModeSetting = "raw",
    normalize_seconds: SecondsSetting = 3,
) -> KeyLevels:
    """The prices that everyone watches: open, high, low, VWAP, POC and value area of today, yesterday and last week.

    Each with its distance from the last price in % and in ATR (mean true range of the day's last 14 closed hours).
    Initial balance: the range of the day's first hour. Profile and value area are those of `volume_profile`, VWAP is
    sum of quote / sum of base. Sessions are defined in local time.
    """
    day = chosen_day(date, view.now, timezone)
    today = day_span(day, timezone)
    yesterday = day_span(day - timedelta(days=1), timezone, "previous_day")
    week = week_span(day, timezone, -1, "previous_week")
    reasons: list[str] = []
    shape = Shape(bin_size, value_area_percent, method, weight, mode, normalize_seconds)
    bars = view.between(yesterday.start, today.end)

    def stretch(span: DaySpan, *, first_hour: bool = True, tell: bool = True) -> Stretch:
        window, (_, area) = window_figures(view, span), area_figures(view, span, shape, reasons)
        missing = shortfall(window["minutes"], area["profile_minutes"], named(span.name))
        if tell and missing:
            reasons.append(missing)
        begin = view.between(span.start, min(span.start + _HOUR_MS, span.end))
        traded = (begin.low > 0) & ~(begin.volume == 0) & first_hour & bool((begin.coverage > 0).all())
        ib: dict[str, Any] = {}
        if traded.any():
            ib = {
                "ib_high": float(begin.price(begin.high[traded].max(keepdims=True))[0]),
                "ib_low": float(begin.price(begin.low[traded].min(keepdims=True))[0]),
            }
        return Stretch(**window, **area, **ib)

    stretches = [stretch(today), stretch(yesterday), stretch(week, first_hour=False)]
    begun = [
        stretch(each, first_hour=False, tell=False)
        for each in session_spans(day, sessions, timezone)
        if each.start <= view.now
    ]
    closes = bars.close[bars.close > 0][-1:]
    last = float(bars.price(closes)[0]) if len(closes) else None
    atr = _atr(view, min(view.end, today.end))
    if atr is None:
        reasons.append(
            Bilingual(f"没有 ATR：需要 {ATR_HOURS} 个收盘的小时", f"no ATR: it needs {ATR_HOURS} closed hours")
        )
    return KeyLevels(
        **head(view, SeenReport.of(view.seen(bars)), shape.convention, reasons),
        date=day.isoformat(),
        timezone=timezone,
        mode=mode,
        last_price=last,
        atr=atr,
        day=stretches[0],
        previous_day=stretches[1],
        previous_week=stretches[2],
        sessions=begun,
        levels=_ladder([*zip(("d", "pd", "pw"), stretches, strict=True), *((each.name, each) for each in begun)],
                       last, atr),
    )  # fmt: skip


@hookimpl
def register_indicators(register: Any) -> None:
    register("key_levels", key_levels, merges=True, columns=columns, answers="levels")


_ZH_STRETCHES = {"d": "今日", "pd": "昨日", "pw": "上周"}
_ZH_PRICES = {
    "open": "开盘", "high": "高点", "low": "低点", "close": "收盘", "IB high": " IB 高点", "IB low": " IB 低点"
}  # fmt: skip


def _said(name: str) -> Text:
    """A level's name in words: whose it is, and which of its prices."""
    whole = re.fullmatch(r"(pd|pw|d) ?(.+)", name)
    if whole:
        stretch, what = whole.groups()
        return Text(_ZH_STRETCHES[stretch] + _ZH_PRICES.get(what, f" {what}"), name)
    session, _, what = name.partition(" ")
    return Text(session_said(session).zh + _ZH_PRICES.get(what, f" {what}"), session_said(session, what).en)


def _ladder(named: list[tuple[str, Stretch]], last: float | None, atr: float | None) -> list[KeyLevel]:
    found = []
    for prefix, stretch in named:
        for name, what in levels_of(prefix):
            at = getattr(stretch, what)
            # the close of a stretch that goes on is the last price
            if at is None or (what == "close" and stretch.state == "developing"):
                continue
            away = None if last is None else at - last
            found.append(
                KeyLevel(
                    name=name,
                    price=at,
                    distance_pct=known(100 * away / last) if away is not None and last else None,
                    distance_atr=known(away / atr) if away is not None and atr else None,
                )
            )
    return sorted(found, key=lambda each: -each.price)


def _atr(view: View, end: int) -> float | None:
    """As of the last closed hour."""
    end -= end % _HOUR_MS
    return atr_of(view.between(end - (ATR_HOURS + 1) * _HOUR_MS, end))
