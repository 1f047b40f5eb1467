"""Funding dispersion: how far the venues' funding is apart."""

from statistics import fmean, pstdev
from typing import Any

from pydantic import Field

from coinmon.indicator import Bilingual, Columns, Market, Moment, Panel, Result, Text, hookimpl, moment, say
from coinmon_indicators._candles import Part
from coinmon_indicators._covered import covered
from coinmon_indicators._figures import because, percent


class VenueFunding(Part):
    """One venue's funding."""

    venue: str
    instrument: str = Field(description="instrument id")
    rate: float | None = Field(description="rate of the next settlement, fraction of the position for one interval")
    interval_hours: float | None = Field(description="hours between settlements, None where the venue does not say")
    annualised: float | None = Field(description="rate x 24 / interval_hours x 365, simple, fraction a year")
    next_time: Moment | None = Field(description="next settlement")


class FundingDispersion(Result):
    """Annualised funding of all venues' perps of a pair. Figures need at least two venues."""

    pair: str
    venues: list[VenueFunding] = Field(description="every venue with a perp of the pair")
    mean: float | None = Field(description="simple mean of the annualised rates, fraction a year")
    lowest: float | None = Field(description="lowest annualised rate, fraction a year")
    lowest_venue: str | None
    highest: float | None = Field(description="highest annualised rate, fraction a year")
    highest_venue: str | None
    spread: float | None = Field(description="highest - lowest, fraction a year")
    deviation: float | None = Field(description="population standard deviation, fraction a year")

    def line(self, lang: str) -> str:
        zh = lang == "zh"
        name, mean, spread = ("资金费率分化", "均值", "价差") if zh else ("funding a year", "mean", "spread")
        each = "  ".join(f"{one.venue} {_year(one.annualised)}" for one in self.venues)
        text = f"{name}  {each}  {mean} {_year(self.mean)}  {spread} {_year(self.spread)}"
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def panel(self, subject: Market) -> Panel:
        """Each venue's rate of a year."""
        some = [each for each in self.venues if each.annualised is not None]
        rates = [None if each.annualised is None else 100 * each.annualised for each in some]
        bars = Columns(Text("年化", "a year"), [each.venue for each in some], rates)
        return Panel(Text("资金费率（年化）", "Funding, a year"), [bars], "own", "%", order=59)


def funding_dispersion(market: Market) -> FundingDispersion:
    """What holding a perp costs at each venue in a year, and how far the venues are apart.

    Rates are compared annualised (simple), for intervals differ between venues; a venue whose interval or rate is not
    known is named and left out. Source: the venues' funding endpoints, as polled.
    """
    found = {name: view.of("funding") for name, view in market.perp.items()}
    known = {name: each.annualised for name, each in found.items() if each.annualised is not None}
    reasons = [
        Bilingual(f"{name}：{say(each.reason or '未知', 'zh')}", f"{name}: {each.reason or 'unknown'}")
        for name, each in found.items()
        if name not in known
    ]
    reasons += [Bilingual(f"{name} 无法访问", f"{name} is down") for name in market.down if name not in found]
    figures: dict[str, Any] = dict.fromkeys(
        ("mean", "lowest", "lowest_venue", "highest", "highest_venue", "spread", "deviation")
    )
    if len(known) >= 2:
        low, high = (pick(known, key=lambda name: known[name]) for pick in (min, max))
        figures = {
            "mean": fmean(known.values()), "lowest": known[low], "lowest_venue": low, "highest": known[high],
            "highest_venue": high, "spread": known[high] - known[low], "deviation": pstdev(known.values()),
        }  # fmt: skip
    else:
        reasons.append(
            Bilingual(
                f"已知 {len(known)} 个平台的年化资金费率，比较需要 2 个",
                f"annualised funding is known of {len(known)} venues, a comparison needs 2",
            )
        )
    return FundingDispersion(
        as_of=moment(market.now),
        coverage=covered([each.coverage for each in found.values()], market.now),
        convention="annualised: simple, rate x 24 / interval in hours x 365; every venue counts the same",
        reason=because(reasons),
        pair=str(market.pair),
        venues=[
            VenueFunding(venue=name, **{field: getattr(each, field) for field in list(VenueFunding.model_fields)[1:]})
            for name, each in found.items()
        ],
        **figures,
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("funding_dispersion", funding_dispersion, scope="pair")


def _year(fraction: float | None) -> str:
    return percent(None if fraction is None else 100 * fraction)
