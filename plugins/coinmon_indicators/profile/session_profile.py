"""Session profile: where each part of the day traded most, with its prices, delta and average price."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from coinmon.indicator import (
    DEFAULT_SESSIONS,
    MINUTE,
    Bars,
    Bilingual,
    Box,
    Line,
    Moment,
    Panel,
    SeenReport,
    Text,
    View,
    hookimpl,
    moment,
    say,
)
from coinmon_indicators._days import Date, DaySpan, SessionText, TimeZone, chosen_day, session_said, session_spans
from coinmon_indicators._figures import known, price
from coinmon_indicators._of_instrument import OfInstrument, head
from coinmon_indicators._profile import Mode, Weight
from coinmon_indicators._reach import naked
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
    WindowFigures,
    area_figures,
    largest_rows,
    shortfall,
    window_figures,
)

Interval = Literal["1m", "5m", "15m", "30m", "1h"]
MINUTES: dict[Interval, int] = {"1m": 1, "5m": 5, "15m": 15, "30m": 30, "1h": 60}


class Candle(BaseModel):
    """One candle of a session, its minutes so far."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")

    time: Moment = Field(description="when it begins")
    open: float | None = Field(description="first price, quote currency")
    high: float | None = Field(description="highest price, quote currency")
    low: float | None = Field(description="lowest price, quote currency")
    close: float | None = Field(description="last price, quote currency")
    quote_volume: float | None = Field(description="volume, quote currency")
    delta_quote: float | None = Field(description="taker buy - taker sell, quote currency")


class Session(WindowFigures, Area):
    """One session."""

    naked: bool | None = Field(
        default=None, description="whether its POC was not traded since it was over; None: it is not over, or has none"
    )
    levels: list[ProfileRow] = Field(default_factory=list, description="rows with volume, ascending, where asked for")
    levels_dropped: int = Field(default=0, description="rows with volume that were left out, the smallest")
    candles: list[Candle] = Field(default_factory=list, description="its candles, where an interval was asked for")


class SessionProfile(OfInstrument):
    """The volume profile of each session of a day and of the day before."""

    date: str = Field(description="the day, in the time zone of the sessions")
    timezone: str = Field(description="time zone that sessions are defined in")
    weight: Weight = Field(description="what the profiles count: base units or quote currency")
    mode: Mode = Field(description="raw: exact volume at each price; synthetic: spread over each bar's range")
    value_area_pct: float = Field(description="share of the volume that each value area is to hold, %")
    sessions: list[Session] = Field(description="sessions that begin on the day; one that has not begun is absent")
    pd_sessions: list[Session] = Field(description="sessions that began on the day before")

    def line(self, lang: str) -> str:
        mark = "…"
        shown = [
            f"{each.name}{mark if each.state == 'developing' else ''} POC {price(each.poc)}"
            f" VA {price(each.val)}-{price(each.vah)}"
            for each in self.sessions
        ]
        text = "  ".join(shown) or ("今日尚无时段" if lang == "zh" else "no session has begun")
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
        missing = shortfall(
            window["minutes"], area["profile_minutes"], Bilingual(f"时段 {span.name}", f"session {span.name}")
        )
        if tell and missing:
            reasons.append(missing)
        levels, dropped = largest_rows(profile, max_levels) if include_levels else ([], 0)
        return Session(
            **window,
            **area,
            naked=naked(profile, view.between(span.end, view.end)) if profile and span.end <= view.end else None,
            levels=levels,
            levels_dropped=dropped,
            candles=_candles(view.between(span.start, span.end), MINUTES[interval], span.start) if interval else [],
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


def _candles(rows: Bars, minutes: int, start: int) -> list[Candle]:
    if not len(rows):
        return []
    bars = Bars.resample(rows, minutes * MINUTE, start)
    prices = {name: bars.price(getattr(bars, name)) for name in ("open", "high", "low", "close")}
    return [
        Candle(
            time=moment(int(bars.time[i])),
            **{name: known(column[i]) for name, column in prices.items()},
            quote_volume=known(bars.quote_volume[i]),
            delta_quote=known(2 * bars.buy_quote[i] - bars.quote_volume[i]),
        )
        for i in range(len(bars))
    ]
