"""Session levels: open, high, low, close and flow of each part of the day."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field

from coinmon.indicator import DEFAULT_SESSIONS, Bilingual, Panel, SeenReport, Table, Text, View, hookimpl, say
from coinmon_indicators._days import Date, SessionText, TimeZone, chosen_day, session_said, session_spans
from coinmon_indicators._figures import compact, price
from coinmon_indicators._of_instrument import InstrumentResult, head
from coinmon_indicators.profile._window_figures import WindowFigures, window_figures


class SessionLevels(InstrumentResult):
    """Each session of a day and of the day before, as far as they have begun."""

    date: str = Field(description="the day, in the time zone of the sessions")
    timezone: str = Field(description="time zone that sessions are defined in")
    sessions: list[WindowFigures] = Field(
        description="sessions that begin on the day; one that has not begun is absent"
    )
    pd_sessions: list[WindowFigures] = Field(description="sessions that began on the day before")
    last_price: float | None = Field(description="last known price of those sessions, quote currency")

    def line(self, lang: str) -> str:
        none = "今日尚无时段" if lang == "zh" else "no session has begun"
        text = "  ".join(_said(each, lang) for each in self.sessions) or none
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def panel(self, subject: View) -> Panel:
        """The figures; `session_profile` draws the boxes."""
        head = (
            Text("时段", "session"), Text("开", "open"), Text("高", "high"), Text("低", "low"), Text("收", "close"),
            "VWAP", Text("成交额", "volume"), Text("差额", "delta"),
        )  # fmt: skip
        rows: list[list[str | Text]] = [
            [
                session_said(each.name, f"{each.start:%m-%d %H:%M}"),
                *map(price, (each.open, each.high, each.low, each.close, each.vwap)),
                compact(each.quote_volume), compact(each.delta_quote, sign=True),
            ]
            for each in [*self.pd_sessions, *self.sessions]
            if each.high is not None
        ]  # fmt: skip
        title = Text("交易时段", "Sessions")
        return Panel(title, [Table(head, rows)], "own", self.currency, order=90)


def session_levels(
    view: View,
    *,
    date: Annotated[Date | None, Field(description="the day; null: today")] = None,
    sessions: SessionText = DEFAULT_SESSIONS,
    timezone: TimeZone = "UTC",
) -> SessionLevels:
    """Open, high, low, close, volume and delta of each trading session, today's and yesterday's.

    Sessions are defined in local time, so one may be an hour shorter or longer where clocks change; an end that is not
    after its start lies on the next day. One in progress is developing. Volume and VWAP (sum of quote / sum of base)
    are over minutes with complete totals, delta (taker buy - taker sell) over minutes with a complete taker split.
    """
    day = chosen_day(date, view.now, timezone)
    before = session_spans(day - timedelta(days=1), sessions, timezone)
    spans = session_spans(day, sessions, timezone)
    begun = [[each for each in some if each.start <= view.now] for some in (before, spans)]
    both = [*begun[0], *begun[1]]
    start = min((each.start for each in both), default=view.end)
    end = min(view.end, max((each.end for each in both), default=view.end))
    bars = view.between(start, end)
    found = [[WindowFigures(**window_figures(view, each)) for each in some] for some in begun]
    last = bars.close[bars.close > 0][-1:]
    reasons = (
        []
        if begun[1]
        else [Bilingual(f"{day.isoformat()} 的交易时段尚未开始", f"no session of {day.isoformat()} has begun")]
    )
    reasons += [
        Bilingual(f"{name.zh}时段没有数据", f"nothing is known of session {name.en}")
        if each.minutes
        else Bilingual(f"{name.zh}时段尚无收盘的分钟", f"no minute of session {name.en} has closed")
        for each in found[1]
        if each.high is None and (name := session_said(each.name))
    ]
    return SessionLevels(
        **head(
            view,
            SeenReport.of(view.seen(bars)),
            f"sessions {sessions} in {timezone}; a session belongs to the day on which it begins",
            reasons,
        ),
        date=day.isoformat(),
        timezone=timezone,
        sessions=found[1],
        pd_sessions=found[0],
        last_price=float(bars.price(last)[0]) if len(last) else None,
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("session_levels", session_levels, merges=True)


def _said(session: WindowFigures, lang: str) -> str:
    name = session_said(session.name).say(lang) + "…" * (session.state == "developing")
    if session.low is None:
        return f"{name} -"
    return f"{name} {price(session.low)}-{price(session.high)} Δ{compact(session.delta_quote, sign=True)}"
