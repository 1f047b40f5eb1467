"""Depth delta: whether bids or asks rest near the price, and how that changes."""

import statistics
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field

from coinmon.indicator import MINUTE, Bilingual, Depth, Line, Moment, Near, Panel, Text, View, hookimpl, moment, say
from coinmon_indicators._candles import Part
from coinmon_indicators._figures import compact, money, percent, quotient
from coinmon_indicators._of_instrument import InstrumentResult, head
from coinmon_indicators._sampled import sampled


class DepthPoint(Part):
    """The book near the mid at one moment; None: no sample was taken then."""

    time: Moment = Field(description="end of the step; the figures are of its last sample")
    mid: float | None = Field(description="middle of the best prices, quote currency")
    bid_base: float | None = Field(description="size resting on the bid within the percentage, base units")
    ask_base: float | None = Field(description="the same on the ask")
    bid_quote: float | None = Field(description="size resting on the bid, quote currency")
    ask_quote: float | None = Field(description="the same on the ask")
    delta: float | None = Field(description="bid - ask, base units")
    change: float | None = Field(description="of delta, against the point before, base units")


class DepthDelta(InstrumentResult):
    """Resting size on both sides of the mid, over time."""

    percent: float = Field(description="distance from the mid that is summed up to, %")
    step: int = Field(description="seconds between points: as asked, or more to keep to max_points or to the sampling")
    time: Moment | None = Field(description="when the latest sample was taken")
    best_bid: float | None = Field(description="best bid of the latest sample, quote currency")
    best_ask: float | None = Field(description="best ask of the latest sample, quote currency")
    bid_base: float | None = Field(description="of the latest sample, base units")
    ask_base: float | None = Field(description="of the latest sample, base units")
    bid_quote: float | None = Field(description="of the latest sample, quote currency")
    ask_quote: float | None = Field(description="of the latest sample, quote currency")
    delta: float | None = Field(description="bid - ask of the latest sample, base units")
    imbalance: float | None = Field(description="delta / (bid + ask) of the latest sample, -1 to 1")
    change: float | None = Field(description="of delta from the first point to the latest sample, base units")
    reach: float | None = Field(
        description="distance from the mid to which every sample knew the whole book on both sides, %; sums further "
        "than that are of the levels that were known"
    )
    points: list[DepthPoint] = Field(description="oldest first")

    def line(self, lang: str) -> str:
        words = ("挂单", "买", "卖", "差") if lang == "zh" else ("depth", "bid", "ask", "delta")
        name, bid, ask, delta = words
        share = None if self.imbalance is None else 100 * self.imbalance
        text = f"{name} ±{self.percent:g}%  {bid} {money(self.bid_quote, self.currency)}"
        text += f"  {ask} {money(self.ask_quote, self.currency)}"
        text += f"  {delta} {compact(self.delta, sign=True)} {self.base} ({percent(share, 1)})"
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def panel(self, subject: View) -> Panel:
        """Bids less asks near the mid, over time."""
        known = {each.time: each.delta for each in self.points}
        if self.time is not None:
            # the step that it lies in may not be over
            known[self.time] = self.delta
        line = Line("", list(known), list(known.values()))
        title = Text(f"盘口 ±{self.percent:g}%，买单 - 卖单", f"Depth ±{self.percent:g}%, bids - asks")
        return Panel(title, [line], unit=self.base, order=75)


