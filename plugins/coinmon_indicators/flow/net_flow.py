"""Net flow: what takers bought less what they sold, with the ratio, the range and the volatility of the same window."""

from decimal import Decimal
from functools import lru_cache, partial
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from coinmon.indicator import (
    MINUTE,
    Bilingual,
    Coverage,
    Line,
    Panel,
    SeenReport,
    SummaryCell,
    Text,
    View,
    hookimpl,
    moment,
    rough,
    say,
    with_sign,
)
from coinmon_indicators._figures import because, compact, known, percent, plain, price, quotient
from coinmon_indicators._of_instrument import InstrumentResult
from coinmon_indicators.flow._added_up import AddedUp, added_up
from coinmon_indicators.flow._net_flow_columns import MIN_BLOCKS, columns, usable


class NetFlow(InstrumentResult):
    """Taker flow of one instrument over a window."""

    window: int = Field(description="closed minutes looked at")
    net_flow: float | None = Field(description="taker buy - taker sell over the covered minutes, quote currency")
    buy_volume: float | None = Field(description="taker buys over the covered minutes, quote currency")
    sell_volume: float | None = Field(description="taker sells over the covered minutes, quote currency")
    buy_sell_ratio: float | None = Field(description="taker buy / taker sell; None where coverage is short")
    volume: float | None = Field(description="volume of the covered minutes, base units")
    quote_volume: float | None = Field(description="volume of the covered minutes, quote currency")
    net_flow_pct: float | None = Field(description="net flow as % of the quote volume of the same minutes, -100 to 100")
    zscore: float | None = Field(description="net flow in standard deviations from its mean in the time before")
    usual: float | None = Field(description="median size of the net flow of those windows before, quote currency")
    support: float | None = Field(description="lowest low of the window, quote currency")
    resistance: float | None = Field(description="highest high of the window, quote currency")
    atr: float | None = Field(description="mean true range of the window's one-minute bars, quote currency")
    last_price: float | None = Field(description="last known close of the window, quote currency")
    price_change_pct: float | None = Field(description="last close against the window's first price, %")

    def line(self, lang: str) -> str:
        words = _ZH if lang == "zh" else _EN
        z = "" if self.zscore is None else f"  z {with_sign(self.zscore, 1)}"
        text = words.format(
            flow=compact(self.net_flow, sign=True), currency=self.currency, pct=percent(self.net_flow_pct, 1), z=z,
            ratio=plain(self.buy_sell_ratio), last=price(self.last_price), change=percent(self.price_change_pct),
            low=price(self.support), high=price(self.resistance), atr=price(self.atr),
        )  # fmt: skip
        return f"{text}  ({say(self.reason, lang)})" if self.reason and self.buy_sell_ratio is None else text

    def cells(self) -> list[SummaryCell]:
        note = Text(f"净流量：最近 {self.window} 分钟，计价货币", f"flows: last {self.window} minutes, quote currency")
        flow = self.net_flow
        way: Literal["", "up", "down"] = "" if not flow else "up" if flow > 0 else "down"
        shown = "-" if flow is None else rough(flow, sign=True)
        ratio = "-" if self.buy_sell_ratio is None else f"{self.buy_sell_ratio:.3f}"
        return [
            SummaryCell(Text("价格", "price"), price(self.last_price), order=10),
            SummaryCell(Text("净流量", "net flow"), shown, way, note=note, order=20),
            SummaryCell(
                Text("买卖比", "buy/sell"),
                ratio,
                order=30,
            ),
        ]

    def panel(self, subject: View) -> Panel:
        """Net flow added up over a day to each fifth minute's end; nothing is drawn at one without a taker split."""
        bars = subject.bars(max(1440, self.window))
        known = usable(bars)
        flow = np.cumsum(np.where(known, bars.buy_quote - bars.sell_quote, 0.0))
        begun = np.flatnonzero(known)[:1]
        # counted back from the last minute, so that the newest is among them
        shown = np.arange(len(bars) - 1, int(begun[0]) - 1 if len(begun) else len(bars), -5)[::-1]
        time = [moment(ms + MINUTE) for ms in bars.time[shown].tolist()]
        value = [each if yes else None for each, yes in zip(flow[shown].tolist(), known[shown].tolist(), strict=True)]
        return Panel(
            Text("累计净流量", "Net flow, added up"), [Line("", time, value)],
            unit=self.currency, order=61,
        )  # fmt: skip


_ZH = "净流量 {flow} {currency} ({pct}){z}  买卖比 {ratio}  现价 {last} ({change})  支撑 {low}  阻力 {high}  ATR {atr}"
_EN = (
    "net flow {flow} {currency} ({pct}){z}  buy/sell {ratio}  last {last} ({change})  "
    "support {low}  resistance {high}  ATR {atr}"
)


