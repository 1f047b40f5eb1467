"""Tools about a pair across venues: flow, consensus, signals, whales, coverage, venues side by side."""

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from coinmon.command import MINUTE, MarketReader, SeenReport, iso
from coinmon_mcp._tools.comparisons import Compared, ComparedAnswer, compare_venues
from coinmon_mcp._tools.indicators import answer_model, result_model, shown
from coinmon_mcp._tools.tool import AsOf, MarketAnswer, OfPair, Tool

_DAY_MINUTES = 1440
_ALIKE = 0.95
"""Share of the minutes of the venue that saw most, from which on another has them too."""


class FlowAnswer(MarketAnswer):
    """Money by venue."""

    pair: str = Field(description="base/quote")
    price: float | None = Field(description="last known price, quote currency")
    currency: str = Field(description="quote currency that money is in")
    window: int = Field(description="closed minutes looked at")
    venues: dict[str, Any] = Field(
        description="by venue: net_flow, ratio (taker buys / taker sells), net_flow_pct, zscore, coverage, complete"
    )
    total: float | None = Field(description="net flow of all venues, quote currency; null unless all are covered")
    totalWithout: dict[str, Any] | None = Field(
        default=None,
        description="where total is null: `total` of the venues that have the minutes, and `without`, the others",
    )
    consensus: str | None = Field(description="strong_bull, lean_bull, mixed, lean_bear, strong_bear; null: unknown")
    consensus_reason: str | None = Field(description="why there is no consensus, or what it waits for")
    coverage: float | None = Field(description="share of the window seen, 0 to 1")


def fund_flow(desk: MarketReader, asked: OfPair) -> dict[str, Any]:
    """Money by venue and the consensus, as of the moment asked for."""
    event = desk.flow(asked.symbol, asked.moment())
    names = FlowAnswer.model_fields.keys() - MarketAnswer.model_fields.keys() - {"totalWithout"}
    known = {name: event[name] for name in FlowAnswer.model_fields if name in names}
    if event["total"] is None:
        known["totalWithout"] = _total_without(event)
    return {"convention": "spot; net flow: taker buys - taker sells of closed minutes, in quote currency", **known}


