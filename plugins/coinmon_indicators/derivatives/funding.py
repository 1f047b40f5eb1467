"""Funding: what holding a perp costs."""

from typing import Annotated, Any

from pydantic import Field

from coinmon.indicator import (
    MINUTE,
    Bilingual,
    Line,
    Moment,
    Panel,
    Result,
    SeenReport,
    SummaryCell,
    Text,
    View,
    hookimpl,
    moment,
    say,
)
from coinmon_indicators._figures import because, known, percent, price
from coinmon_indicators.derivatives._sample_columns import funding_columns

HOUR = 60 * MINUTE


class FundingNow(Result):
    """Current funding of a perp."""

    instrument: str = Field(description="instrument id")
    currency: str = Field(description="quote currency that prices are in")
    time: Moment | None = Field(description="when the sample was taken")
    age: float | None = Field(description="age of the sample, seconds")
    rate: float | None = Field(description="rate of the settlement at next_time, fraction (0.0001 = 0.01%)")
    interval_hours: float | None = Field(description="hours between settlements, None where the venue does not say")
    next_time: Moment | None = Field(description="next settlement")
    annualised: float | None = Field(description="rate x 24 / interval_hours x 365, simple, fraction a year")
    mark: float | None = Field(description="mark price, quote currency")
    index: float | None = Field(description="index price, quote currency")

    def line(self, lang: str) -> str:
        zh = lang == "zh"
        name, every, year, then = ("资金费率", "小时", "年化", "下次") if zh else ("funding", "h", "a year", "next")
        rate, annual = (None if each is None else 100 * each for each in (self.rate, self.annualised))
        hours = "-" if self.interval_hours is None else f"{self.interval_hours:g}"
        at = "-" if self.next_time is None else f"{self.next_time:%H:%M} UTC"
        text = f"{name} {percent(rate, 4)} / {hours} {every}  {year} {percent(annual)}  {then} {at}"
        text += f"  {'标记' if zh else 'mark'} {price(self.mark)}"
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def cells(self) -> list[SummaryCell]:
        if self.rate is None:
            return []
        every = "" if self.interval_hours is None else f"/{self.interval_hours:g}h"
        rate = f"{percent(100 * self.rate, 4)}{every}"
        return [SummaryCell(Text("资金费率", "funding"), rate, place="venues", order=20)]

    def panel(self, subject: View) -> Panel:
        """What was sampled in two days."""
        found = subject.funding(2880)
        line = Line("", [moment(each.time) for each in found], [100 * each.rate for each in found], steps=True)
        return Panel(Text("资金费率", "Funding"), [line], unit="%", order=40, sampled=True)


def funding(
    view: View,
    *,
    window: Annotated[int, Field(gt=0, le=10_080, description="minutes that coverage is told for")] = 50,
    max_age: Annotated[int, Field(gt=0, le=10_080, description="minutes after which a sample is too old")] = 120,
) -> FundingNow:
    """What longs pay shorts at the next settlement (shorts pay longs below zero), and what that is in a year.

    The rate is a fraction of the position for one interval. The interval is this symbol's at this venue and never
    assumed: where it is unknown, so is the annualised rate (simple, rate x 24 / hours x 365). Source: the venue's
    funding endpoint, as polled.
    """
    samples = view.funding(max_age)
    reasons: list[str] = []
    figures: dict[str, Any] = dict.fromkeys(
        ("time", "age", "rate", "interval_hours", "next_time", "annualised", "mark", "index")
    )
    if samples:
        latest = samples[-1]
        hours = latest.interval_ms / HOUR if latest.interval_ms else None
        if hours is None:
            reasons.append(
                Bilingual(
                    "平台未给出结算周期，无法年化", "the venue does not say the interval, so nothing is annualised"
                )
            )
        if latest.next_time is not None and latest.next_time <= view.now:
            reasons.append(Bilingual("采样早于最近一次结算", "the sample is from before the latest settlement"))
        figures = {
            "time": moment(latest.time), "age": (view.now - latest.time) / 1000, "rate": known(latest.rate),
            "interval_hours": hours, "next_time": None if latest.next_time is None else moment(latest.next_time),
            "annualised": None if hours is None else known(latest.rate * 24 / hours * 365),
            "mark": latest.mark, "index": latest.index,
        }  # fmt: skip
    else:
        reasons.append(
            Bilingual(f"最近 {max_age} 分钟没有资金费率采样", f"no funding was sampled in the last {max_age} minutes")
        )
    return FundingNow(
        as_of=moment(view.now),
        coverage=SeenReport.of(view.seen(view.bars(window))),
        convention="fraction per interval; annualised: simple, rate x 24 / interval in hours x 365",
        reason=because(reasons),
        instrument=view.instrument.id,
        currency=view.instrument.quote,
        **figures,
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("funding", funding, kinds=("perp",), columns=funding_columns, answers="funding")
