"""The report as a tool: what an assistant asks first."""

from typing import Annotated, Any, Literal

from pydantic import Field

from coinmon.command import CoinmonError, ConfigError, Market, MarketReader
from coinmon_mcp._tools.markets import fund_flow
from coinmon_mcp._tools.tool import MarketAnswer, OfInstrument, Tool


class ReportOf(OfInstrument):
    """How much of the report."""

    detail: Annotated[
        Literal["summary", "full"],
        Field(description="summary: a line an indicator, of the pair and of one instrument; full: every result"),
    ] = "summary"
    lang: Annotated[Literal["zh", "en"], Field(description="language of the summary's lines")] = "en"
    indicators: Annotated[list[str] | None, Field(max_length=50, description="only these indicators, by name")] = None


class ReportAnswer(MarketAnswer):
    """One market as of a moment."""

    pair: str
    flow: dict[str, Any] | None = Field(description="money by venue and the consensus, as get_fund_flow gives it")
    signals: list[dict[str, Any]] = Field(description="signals that are true at this moment")
    coverage: dict[str, float] = Field(description="by instrument id: share of the flow window seen, 0 to 1")
    indicators: list[dict[str, Any]] = Field(
        description="each with `indicator`, `of` (instrument id or `pair`) and a `line`, or with detail=full the "
        "`result` as in `coinmon report --format json`"
    )
    failed: dict[str, str] = Field(description="indicators that raised, and why")
    last_day: dict[str, Any] | None = Field(
        description="instruments that lack minutes of the last 24 h, and the command that brings them; null: none lacks"
    )
    left_out: dict[str, dict[str, Any]] = Field(
        description="with detail=full: by indicator, the instruments that its result of the pair is without, and the "
        "minutes that they have"
    )


def _report(desk: MarketReader, asked: ReportOf) -> dict[str, Any]:
    unknown = [name for name in asked.indicators or () if name not in desk.indicators]
    if unknown:
        raise ConfigError(f"indicators: no {unknown[0]!r}; there is {', '.join(desk.indicators)}")
    full = asked.detail == "full"
    report = desk.report(asked.symbol, asked.moment(), asked.indicators if full else ())
    rows, failed = _results(report) if full else _lines(desk, asked, report.market)
    return {
        "pair": str(report.market.pair),
        "convention": "lines say what they are of; detail=full gives each result with its own convention and coverage",
        "flow": fund_flow(desk, asked),
        "signals": report.signals,
        "coverage": {id: round(seen.share, 4) for id, seen in report.seen.items()},
        # what is said of the pair as a whole first
        "indicators": sorted(rows, key=lambda row: row["of"] != "pair"),
        "failed": failed,
        "last_day": _last_day(report),
        "left_out": report.left_out_as_json() if full else {},
    }


def _last_day(report: Any) -> dict[str, Any] | None:
    day = report.last_day.as_json()
    return {each: day[each] for each in ("lacking", "never_by_scan", "backfill")} if day["lacking"] else None


def _results(report: Any) -> tuple[list[dict[str, Any]], dict[str, str]]:
    rows = [
        {"indicator": name, "of": id, "result": each.model_dump(mode="json")}
        for name, results in report.results.items()
        for id, each in results.items()
    ]
    return rows, report.failed


def _lines(desk: MarketReader, asked: ReportOf, market: Market) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """A line of each indicator: of the pair, or of the instrument that was asked for."""
    view = asked.among(market)
    rows, failed = [], {}
    for name, offer in desk.indicators.items():
        if asked.indicators is not None and name not in asked.indicators:
            continue
        subject, of = (market, "pair") if offer.scope == "pair" else (view, view.instrument.id)
        if offer.scope != "pair" and view.instrument.kind not in offer.kinds:
            continue
        try:
            rows.append({"indicator": name, "of": of, "line": desk.line(name, subject, asked.lang)})
        except CoinmonError as error:
            failed[name] = str(error)
    return rows, failed


REPORT = Tool(
    "get_report", "Report", "One market now or as of a moment: money by venue, consensus, the signals that are on, "
    "and a line from every indicator. Begin here; detail=full gives every figure.",
    ReportOf, ReportAnswer, _report, core=True,
)  # fmt: skip
