"""Consensus: whether the venues agree on where the money goes."""

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from coinmon.indicator import (
    Bilingual,
    Columns,
    FlowEvent,
    FlowOfVenue,
    Market,
    Panel,
    Reason,
    Result,
    SeenReport,
    Text,
    View,
    hookimpl,
    iso,
    moment,
    say,
)
from coinmon_indicators._covered import covered
from coinmon_indicators._figures import because, compact, money
from coinmon_indicators.flow._consensus_columns import columns
from coinmon_indicators.flow._verdict import LABELS, FlowVerdict, in_deviations, in_money

ThresholdMode = Literal["absolute", "relative"]


class VenueFlow(BaseModel):
    """One venue's part in it."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")

    venue: str
    instrument: str | None = Field(default=None, description="instrument id")
    listed: bool | None = Field(description="whether it lists the pair; None: it could not be asked")
    comparable: bool = Field(default=False, description="covered well enough to be compared")
    net_flow: float | None = Field(default=None, description="over the covered minutes, quote currency")
    buy_sell_ratio: float | None = Field(default=None, description="taker buy / taker sell")
    net_flow_pct: float | None = Field(default=None, description="net flow as % of the venue's volume")
    zscore: float | None = Field(default=None, description="net flow against its own time before")
    coverage: float | None = Field(default=None, description="covered share of the window, 0 to 1")
    complete: int | None = Field(default=None, description="covered minutes")
    minutes: int | None = Field(default=None, description="minutes of the window")
    warming: bool = Field(default=False, description="only the window's beginning is missing: time alone fills it")
    note: Reason | None = Field(default=None, description="why it is not comparable")


class Consensus(Result):
    """The fund-flow consensus of a pair's spot markets."""

    pair: str
    currency: str = Field(description="currency that every venue's quote is counted as")
    mode: ThresholdMode
    window: int | None = Field(description="closed minutes looked at")
    verdict: FlowVerdict | None = Field(description="what the venues say together; None: not all can be compared")
    total: float | None = Field(description="sum of all venues' net flow, quote currency; None: not all are comparable")
    venues: list[VenueFlow] = Field(description="every configured venue")
    waits_for: list[str] = Field(description="venues that are down or short of coverage, and how")
    not_listed: list[str] = Field(description="configured venues that do not list the pair")
    last_price: float | None = Field(description="last price of the first venue that has one, quote currency")

    @property
    def comparable(self) -> bool:
        """Every venue that lists the pair is covered, and they are enough."""
        return self.total is not None

    def label(self, lang: str) -> str:
        return LABELS[self.verdict][0 if lang == "zh" else 1]

    def line(self, lang: str) -> str:
        zh = lang == "zh"
        flows = [f"{each.venue[:3].upper()}:{_shown(each)}" for each in self.venues if _is_shown(each)]
        total = "" if self.total is None else f" ({'合计' if zh else 'total'} {money(self.total, self.currency)})"
        text = " | ".join([f"{'共识' if zh else 'consensus'}: {self.label(lang)}{total}", *flows])
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def headline(self, lang: str) -> str:
        return self.line(lang)

    def flow(self, subject: Market) -> FlowEvent:
        """The event of a scan: each venue's money, and the verdict or what it waits for."""
        return FlowEvent(
            time=iso(subject.now), pair=self.pair, price=self.last_price, currency=self.currency, window=self.window,
            venues={
                each.venue: FlowOfVenue(
                    instrument=each.instrument, listed=each.listed, net_flow=each.net_flow, ratio=each.buy_sell_ratio,
                    net_flow_pct=each.net_flow_pct, zscore=each.zscore, coverage=each.coverage, complete=each.complete,
                    warming=each.warming, minutes=each.minutes,
                )
                for each in self.venues
            },
            total=self.total, consensus=self.verdict, consensus_reason=self.reason, coverage=self.coverage.share,
        )  # fmt: skip

    def panel(self, subject: Market) -> Panel:
        """Each venue's net flow."""
        some = [each for each in self.venues if each.net_flow is not None]
        bars = Columns(Text("净流量", "net flow"), [each.venue for each in some], [each.net_flow for each in some])
        return Panel(Text("各交易所资金流", "Fund flow by venue"), [bars], "own", self.currency, order=60)