def net_flow(
    view: View,
    *,
    window: Annotated[int, Field(gt=0, le=10_080, description="closed minutes to look at")] = 50,
    min_coverage: Annotated[
        float, Field(gt=0, le=1, description="share of the window that the ratio and the z-score need")
    ] = 0.95,
    zscore_hours: Annotated[
        int, Field(ge=0, le=168, description="hours before the window that the z-score compares with; 0: no z-score")
    ] = 24,
) -> NetFlow:
    """Where the money went: taker buys less taker sells over the last minutes, in quote currency.

    Net flow, volumes and net_flow_pct (% of volume) are sums over the covered minutes, those with a complete taker
    split; `coverage` says how many those are, and the buy/sell ratio and z-score are None below `min_coverage`. The
    z-score compares with the windows of the same length that end where this one begins, at least 10 of them complete;
    `usual` is the median size of theirs, which one great move does not change.
    Support and resistance are the lowest low and highest high; ATR is the simple mean of the one-minute true ranges (a
    minute after a hole counts its own range). Prices also come from minutes without a taker split. Source: trades or
    klines of the venue.
    """
    blocks = zscore_hours * 60 // window
    found = view.side_by_side(("net_flow", window, blocks), partial(added_up, window=window, blocks=blocks))
    reasons: list[str] = []
    flow = _flow(found, window, min_coverage, reasons)
    flow["zscore"] = flow["usual"] = None
    if flow["net_flow"] is not None and zscore_hours:
        flow["zscore"], flow["usual"] = _against(flow["net_flow"], found, window, min_coverage, reasons)
    return NetFlow(
        as_of=moment(view.now),
        coverage=_seen(view, found, window),
        convention=f"taker buy - taker sell of {window} closed minutes; ATR: simple mean of one-minute true ranges; "
        "z-score by the sample deviation",
        instrument=view.instrument.id,
        base=view.instrument.base,
        currency=view.instrument.quote,
        window=window,
        **flow,
        **_prices(found, view.instrument.tick_size, reasons),
        reason=because(reasons),
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("net_flow", net_flow, columns=columns)


def _seen(view: View, found: AddedUp, window: int) -> SeenReport:
    if found.worst >= Coverage.KLINES:
        return _seen_whole(view.end, window, found.worst)
    return SeenReport.of(view.seen(view.bars(window)))


@lru_cache(16)
def _seen_whole(end: int, window: int, worst: int) -> SeenReport:
    """Of nearly every market: the same for all of them."""
    start, kind = end - window * MINUTE, Coverage(worst).label
    return SeenReport(
        start=moment(start), end=moment(end), minutes=window, complete=window, share=1.0, kind=kind
    )  # fmt: skip


def _flow(found: AddedUp, window: int, min_coverage: float, reasons: list[str]) -> dict[str, Any]:
    if not found.minutes:
        reasons.append(
            Bilingual(
                f"{window} 分钟都缺少完整的主动买卖拆分", f"none of the {window} minutes has a complete taker split"
            )
        )
        names = "net_flow buy_volume sell_volume buy_sell_ratio volume quote_volume net_flow_pct"
        return dict.fromkeys(names.split())
    ratio = None
    if found.minutes / window < min_coverage:
        reasons.append(
            Bilingual(
                f"已覆盖 {window} 分钟中的 {found.minutes} 分钟，买卖比需要 {min_coverage:.0%}",
                f"{found.minutes} of {window} minutes covered, the buy/sell ratio needs {min_coverage:.0%}",
            )
        )
    else:
        ratio = quotient(found.buy, found.sell)
        if ratio is None:
            reasons.append(
                Bilingual("没有主动卖出，无法计算买卖比", "no taker sells, so no buy/sell ratio")
                if not found.sell
                else Bilingual("买卖比超出可表示的范围", "the buy/sell ratio is out of range")
            )
    flow = found.buy - found.sell
    share = None if quotient(flow, found.traded) is None else 100 * flow / found.traded
    return {
        "net_flow": flow, "buy_volume": found.buy, "sell_volume": found.sell, "buy_sell_ratio": ratio,
        "volume": found.volume, "quote_volume": found.traded, "net_flow_pct": share,
    }  # fmt: skip


def _against(
    flow: float, found: AddedUp, window: int, min_coverage: float, reasons: list[str]
) -> tuple[float | None, float | None]:
    """The z-score against the windows before, and their median size."""
    if found.minutes / window < min_coverage:
        return None, None
    if found.blocks < MIN_BLOCKS:
        reasons.append(
            Bilingual(
                f"z 值需要此前 {MIN_BLOCKS} 个完整区间，现有 {found.blocks} 个",
                f"the z-score needs {MIN_BLOCKS} complete windows before this one, there are {found.blocks}",
            )
        )
        return None, None
    usual = known(found.median_size)
    if found.spread <= 1e-12 * found.largest_size:
        reasons.append(
            Bilingual("此前各区间净流入相同，无法计算 z 值", "every window before had the same net flow, so no z-score")
        )
        return None, usual
    return known((flow - found.mean) / found.spread), usual


def _prices(found: AddedUp, tick_size: Decimal, reasons: list[str]) -> dict[str, float | None]:
    names = ("support", "resistance", "last_price", "price_change_pct", "atr")
    if found.close <= 0:
        reasons.append(Bilingual("区间内没有已知价格", "no price is known in the window"))
        return dict.fromkeys(names)
    # Python divides integers once and right, whatever their size
    times, by = tick_size.as_integer_ratio()
    low, high, close = (ticks * times / by for ticks in (found.low, found.high, found.close))
    change = 100 * (found.close - found.open) / found.open
    # the simple mean of the true ranges
    atr = float(tick_size * Decimal(found.reach) / found.priced)
    return dict(zip(names, (low, high, close, change, atr), strict=True))
