"""Basis: what a perp is worth above or below spot."""

from itertools import cycle
from statistics import fmean
from typing import Annotated, Any

from pydantic import Field

from coinmon.indicator import (
    MINUTE,
    Bilingual,
    Line,
    Market,
    Moment,
    Panel,
    Reason,
    Result,
    SeenReport,
    Text,
    Tone,
    View,
    hookimpl,
    moment,
    say,
)
from coinmon_indicators._candles import Part
from coinmon_indicators._covered import covered
from coinmon_indicators._figures import because, known, percent

_TONES: tuple[Tone, ...] = ("accent", "second", "third", "up", "down")


class VenueBasis(Part):
    """One venue's perp against spot."""

    venue: str
    perp: str = Field(description="instrument id of the perp")
    spot: str | None = Field(description="instrument id of the venue's spot market; None: it has none")
    perp_quote: str = Field(description="currency the perp is quoted in")
    spot_quote: str | None = Field(description="currency spot is quoted in")
    time: Moment | None = Field(description="when mark and index were sampled, together")
    mark: float | None = Field(description="mark price, perp's quote currency")
    index: float | None = Field(description="index price: spot as the venue reckons it, perp's quote currency")
    basis_pct: float | None = Field(description="(mark - index) / index, %")
    traded_at: Moment | None = Field(description="end of the last minute in which perp and spot both traded")
    traded_pct: float | None = Field(description="(perp close - spot close) / spot close of that minute, %")
    traded_mean_pct: float | None = Field(description="mean of that over the window's minutes in which both traded, %")
    traded_change_pct: float | None = Field(description="last of them minus the first of the window, percentage points")
    note: Reason | None = Field(description="what is not known, and why")


class Basis(Result):
    """Perp against spot, by venue and on average."""

    pair: str
    window: int = Field(description="closed minutes of the traded basis")
    venues: list[VenueBasis] = Field(description="every venue with a perp of the pair")
    basis_pct: float | None = Field(description="mean of the venues' (mark - index) / index, %")
    lowest_pct: float | None = Field(description="lowest of them, %")
    highest_pct: float | None = Field(description="highest of them, %")
    traded_pct: float | None = Field(description="mean of the venues' traded basis, %")

    def line(self, lang: str) -> str:
        zh = lang == "zh"
        name, traded = ("基差", "成交") if zh else ("basis", "traded")
        each = "  ".join(f"{one.venue} {percent(one.basis_pct, 3)}" for one in self.venues)
        text = f"{name} {percent(self.basis_pct, 3)}  {traded} {percent(self.traded_pct, 3)}  {each}"
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def panel(self, subject: Market) -> Panel:
        """The traded basis of each venue over a day."""
        lines = []
        for (name, perp), tone in zip(subject.perp.items(), cycle(_TONES), strict=False):
            if name in subject.spot:
                time, shares = _both_traded(perp, subject.spot[name], 1440)
                # a point every few minutes is as fine as a screen
                shown = slice(None, None, max(1, len(time) // 300))
                times = [moment(ms + MINUTE) for ms in time[shown].tolist()]
                lines.append(Line(name, times, shares[shown].tolist(), tone))
        return Panel(Text("基差（成交价）", "Basis, traded"), lines, unit="%", order=50)


def basis(
    market: Market,
    *,
    window: Annotated[int, Field(gt=0, le=10_080, description="closed minutes of the traded basis")] = 50,
    max_age: Annotated[int, Field(gt=0, le=10_080, description="minutes after which mark and index are too old")] = 120,
) -> Basis:
    """How far perps trade above or below spot, in percent of spot.

    basis: (mark - index) / index, sampled together, hence of the same moment; the index is spot in the perp's own quote
    currency. traded: the same from closes of the venue's perp and spot in the last minute in which both traded; their
    quotes may differ (USD against USDT) and are named. Sources: the venue's funding endpoint as polled; its trades or
    klines.
    """
    venues, coverage = [], []
    for name, perp in market.perp.items():
        spot = market.spot.get(name)
        venues.append(_venue(name, perp, spot, window, max_age))
        coverage += [SeenReport.of(view.seen(view.bars(window))) for view in (perp, spot) if view is not None]
    reasons = [
        Bilingual(f"{each.venue}：{say(each.note, 'zh')}", f"{each.venue}: {each.note}") for each in venues if each.note
    ]
    if not venues:
        reasons.append(Bilingual("没有平台有该交易对的永续合约", "no venue has a perp of the pair"))
    marked = [each.basis_pct for each in venues if each.basis_pct is not None]
    traded = [each.traded_pct for each in venues if each.traded_pct is not None]
    return Basis(
        as_of=moment(market.now),
        coverage=covered(coverage, market.now),
        convention="(mark - index) / index sampled together; traded: closes of the same minute; venues count the same",
        reason=because(reasons),
        pair=str(market.pair),
        window=window,
        venues=venues,
        basis_pct=fmean(marked) if marked else None,
        lowest_pct=min(marked, default=None),
        highest_pct=max(marked, default=None),
        traded_pct=fmean(traded) if traded else None,
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("basis", basis, scope="pair")


def _venue(name: str, perp: View, spot: View | None, window: int, max_age: int) -> VenueBasis:
    samples = perp.funding(max_age)
    latest = samples[-1] if samples else None
    mark, index = (latest.mark, latest.index) if latest is not None else (None, None)
    notes = []
    share = None
    if mark is None or not index:
        notes.append(
            Bilingual(
                f"最近 {max_age} 分钟没有标记价和指数价采样",
                f"no mark and index price were sampled in the last {max_age} minutes",
            )
        )
    else:
        share = known(100 * (mark - index) / index)
    traded: dict[str, Any] = dict.fromkeys(("traded_at", "traded_pct", "traded_mean_pct", "traded_change_pct"))
    if spot is None:
        notes.append(Bilingual("它没有现货市场", "it has no spot market"))
    else:
        traded |= _traded(perp, spot, window)
        if traded["traded_pct"] is None:
            notes.append(
                Bilingual(
                    f"最近 {window} 分钟里合约与现货没有同时成交的分钟",
                    f"perp and spot traded together in no minute of the last {window}",
                )
            )
    return VenueBasis(
        venue=name, perp=perp.instrument.id, spot=None if spot is None else spot.instrument.id,
        perp_quote=perp.instrument.quote, spot_quote=None if spot is None else spot.instrument.quote,
        time=None if latest is None else moment(latest.time), mark=mark, index=index, basis_pct=share,
        note=because(notes), **traded,
    )  # fmt: skip


def _traded(perp: View, spot: View, window: int) -> dict[str, Any]:
    time, shares = _both_traded(perp, spot, window)
    if not len(time):
        return {}
    return {
        "traded_at": moment(int(time[-1]) + MINUTE), "traded_pct": float(shares[-1]),
        "traded_mean_pct": float(shares.mean()),
        "traded_change_pct": float(shares[-1] - shares[0]) if len(time) > 1 else None,
    }  # fmt: skip


def _both_traded(perp: View, spot: View, minutes: int) -> tuple[Any, Any]:
    """The minutes in which both traded, ms UTC, and the basis of their closes, %."""
    ours, theirs = perp.bars(minutes), spot.bars(minutes)
    both = (ours.close > 0) & (theirs.close > 0) & (ours.volume > 0) & (theirs.volume > 0)
    above, below = ours.price(ours.close)[both], theirs.price(theirs.close)[both]
    return ours.time[both], 100 * (above - below) / below