def _total_without(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is known of the sum; None where all venues have as little of the window."""
    listed = {name: each for name, each in event["venues"].items() if each["listed"]}
    most = max((each["coverage"] or 0.0 for each in listed.values()), default=0.0)
    there = [name for name, each in listed.items() if each["coverage"] and each["coverage"] >= _ALIKE * most]
    others = {name: each for name, each in listed.items() if name not in there}
    flows = [listed[name]["net_flow"] for name in there]
    if not others or not flows or None in flows:
        return None
    lacking = {name: {"complete": each["complete"], "of": each["minutes"]} for name, each in others.items()}
    return {"total": math.fsum(flows), "without": lacking}


class Signals(AsOf):
    """Which signals."""

    symbol: Annotated[str | None, Field(max_length=40, description="only of this pair")] = None
    hours: Annotated[float, Field(gt=0, le=168, description="hours to look back")] = 24.0
    limit: Annotated[int, Field(ge=1, le=500, description="newest first, at most so many")] = 50


class SignalsAnswer(MarketAnswer):
    """Signals that were on."""

    signals: list[dict[str, Any]] = Field(
        description="newest first; `event`: signal (grade, direction, title, evidence with coverage) or whale (an "
        "order: side, price, quote); `ended` null: it is on"
    )


def _signals(desk: MarketReader, asked: Signals) -> dict[str, Any]:
    moment = asked.moment() or desk.now()
    # a signal of the very second is part of it
    found = desk.signals(asked.symbol, moment - round(asked.hours * 60 * MINUTE), moment + 1000)
    rows = [{**each, "ended": None if each["ended"] is None else iso(each["ended"])} for each in found]
    looked = iso(desk.stored_history()[0].judged_until(moment)) or "at an unknown time"
    return {
        "convention": f"what scans found; one looked last {looked}: what is on (`ended` null) was on then",
        "signals": rows[: asked.limit],
    }


class Whales(OfPair):
    """Which whale trades."""

    minutes: Annotated[int, Field(ge=1, le=10_080, description="minutes to look back")] = 60
    minQuote: Annotated[float, Field(ge=0, description="smallest order, quote currency")] = 0.0
    limit: Annotated[int, Field(ge=1, le=500, description="the newest so many")] = 50


class WhalesAnswer(MarketAnswer):
    """Whale trades, the newest first."""

    pair: str
    buy: float | None = Field(description="taker buys of all that were found, quote currency; null: nothing was seen")
    sell: float | None = Field(description="taker sells of all that were found, quote currency; null: nothing was seen")
    count: int = Field(description="orders found")
    reasons: dict[str, str] = Field(description="by instrument id: why its orders are not known, or not all of them")
    trades: list[dict[str, Any]] = Field(
        description="instrument, time, side, price, base, quote, fills; the newest first"
    )
    coverage: dict[str, SeenReport] = Field(description="by instrument id: how much of the window was seen")


def _whales(desk: MarketReader, asked: Whales) -> dict[str, Any]:
    market = asked.market(desk)
    settings = {"window": asked.minutes, "threshold": asked.minQuote}
    told = {
        view.instrument.id: desk.result("whale_trades", view, settings).model_dump(mode="json") for view in market.views
    }
    found = [{"instrument": id, **each} for id, one in told.items() for each in one["trades"]]
    known = [one for one in told.values() if one["buys"] is not None]
    return {
        "pair": str(market.pair),
        "convention": "an order: what one taker traded at once; totals are a floor where `reasons` says so",
        "buy": sum(one["buy_volume"] for one in known) if known else None,
        "sell": sum(one["sell_volume"] for one in known) if known else None,
        "count": len(found),
        "reasons": {id: one["reason"] for id, one in told.items() if one["reason"]},
        "trades": sorted(found, key=lambda each: each["time"], reverse=True)[: asked.limit],
        "coverage": {id: one["coverage"] for id, one in told.items()},
    }


class CoverageOf(OfPair):
    """Of which window."""

    minutes: Annotated[int, Field(ge=1, le=43_200, description="closed minutes to look back")] = _DAY_MINUTES


class CoverageAnswer(MarketAnswer):
    """How much of a pair's market was seen."""

    pair: str
    coverage: dict[str, SeenReport] = Field(description="by instrument id")


def _coverage(desk: MarketReader, asked: CoverageOf) -> dict[str, Any]:
    market = asked.market(desk)
    return {
        "pair": str(market.pair),
        "convention": "complete: closed minutes whose taker buys and sells are all known, from trades or klines",
        "coverage": _coverage_of(market, asked.minutes),
    }


def _coverage_of(market: Any, minutes: int) -> dict[str, Any]:
    return {
        view.instrument.id: SeenReport.of(view.seen(view.bars(minutes))).model_dump(mode="json")
        for view in market.views
    }


def market_tools(desk: MarketReader) -> Iterator[Tool]:
    """The tools about pairs."""
    yield Tool(
        "get_fund_flow", "Fund flow", "Where the money goes: taker buys less taker sells by venue over the last "
        "minutes, in quote currency, with buy/sell ratio and coverage.",
        OfPair, FlowAnswer, fund_flow, core=True,
    )  # fmt: skip
    consensus = desk.indicators.get("consensus")
    if consensus:

        def _consensus(desk: MarketReader, asked: OfPair) -> dict[str, Any]:
            market = asked.market(desk)
            return shown(desk, market, desk.result("consensus", market))

        yield Tool(
            "get_consensus", "Consensus", " ".join(consensus.description.split()),
            OfPair, answer_model("get_consensus", result_model(consensus.target)), _consensus,
        )  # fmt: skip
    yield Tool(
        "get_signals", "Signals", "Signals that were on lately, newest first, with grade, reading and evidence.",
        Signals, SignalsAnswer, _signals, core=True,
    )  # fmt: skip
    if "whale_trades" in desk.indicators:
        yield Tool(
            "get_whale_trades", "Whale trades", "Single taker orders above the whale threshold on all venues, the "
            "newest first, with totals for each side.",
            Whales, WhalesAnswer, _whales, core=True,
        )  # fmt: skip
    yield Tool(
        "get_coverage", "Coverage", "How much of a pair's market was seen, venue by venue, and the missing ranges.",
        CoverageOf, CoverageAnswer, _coverage,
    )  # fmt: skip
    if "net_flow" in desk.indicators:
        yield Tool(
            "compare_venues", "Compare venues", "Price, premium, money flow and share of volume of every venue, side "
            "by side.",
            Compared, ComparedAnswer, compare_venues, core=True,
        )  # fmt: skip
