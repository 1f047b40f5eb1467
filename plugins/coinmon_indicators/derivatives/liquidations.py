"""Liquidations: who was forced out, and whether they came in a cascade."""

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from coinmon.indicator import (
    MINUTE,
    Bilingual,
    Columns,
    Liquidation,
    Moment,
    Panel,
    Table,
    Text,
    View,
    hookimpl,
    moment,
    say,
)
from coinmon_indicators._candles import Part
from coinmon_indicators._figures import money, price
from coinmon_indicators._of_instrument import InstrumentResult, head
from coinmon_indicators._sampled import sampled

Side = Literal["long", "short"]
_QUARTER = 15 * MINUTE


class Forced(Part):
    """One position that was closed by force."""

    time: Moment = Field(description="when the venue says it happened")
    side: Side = Field(description="the position that was closed")
    price: float = Field(description="price of the order as the venue tells it, quote currency")
    base: float = Field(description="size, base units")
    quote: float = Field(description="size x price, quote currency")


class Cluster(Part):
    """Liquidations in quick succession: a cascade."""

    start: Moment = Field(description="the first of them")
    end: Moment = Field(description="the last of them")
    events: int = Field(description="how many")
    long: float = Field(description="longs closed, quote currency")
    short: float = Field(description="shorts closed, quote currency")
    low: float = Field(description="lowest price, quote currency")
    high: float = Field(description="highest price, quote currency")


class Liquidations(InstrumentResult):
    """Forced closings of a perp."""

    window: int = Field(description="minutes looked at, up to this moment")
    longs: int | None = Field(description="long positions closed; None: nothing was listened to")
    shorts: int | None = Field(description="short positions closed")
    long_base: float | None = Field(description="longs closed, base units")
    short_base: float | None = Field(description="shorts closed, base units")
    long_quote: float | None = Field(description="longs closed, quote currency")
    short_quote: float | None = Field(description="shorts closed, quote currency")
    clusters: list[Cluster] = Field(description="cascades, oldest first")
    latest: list[Forced] = Field(description="the newest first")

    def line(self, lang: str) -> str:
        name, long, short = ("爆仓", "多", "空") if lang == "zh" else ("liquidated", "long", "short")
        counts = ["-" if each is None else str(each) for each in (self.longs, self.shorts)]
        text = f"{name} {long} {counts[0]} ({money(self.long_quote, self.currency)})"
        text += f"  {short} {counts[1]} ({money(self.short_quote, self.currency)})"
        if self.latest:
            one = self.latest[0]
            side = {"long": long, "short": short}[one.side]
            text += f"  {side} {money(one.quote, self.currency)} @ {price(one.price)} {one.time:%H:%M:%S} UTC"
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def panel(self, subject: View) -> Panel:
        """Of a day, by the quarter of an hour: shorts, who had to buy, above zero; longs, who had to sell, below.

        And the totals of the window: a quiet market is not one that nobody listened to.
        """
        found = subject.liquidations(1440)
        # without a break, so that every bar is a quarter wide
        first = found[0].time // _QUARTER - 1 if found else 0
        quarters = range(first, subject.now // _QUARTER + 1) if found else range(0)
        bars = {(side, quarter): 0.0 for side in (-1, 1) for quarter in quarters}
        for each in found:
            bars[each.side, each.time // _QUARTER] -= each.side * each.base * each.price
        sides = ((self.longs, self.long_quote), (self.shorts, self.short_quote))
        row = ["-" if count is None else f"{count} ({money(total, self.currency)})" for count, total in sides]
        heard = f"{self.coverage.complete}/{self.coverage.minutes}"
        head = (Text("多头", "longs"), Text("空头", "shorts"), Text("监听分钟", "minutes heard"))
        marks: list[Columns | Table] = [Table(head, [[*row, heard]])]
        if bars:
            marks.append(Columns("", [moment(each * _QUARTER) for _, each in bars], list(bars.values())))
        title = Text("爆仓：空头在上，多头在下", "Liquidations, shorts above, longs below")
        return Panel(title, marks, unit=self.currency, order=70)


def liquidations(
    view: View,
    *,
    window: Annotated[int, Field(gt=0, le=10_080, description="minutes to look back")] = 60,
    limit: Annotated[int, Field(ge=1, le=1000, description="at most so many of the latest")] = 100,
    events: Annotated[int, Field(ge=2, description="least liquidations of a cascade")] = 5,
    gap: Annotated[float, Field(gt=0, description="most seconds between two of a cascade")] = 10.0,
    threshold: Annotated[float, Field(ge=0, description="least size of a cascade, quote currency")] = 0.0,
) -> Liquidations:
    """Forced closings: totals for each side, cascades, and the latest ones.

    The side is that of the position that was closed, whatever the venue calls it. Cascade: at least `events`
    liquidations, each within `gap` seconds of the one before, of at least `threshold` in all. Totals are a floor:
    Binance tells at most one a second and symbol, OKX says that it does not tell all. Source: the venue's stream, heard
    while `coinmon scan` runs.
    """
    found = view.liquidations(window)
    heard = view.liquidations_heard(window)
    reasons: list[str] = []
    if not heard:
        known = Bilingual("之前听到的只是下限", "what was heard before is a floor")
        what = known if found else Bilingual("一无所知", "nothing is known")
        reasons.append(
            Bilingual(
                f"最近 {window} 分钟没有监听爆仓，{what.zh}：请运行 `coinmon scan`，且该平台的 `feed` 不为 `poll`",
                f"liquidations were not listened to in the last {window} minutes, {what}: let `coinmon scan` run, with "
                "`feed` of the venue not `poll`",
            )
        )
    elif len(set(heard)) < window:
        reasons.append(
            Bilingual(
                f"{window} 分钟中有 {window - len(set(heard))} 分钟没有监听",
                f"{window - len(set(heard))} of {window} minutes were not listened to",
            )
        )
    totals: dict[str, Any] = dict.fromkeys(("longs", "shorts", "long_base", "short_base", "long_quote", "short_quote"))
    if found or heard:
        for name, side in (("long", 1), ("short", -1)):
            those = [each for each in found if each.side == side]
            totals[f"{name}s"] = len(those)
            totals[f"{name}_base"] = math.fsum(each.base for each in those)
            totals[f"{name}_quote"] = math.fsum(each.base * each.price for each in those)
    return Liquidations(
        **head(view, sampled(set(heard), view.end, window), "side of the closed position; totals are a floor", reasons),
        window=window,
        **totals,
        clusters=_clusters(found, events, gap * 1000, threshold),
        latest=[_forced(each) for each in found[: -limit - 1 : -1]],
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("liquidations", liquidations, kinds=("perp",))


def _forced(one: Liquidation) -> Forced:
    return Forced(
        time=moment(one.time), side="long" if one.side > 0 else "short", price=one.price, base=one.base,
        quote=one.base * one.price,
    )  # fmt: skip


def _clusters(found: Sequence[Liquidation], events: int, gap: float, threshold: float) -> list[Cluster]:
    runs: list[list[Liquidation]] = []
    for each in found:
        if runs and each.time - runs[-1][-1].time <= gap:
            runs[-1].append(each)
        else:
            runs.append([each])
    clusters = []
    for run in runs:
        long, short = (math.fsum(each.base * each.price for each in run if each.side == side) for side in (1, -1))
        if len(run) >= events and long + short >= threshold:
            prices = [each.price for each in run]
            clusters.append(
                Cluster(
                    start=moment(run[0].time), end=moment(run[-1].time), events=len(run), long=long, short=short,
                    low=min(prices), high=max(prices),
                )
            )  # fmt: skip
    return clusters
