"""Open interest: how many contracts are held, and whether that grows."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from coinmon.indicator import (
    MINUTE,
    Bilingual,
    Line,
    Moment,
    OpenInterest,
    Panel,
    Reason,
    SeenReport,
    SummaryCell,
    Text,
    View,
    hookimpl,
    moment,
    rough,
    say,
)
from coinmon_indicators._candles import STEPS, Part
from coinmon_indicators._figures import compact, known, money, percent, quotient
from coinmon_indicators._of_instrument import InstrumentResult, head
from coinmon_indicators.derivatives._quadrant import LABELS, Quadrant, Reading, nearest, read, windows_before
from coinmon_indicators.derivatives._sample_columns import open_interest_columns

SamplePeriod = Literal["5m", "15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d"]


class OpenInterestPoint(Part):
    """Open interest at the end of a period."""

    time: Moment = Field(description="end of the period")
    open_interest: float | None = Field(description="last sample in the period, base units; None: none was taken")
    value: float | None = Field(description="the same, quote currency, where the venue says it")
    change: float | None = Field(description="against the period before, base units")


class OpenInterestNow(InstrumentResult):
    """Open interest of a perp, one-sided, and its change."""

    window: int = Field(description="minutes that the change is over")
    time: Moment | None = Field(description="when the latest sample was taken")
    age: float | None = Field(description="age of the latest sample, seconds")
    open_interest: float | None = Field(description="open interest, base units")
    value: float | None = Field(description="open interest, quote currency")
    value_from: Literal["venue", "last close"] | None = Field(description="who put the value on it")
    change: float | None = Field(description="change over the window, base units")
    change_pct: float | None = Field(description="change over the window, %")
    change_seconds: float | None = Field(description="time between the two samples compared, seconds")
    quadrant: Quadrant | None = Field(
        description="price and open interest over the window: up and up long_buildup, down and up short_buildup, "
        "up and down short_covering, down and down long_unwinding, within the dead band flat"
    )
    quadrant_note: Reason | None = Field(description="why there is no quadrant")
    price_change_pct: float | None = Field(description="price over the same two samples, last closes, %")
    noise: float | None = Field(description="median size of the change in the windows before, base units")
    price_noise_pct: float | None = Field(description="median size of the price's change in the windows before, %")
    period: SamplePeriod = Field(description="length of a period of the history")
    history: list[OpenInterestPoint] = Field(description="closed periods, oldest first")

    def line(self, lang: str) -> str:
        name, over = ("持仓量", f"{self.window} 分钟") if lang == "zh" else ("open interest", f"{self.window} min")
        text = f"{name} {compact(self.open_interest)} {self.base} ({money(self.value, self.currency)})"
        text += f"  {over} {compact(self.change, sign=True)} ({percent(self.change_pct)})"
        if self.quadrant is not None:
            text += f"  {LABELS[self.quadrant][0 if lang == 'zh' else 1]}"
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def cells(self) -> list[SummaryCell]:
        if self.open_interest is None:
            return []
        name = Text(f"持仓 ({self.base}，{self.window} 分钟)", f"OI ({self.base}, {self.window} min)")
        held, change = rough(self.open_interest), self.change_pct
        if change is None:
            # not a change of nothing
            return [SummaryCell(name, f"{held} (-)", place="venues", order=10)]
        way: Literal["", "up", "down"] = "up" if change > 0 else "down" if change < 0 else ""
        return [SummaryCell(name, f"{held} ({percent(change)})", way, "venues", order=10)]

    def panel(self, subject: View) -> Panel:
        """What was sampled in two days."""
        found = subject.open_interest(2880)
        found = found[:: max(1, len(found) // 300)]
        line = Line("", [moment(each.time) for each in found], [each.base for each in found])
        return Panel(Text("持仓量", "Open interest"), [line], unit=self.base, order=30, sampled=True)


def open_interest(
    view: View,
    *,
    window: Annotated[int, Field(gt=0, le=10_080, description="minutes that the change is over")] = 50,
    dead_band: Annotated[
        float, Field(ge=0, description="a change is one when larger than so many times its median in windows before")
    ] = 1.0,
    period: Annotated[SamplePeriod, Field(description="length of a period of the history, from 00:00 UTC")] = "5m",
    limit: Annotated[int, Field(ge=0, le=1000, description="closed periods of history")] = 100,
) -> OpenInterestNow:
    """How much is held in open contracts, and how that changed over the window.

    One-sided on every venue: each contract counts once. In base units and in quote currency; where the venue gives no
    value, it is the amount times the last close. The change is from the sample nearest to one window before the latest,
    None when there is none within a quarter of the window. The quadrant compares it with the price over the same two
    samples; each has to exceed `dead_band` times the median of its sizes over a day of earlier windows. Source: the
    venue's open interest endpoint, as polled.
    """
    samples = view.open_interest((windows_before(window) + 1) * window)
    recent = [sample for sample in samples if sample.time >= view.now - 2 * window * MINUTE]
    bars = view.bars(window)
    reasons: list[str] = []
    figures: dict[str, Any] = dict.fromkeys(
        ("time", "age", "open_interest", "value", "value_from", "change", "change_pct", "change_seconds")
    )
    reading = Reading(why=Bilingual("无象限：没有采样", "no quadrant: there is no sample"))
    if recent:
        closes = bars.close[bars.close > 0]
        last_close = float(bars.price(closes[-1:])[0]) if len(closes) else None
        figures |= _level(recent[-1], view.now, last_close, reasons) | _change(samples, window, reasons)
        reading = read(view, samples, window, dead_band)
    else:
        reasons.append(
            Bilingual(
                f"最近 {2 * window} 分钟没有持仓量采样",
                f"no open interest was sampled in the last {2 * window} minutes",
            )
        )
    return OpenInterestNow(
        **head(view, SeenReport.of(view.seen(bars)), "one-sided: each contract counts once", reasons),
        window=window,
        **figures,
        quadrant=reading.quadrant,
        quadrant_note=reading.why,
        price_change_pct=reading.price_change_pct,
        noise=reading.noise,
        price_noise_pct=reading.price_noise_pct,
        period=period,
        history=_history(view, period, limit),
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("open_interest", open_interest, kinds=("perp",), columns=open_interest_columns, answers="open_interest")


def _level(latest: OpenInterest, now: int, last_close: float | None, reasons: list[str]) -> dict[str, Any]:
    value, value_from = latest.value, "venue"
    if value is None and last_close is not None:
        value, value_from = latest.base * last_close, "last close"
    if value is None:
        reasons.append(
            Bilingual("平台未给出持仓价值，且没有已知价格", "the venue gives no value and no price is known")
        )
    return {
        "time": moment(latest.time), "age": (now - latest.time) / 1000, "open_interest": known(latest.base),
        "value": None if value is None else known(value), "value_from": None if value is None else value_from,
    }  # fmt: skip


def _change(samples: Sequence[OpenInterest], window: int, reasons: list[str]) -> dict[str, float]:
    latest, span = samples[-1], window * MINUTE
    before = nearest(samples, latest.time - span, span / 4)
    if before is None:
        reasons.append(
            Bilingual(
                f"最近一次采样之前约 {window} 分钟没有采样", f"no sample about {window} minutes before the latest"
            )
        )
        return {}
    change = latest.base - before.base
    share = quotient(change, before.base)
    figures = {"change": change, "change_seconds": (latest.time - before.time) / 1000}
    return figures | ({} if share is None else {"change_pct": 100 * share})


def _history(view: View, period: SamplePeriod, limit: int) -> list[OpenInterestPoint]:
    step = STEPS[period] * MINUTE
    end = view.now // step * step
    # one period more: the first change is against it
    samples = view.open_interest((view.now - end + (limit + 1) * step) // MINUTE + 1) if limit else []
    last = {-(-sample.time // step) * step: sample for sample in samples if sample.time <= end}
    points = []
    for time in range(end - (limit - 1) * step, end + 1, step):
        now, before = last.get(time), last.get(time - step)
        change = None if now is None or before is None else now.base - before.base
        points.append(
            OpenInterestPoint(
                time=moment(time), open_interest=None if now is None else now.base,
                value=None if now is None else now.value, change=change,
            )
        )  # fmt: skip
    # before the first sample there is nothing to tell
    first = next((i for i, point in enumerate(points) if point.open_interest is not None), len(points))
    return points[first:]