def consensus(
    market: Market,
    *,
    mode: Annotated[
        ThresholdMode, Field(description="thresholds in money, or in each venue's own deviations")
    ] = "absolute",
    venue_threshold: Annotated[
        float, Field(ge=0, description="net flow of every venue beyond this is strong, quote currency")
    ] = 1_000.0,
    total_threshold: Annotated[
        float, Field(ge=0, description="net flow of all venues together beyond this leans, quote currency")
    ] = 50_000_000.0,
    min_zscore: Annotated[float, Field(gt=0, description="deviations that are unusual, in relative mode")] = 1.0,
    min_coverage: Annotated[float, Field(gt=0, le=1, description="share of the window that each venue needs")] = 0.95,
    min_venues: Annotated[int, Field(ge=1, description="fewest venues listing the pair that make a consensus")] = 3,
) -> Consensus:
    """Whether all exchanges see money flow the same way: strong, leaning or mixed.

    Net flow is each spot venue's over the window of `net_flow`. absolute: every venue above +venue_threshold is strong
    bullish, every one below -venue_threshold strong bearish; else a sum beyond ±total_threshold leans; else mixed.
    relative: every flow of one sign with a z-score of min_zscore or more that way is strong; a sum of that sign with
    such a mean z-score leans. Every venue means all configured ones that list the pair, each covered to min_coverage
    and at least min_venues of them: while one is down or short there is no verdict, and the reason names it.
    """
    venues = [_venue(market, name, min_coverage) for name in market.venues]
    listed = [each for each in venues if each.listed]
    waits_for = [
        Bilingual(f"{each.venue} {say(each.note or '', 'zh')}", f"{each.venue} {each.note}")
        for each in venues
        if each.listed is not False and not each.comparable and not (market.is_part and each.instrument is None)
    ]
    waiting = Bilingual.listed(waits_for)
    reasons = [Bilingual(f"等待 {waiting.zh}", f"waits for {waiting}")] if waits_for else []
    verdict: FlowVerdict | None = None
    total: float | None = None
    if not waits_for and len(listed) < min_venues and market.is_part:
        reasons.append(
            Bilingual(
                f"只问了部分市场，共识需要至少 {min_venues} 个平台的现货",
                f"only some markets were asked for, a consensus needs the spot markets of {min_venues} venues",
            )
        )
    elif not waits_for and len(listed) < min_venues:
        count = "no venue" if not listed else f"{len(listed)} venue" + "s" * (len(listed) > 1)
        reasons.append(
            Bilingual(
                f"{len(venues)} 个平台中有 {len(listed)} 个上线该交易对，共识需要 {min_venues} 个",
                f"{count} of {len(venues)} list the pair, a consensus needs {min_venues}",
            )
        )
    elif not waits_for:
        flows = [each.net_flow for each in listed if each.net_flow is not None]
        scores = [each.zscore for each in listed if each.zscore is not None]
        total = math.fsum(flows)
        if mode == "absolute":
            verdict = in_money(flows, venue_threshold, total_threshold)
        elif len(scores) == len(listed):
            verdict = in_deviations(flows, scores, min_zscore)
        else:
            unknown = ", ".join(each.venue for each in listed if each.zscore is None)
            reasons.append(Bilingual(f"{unknown} 还没有 z 值", f"no z-score yet for {unknown}"))
    figures = {name: view.of("net_flow") for name, view in market.spot.items() if name in market.venues}
    unasked = any(each.listed is None for each in venues) and not market.is_part
    by_rule = "in money" if mode == "absolute" else "in each venue's own deviations"
    return Consensus(
        as_of=moment(market.now),
        coverage=covered([each.coverage for each in figures.values()], market.now, unasked=unasked),
        convention=f"{mode}: {by_rule}, over all configured spot venues that list the pair",
        reason=because(reasons),
        pair=str(market.pair),
        currency=market.pair.quote,
        mode=mode,
        window=next((flow.window for flow in figures.values()), None),
        verdict=verdict,
        total=total,
        venues=venues,
        waits_for=[str(each) for each in waits_for],
        not_listed=[each.venue for each in venues if each.listed is False],
        last_price=next((flow.last_price for flow in figures.values() if flow.last_price is not None), None),
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("consensus", consensus, scope="pair", columns=columns, answers="flow")


def _venue(market: Market, name: str, min_coverage: float) -> VenueFlow:
    view: View | None = market.spot.get(name)
    down = market.down.get(name)
    if view is None:
        if down is None and market.is_part:
            return VenueFlow(venue=name, listed=None, note=_NOT_ASKED_FOR)
        if down is None:
            return VenueFlow(venue=name, listed=False, note=Bilingual("未上线该交易对", "does not list the pair"))
        return VenueFlow(venue=name, listed=None, note=_down(down))
    flow = view.of("net_flow")
    seen: SeenReport = flow.coverage
    comparable = flow.net_flow is not None and seen.share >= min_coverage
    covered_zh, covered_en = (
        f"{'预热 ' if seen.warming else ''}{seen.complete}/{seen.minutes} 分钟",
        f"{'warming ' if seen.warming else ''}{seen.complete}/{seen.minutes}",
    )
    off = _down(down) if down else None
    short = Bilingual(f"{covered_zh}，{off.zh}", f"{covered_en}, {off}") if off else Bilingual(covered_zh, covered_en)
    return VenueFlow(
        venue=name, instrument=view.instrument.id, listed=True, comparable=comparable, net_flow=flow.net_flow,
        buy_sell_ratio=flow.buy_sell_ratio, net_flow_pct=flow.net_flow_pct, zscore=flow.zscore, coverage=seen.share,
        complete=seen.complete, minutes=seen.minutes, warming=seen.warming,
        note=None if comparable else short,
    )  # fmt: skip


_NOT_ASKED_FOR = Bilingual("未问及", "not asked for")


def _is_shown(flow: VenueFlow) -> bool:
    return flow.listed is not False and flow.note != _NOT_ASKED_FOR


def _down(why: str) -> Bilingual:
    zh, en = "无法访问", "down"
    return Bilingual(f"{zh} ({why})", f"{en} ({why})") if why else Bilingual(zh, en)


def _shown(flow: VenueFlow) -> str:
    if flow.comparable:
        return compact(flow.net_flow, sign=True)
    return "-" if flow.minutes is None else f"{flow.complete}/{flow.minutes}"
