"""Open interest: how many contracts are held, and whether that grows."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from coinmon import MINUTE, Moment, OpenInterest, Result, SeenReport, View, hookimpl, moment
from coinmon_indicators._figures import because, compact, known, money, percent, quotient


class OpenInterestNow(Result):
    """Open interest of a perp, one-sided, and its change."""

    instrument: str = Field(description="instrument id")
    base: str = Field(description="currency that base figures are in")
    currency: str = Field(description="quote currency that money is in")
    window: int = Field(description="minutes that the change is over")
    time: Moment | None = Field(description="when the latest sample was taken")
    age: float | None = Field(description="age of the latest sample, seconds")
    open_interest: float | None = Field(description="open interest, base units")
    value: float | None = Field(description="open interest, quote currency")
    value_from: Literal["venue", "last close"] | None = Field(description="who put the value on it")
    change: float | None = Field(description="change over the window, base units")
    change_pct: float | None = Field(description="change over the window, %")
    change_seconds: float | None = Field(description="time between the two samples compared, seconds")

    def line(self, lang: str) -> str:
        name, over = ("持仓量", f"{self.window} 分钟") if lang == "zh" else ("open interest", f"{self.window} min")
        text = f"{name} {compact(self.open_interest)} {self.base} ({money(self.value, self.currency)})"
        text += f"  {over} {compact(self.change, sign=True)} ({percent(self.change_pct)})"
        return f"{text}  ({self.reason})" if self.reason else text


def open_interest(
    view: View,
    *,
    window: Annotated[int, Field(gt=0, le=10_080, description="minutes that the change is over")] = 50,
) -> OpenInterestNow:
    """How much is held in open contracts, and how that changed over the window.

    One-sided on every venue: each contract counts once. In base units and in quote currency; where the venue gives no
    value, it is the amount times the last close. The change is from the sample nearest to one window before the latest,
    None when there is none within a quarter of the window. Source: the venue's open interest endpoint, as polled.
    """
    samples = view.open_interest(2 * window)
    bars = view.bars(window)
    reasons: list[str] = []
    figures: dict[str, Any] = dict.fromkeys(
        ("time", "age", "open_interest", "value", "value_from", "change", "change_pct", "change_seconds")
    )
    if samples:
        closes = bars.close[bars.close > 0]
        last_close = float(bars.price(closes[-1:])[0]) if len(closes) else None
        figures |= _level(samples[-1], view.now, last_close, reasons) | _change(samples, window, reasons)
    else:
        reasons.append(f"no open interest was sampled in the last {2 * window} minutes")
    return OpenInterestNow(
        as_of=moment(view.now),
        coverage=SeenReport.of(view.seen(bars)),
        convention="one-sided: each contract counts once",
        reason=because(reasons),
        instrument=view.instrument.id,
        base=view.instrument.base,
        currency=view.instrument.quote,
        window=window,
        **figures,
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("open_interest", open_interest, kinds=("perp",))


def _level(latest: OpenInterest, now: int, last_close: float | None, reasons: list[str]) -> dict[str, Any]:
    value, value_from = latest.value, "venue"
    if value is None and last_close is not None:
        value, value_from = latest.base * last_close, "last close"
    if value is None:
        reasons.append("the venue gives no value and no price is known")
    return {
        "time": moment(latest.time), "age": (now - latest.time) / 1000, "open_interest": known(latest.base),
        "value": None if value is None else known(value), "value_from": None if value is None else value_from,
    }  # fmt: skip


def _change(samples: Sequence[OpenInterest], window: int, reasons: list[str]) -> dict[str, float]:
    latest, span = samples[-1], window * MINUTE
    before = min(samples, key=lambda sample: abs(latest.time - sample.time - span))
    seconds = (latest.time - before.time) / 1000
    if abs(latest.time - before.time - span) > span / 4:
        reasons.append(f"no sample about {window} minutes before the latest")
        return {}
    change = latest.base - before.base
    share = quotient(change, before.base)
    return {"change": change, "change_seconds": seconds} | ({} if share is None else {"change_pct": 100 * share})