def depth_delta(
    view: View,
    *,
    percent: Annotated[float, Field(gt=0, le=20, description="distance from the mid, %; one of books.percents")] = 1.0,
    step: Annotated[int, Field(ge=1, le=86_400, description="seconds between points")] = 60,
    lookback: Annotated[int, Field(ge=1, le=604_800, description="seconds to look back")] = 3600,
    max_points: Annotated[int, Field(ge=1, le=500, description="at most so many points, in longer steps")] = 30,
) -> DepthDelta:
    """How much rests near the price, bids against asks, and how that changed.

    Sums of the size within `percent` of the mid on each side, delta = bid - ask. From samples of the venue's order
    book, which is kept by the venue's own sequence rule; while it was out of sequence there is no sample and no figure.
    A point is the last sample of its step. Nothing is extrapolated beyond what is known of a book: `reach` tells how
    far that is.
    """
    reasons: list[str] = []
    minutes = -(-lookback // 60)
    samples = [each for each in view.depth(minutes) if each.time > view.now - lookback * 1000]
    found = [(each, near) for each in samples if (near := _near(each, percent)) is not None]
    if not samples:
        reasons.append(
            Bilingual(
                f"最近 {lookback} 秒没有订单簿采样：请打开 `books` 并运行 `coinmon scan`",
                f"the order book was not sampled in the last {lookback} s: "
                "switch `books` on and let `coinmon scan` run",
            )
        )
    elif not found:
        there = ", ".join(f"{near.percent:g}" for near in samples[-1].near)
        reasons.append(
            Bilingual(
                f"未采样 ±{percent:g}%，只有 {there}：请加入 books.percents",
                f"±{percent:g}% is not sampled, only {there}: add it to books.percents",
            )
        )
    step = _step(samples, step, lookback, max_points)
    points = _points(found, view.now, step, lookback)
    latest = found[-1] if found else None
    figures: dict[str, Any] = dict.fromkeys(("time", "best_bid", "best_ask", "imbalance", "change", "reach"))
    figures |= _sums(latest[1] if latest else None)
    if latest:
        reach = min(min(each.reach_bid, each.reach_ask) for each, _ in found)
        first = next((point.delta for point in points if point.delta is not None), None)
        near = latest[1]
        delta = near.bid_base - near.ask_base
        figures |= {
            "time": moment(latest[0].time), "best_bid": latest[0].bid, "best_ask": latest[0].ask, "reach": reach,
            "imbalance": quotient(delta, near.bid_base + near.ask_base),
            "change": None if first is None else delta - first,
        }  # fmt: skip
        if reach < percent:
            reasons.append(
                Bilingual(
                    f"订单簿只知道 ±{reach:.3g}% 以内：合计仅含已知价位",
                    f"the whole book is known to ±{reach:.3g}% only: sums are of the levels known",
                )
            )
    return DepthDelta(
        **head(
            view,
            sampled({each.time // MINUTE * MINUTE for each, _ in found}, view.end, minutes),
            "sum of resting size within the percentage of the mid; delta = bid - ask",
            reasons,
        ),
        percent=percent,
        step=step,
        **figures,
        points=points,
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("depth_delta", depth_delta)


def _near(sample: Depth, percent: float) -> Near | None:
    return next((each for each in sample.near if abs(each.percent - percent) < 1e-9), None)


def _step(samples: Sequence[Depth], step: int, lookback: int, most: int) -> int:
    """Seconds: no shorter than samples are apart, so that a point without one is a hole."""
    if len(samples) > 1:
        apart = statistics.median(b.time - a.time for a, b in pairwise(samples))
        step = max(step, round(apart / 1000))
    return max(step, -(-lookback // (most * step)) * step)


def _points(found: Sequence[tuple[Depth, Near]], now: int, step: int, lookback: int) -> list[DepthPoint]:
    length = step * 1000
    end = now // length * length
    last = {-(-sample.time // length) * length: (sample, near) for sample, near in found}
    points: list[DepthPoint] = []
    before: float | None = None
    for time in range(end - (lookback // step - 1) * length, end + 1, length):
        sample, near = last.get(time, (None, None))
        sums = _sums(near)
        delta = sums["delta"]
        change = None if delta is None or before is None else delta - before
        mid = None if sample is None else sample.mid
        points.append(DepthPoint(time=moment(time), mid=mid, change=change, **sums))
        before = delta
    # before the first sample there is nothing to tell
    first = next((i for i, point in enumerate(points) if point.delta is not None), len(points))
    return points[first:]


def _sums(near: Near | None) -> dict[str, float | None]:
    if near is None:
        return dict.fromkeys(("bid_base", "ask_base", "bid_quote", "ask_quote", "delta"))
    return {
        "bid_base": near.bid_base, "ask_base": near.ask_base, "bid_quote": near.bid_quote,
        "ask_quote": near.ask_quote, "delta": near.bid_base - near.ask_base,
    }  # fmt: skip
