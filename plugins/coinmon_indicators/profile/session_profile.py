"""Session profile: where each part of the day traded most, with its prices, delta and average price."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field

from coinmon.indicator import (
    DEFAULT_SESSIONS,
    MINUTE,
    Bilingual,
    Box,
    Line,
    Panel,
    SeenReport,
    Text,
    View,
    hookimpl,
    moment,
    say,
)
from coinmon_indicators._days import Date, DaySpan, SessionText, TimeZone, chosen_day, session_said, session_spans
from coinmon_indicators._figures import price
from coinmon_indicators._of_instrument import InstrumentResult, head
from coinmon_indicators._profile import Mode, Weight
from coinmon_indicators._reach import naked
from coinmon_indicators.profile._session_candles import MINUTES, Candle, Interval, candles_of
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
    shortfall,
)
from coinmon_indicators.profile._window_figures import WindowFigures, window_figures


class Session(WindowFigures, Area):
    """One session."""

    naked: bool | None = Field(
        default=None, description="whether its POC was not traded since it was over; None: it is not over, or has none"
    )
    levels: list[ProfileRow] = Field(default_factory=list, description="rows with volume, ascending, where asked for")
    levels_dropped: int = Field(default=0, description="rows with volume that were left out, the smallest")
    candles: list[Candle] = Field(default_factory=list, description="its candles, where an interval was asked for")


class SessionProfile(InstrumentResult):
    """The volume profile of each session of a day and of the day before."""

    date: str = Field(description="the day, in the time zone of the sessions")
    timezone: str = Field(description="time zone that sessions are defined in")
    weight: Weight = Field(description="what the profiles count: base units or quote currency")
    mode: Mode = Field(description="raw: exact volume at each price; synthetic: spread over each bar's range")
    value_area_pct: float = Field(description="share of the volume that each value area is to hold, %")
    sessions: list[Session] = Field(description="sessions that begin on the day; one that has not begun is absent")
    pd_sessions: list[Session] = Field(description="sessions that began on the day before")

    def line(self, lang: str) -> str:
        none = "今日尚无时段" if lang == "zh" else "no session has begun"
        text = "  ".join(_said(each, lang) for each in self.sessions) or none
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def panel(self, subject: View) -> Panel:
        """A box for each session, from its low to its high, with its POC."""
        marks: list[Box | Line] = []
        for each in [*self.pd_sessions, *self.sessions]:
            end = min(each.end, moment(subject.end))
            if each.low is not None and each.high is not None and end > each.start:
                marks.append(Box(session_said(each.name), each.start, end, each.low, each.high))
                if each.poc is not None:
                    marks.append(
                        Line(session_said(each.name, "POC"), [each.start, end], [each.poc] * 2, "second", through=True)
                    )
        return Panel(Text("交易时段", "Sessions"), marks, "price")


def session_profile(
    view: View,
    *,
    date: Annotated[Date | None, Field(description="the day; null: today")] = None,
    session: Annotated[str, Field(description="one session by name, or all")] = "all",
    sessions: SessionText = DEFAULT_SESSIONS,
    timezone: TimeZone = "UTC",
    start: Annotated[int | None, Field(description="one window instead of sessions: its start, ms UTC")] = None,
    end: Annotated[int | None, Field(description="its end, ms UTC; null: now")] = None,
    interval: Annotated[Interval | None, Field(description="also list candles of this length")] = None,
    bin_size: BinSetting = None,
    value_area_percent: PercentSetting = 70.0,
    method: MethodSetting = "two_row",
    weight: WeightSetting = "base",
    mode: ModeSetting = "raw",
    normalize_seconds: SecondsSetting = 3,
    include_levels: Annotated[bool, Field(description="list the rows of each profile")] = False,
    max_levels: Annotated[int, Field(gt=0, description="most rows to list: those with most volume")] = 400,
) -> SessionProfile:
    """Each trading session's own volume profile, with its prices, delta and VWAP: today's and yesterday's.

    Sessions are defined in local time, so one may be an hour shorter or longer where clocks change; an end that is not
    after its start lies on the next day. Profile and value area are those of `volume_profile`, prices and flow those of
    `session_levels`.
    """
    day = chosen_day(date, view.now, timezone)
    reasons: list[str] = []
    shape = Shape(bin_size, value_area_percent, method, weight, mode, normalize_seconds)
    if start is not None or end is not None:
        until = view.end if end is None else end - end % MINUTE
        since = until - 1440 * MINUTE if start is None else start - start % MINUTE
        spans, before = [DaySpan("window", since, max(since, until))], []
    else:
        spans = session_spans(day, sessions, timezone)
        before = session_spans(day - timedelta(days=1), sessions, timezone)
        names = [each.name for each in spans]
        if session != "all" and session not in names:
            reasons.append(
                Bilingual(
                    f"没有时段 {session}；现有 {'、'.join(names)}",
                    f"there is no session {session}; there are {', '.join(names)}",
                )
            )
        spans, before = ([each for each in some if session in ("all", each.name)] for some in (spans, before))
    begun = [[each for each in some if each.start <= view.now] for some in (before, spans)]
    both = [*begun[0], *begun[1]]
    first = min((each.start for each in both), default=view.end)
    bars = view.between(first, max((each.end for each in both), default=view.end))

    def one(span: DaySpan, tell: bool) -> Session:
        window, (profile, area) = window_figures(view, span), area_figures(view, span, shape, reasons)
        name = session_said(span.name)
        whose = Bilingual(f"{name.zh}时段", f"session {name.en}")
        missing = shortfall(window["minutes"], area["profile_minutes"], whose)
        if tell and missing:
            reasons.append(missing)
        levels, dropped = largest_rows(profile, max_levels) if include_levels else ([], 0)
        return Session(
            **window,
            **area,
            naked=naked(profile, view.between(span.end, view.end)) if profile and span.end <= view.end else None,
            levels=levels,
            levels_dropped=dropped,
            candles=candles_of(view.between(span.start, span.end), MINUTES[interval], span.start) if interval else [],
        )

    found = [[one(each, tell=some is begun[1]) for each in some] for some in begun]
    if not begun[1] and not reasons:
        reasons.append(Bilingual(f"{day.isoformat()} 的交易时段尚未开始", f"no session of {day.isoformat()} has begun"))
    return SessionProfile(
        **head(view, SeenReport.of(view.seen(bars)), f"{shape.convention}; sessions in {timezone}", reasons),
        date=day.isoformat(),
        timezone=timezone,
        weight=weight,
        mode=mode,
        value_area_pct=value_area_percent,
        sessions=found[1],
        pd_sessions=found[0],
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("session_profile", session_profile, merges=True)


def _said(session: Session, lang: str) -> str:
    name = session_said(session.name).say(lang) + "…" * (session.state == "developing")
    if session.poc is None:
        return f"{name} -"
    return f"{name} POC {price(session.poc)} VA {price(session.val)}-{price(session.vah)}"
