"""The fourteen tools that users of the older order-flow server know, by their names and arguments.

Each is one of coinmon's indicators under the older names of its settings, so every answer is what the indicator says.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from coinmon.command import MarketReader, Result, View
from coinmon_mcp._tools.brief import NEAREST, shorten_key_levels
from coinmon_mcp._tools.indicators import answer_model, result_model, shown
from coinmon_mcp._tools.older_names import older_names
from coinmon_mcp._tools.times import check_times
from coinmon_mcp._tools.tool import Answer, OfInstrument, Time, Tool

Ms = Annotated[Time | None, Field(ge=0, le=2**43, description="ISO 8601, or ms UTC")]
Frame = Literal["1m", "5m", "15m", "30m", "1h", "4h", "1d"]
Short = Literal["1m", "5m", "15m", "30m", "1h"]
Swing = Literal["1m", "5m", "15m", "30m", "1h", "4h"]
SamplePeriod = Literal["5m", "15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d"]
Height = Annotated[
    float | None, Field(gt=0, le=1e6, description="height of a price row, quote currency, a multiple of a tick")
]
Share = Annotated[float, Field(gt=0, le=100, description="share of the volume in the value area, %")]
Mode = Annotated[Literal["raw", "synthetic"], Field(description="exact prices, or spread over short bars' ranges")]
Day = Annotated[str | None, Field(max_length=10, description="a day such as 2025-12-26; today where left out")]
Count = Annotated[int, Field(ge=1, le=2000)]
Zone = Annotated[str, Field(max_length=40, description="where days and sessions begin: UTC, Asia/Shanghai, ...")]
Session = Annotated[str, Field(max_length=20, description="one of the sessions by its name, or all")]
Pivot = Annotated[int, Field(ge=1, le=500, description="candles on one side that a swing stands out from")]


@dataclass(frozen=True)
class _Contract:
    """One of the tools: its arguments with their defaults, and the settings that they are under another name.

    unsaid: count only when the client gives them. of_answer: say how much of the result is shown. pages: `limit` is
    rows of one answer. live: sampled between scans.
    """

    name: str
    indicator: str
    title: str
    description: str
    arguments: Mapping[str, Any]
    settings: Mapping[str, str] = field(default_factory=dict)
    unsaid: frozenset[str] = frozenset()
    of_answer: frozenset[str] = frozenset()
    pages: bool = False
    live: bool = False


_WINDOW = {"startTime": (Ms, None), "endTime": (Ms, None)}
_NAMES = {
    "startTime": "start", "endTime": "end", "sessionTZ": "timezone", "tickSize": "bin_size", "interval": "timeframe",
    "lookbackBars": "bars", "view": "detail", "useVolumeForVA": "use_volume_for_va",
}  # fmt: skip
"""Settings whose name is more than the argument's in another spelling."""

_CONTRACTS = (
    _Contract(
        "get_market_snapshot", "market_snapshot", "Market snapshot",
        "One market at a glance: last price, 24-hour figures, mark price, funding and open interest.", {},
    ),
    _Contract(
        "get_key_levels", "key_levels", "Key levels",
        "The prices that everyone watches: VWAP, POC, value area, high and low of today, yesterday and last week, and "
        "of the sessions.",
        {
            "date": (Day, None), "sessionTZ": (Zone, "UTC"), "binSize": (Height, None),
            "valueAreaPercent": (Share, 70.0), "mode": (Mode, "raw"),
            "normalizeSeconds": (Annotated[int, Field(ge=1, le=60)], 3),
            "maxLevels": (Annotated[int, Field(ge=1, le=2000, description="the nearest so many")], NEAREST),
        },
        unsaid=frozenset({"sessionTZ"}),
        of_answer=frozenset({"maxLevels"}),
    ),
    _Contract(
        "get_footprint", "footprint", "Footprint",
        "What takers bought and sold at each price of each candle: POC, delta and its extremes; view=levels also lists "
        "the price rows. Read on with `cursor`.",
        {
            "timeframe": (Frame, "30m"), **_WINDOW, "view": (Literal["statistics", "levels"], "statistics"),
            "maxLevelsPerBar": (Count, 200), "binSize": (Height, None), "tickSize": (Height, None),
            "priceLevelLimit": (Count | None, None), "topNLevels": (Count | None, None),
            "compress": (
                Annotated[bool, Field(description="at most maxLevelsPerBar rows a candle, else all of them")], True,
            ),
            "limit": (Annotated[int | None, Field(ge=1, le=1000, description="candles an answer")], None),
        },
        {"maxLevelsPerBar": "max_levels", "priceLevelLimit": "max_levels", "topNLevels": "max_levels"},
        of_answer=frozenset({"compress", "limit"}),
        pages=True,
    ),
    _Contract(
        "get_footprint_statistics", "footprint", "Footprint statistics",
        "Each candle's delta, POC, most bought and most sold prices and the running delta's extremes, without rows.",
        {"timeframe": (Frame, "30m"), **_WINDOW},
    ),
    _Contract(
        "get_orderbook_depth_delta", "depth_delta", "Depth delta",
        "How bids and asks near the price changed: resting size within a percentage of the mid, sampled over time.",
        {
            "percent": (Annotated[float, Field(gt=0, le=20, description="of the mid, on both sides")], 1.0),
            "windowSec": (Annotated[int, Field(ge=1, le=86_400)], 60),
            "lookbackSec": (Annotated[int, Field(ge=1, le=604_800)], 3600),
            "lookback": (
                Annotated[int | None, Field(ge=1, le=604_800, description="the same, by its older name")], None,
            ),
            "maxPoints": (Annotated[int, Field(ge=1, le=500)], 30),
        },
        {"windowSec": "step", "lookbackSec": "lookback"},
        # the configuration's, or ORDERBOOK_DEPTH_PERCENT, where the client names none
        unsaid=frozenset({"percent"}),
        live=True,
    ),
    _Contract(
        "get_orderbook_heatmap", "heatmap", "Liquidity heatmap",
        "Where resting liquidity has been over time: the price levels with most of it.",
        {
            "lookbackMinutes": (Annotated[int, Field(ge=1, le=10_080)], 180),
            "maxLevels": (Annotated[int, Field(ge=1, le=200)], 15),
        },
        {"lookbackMinutes": "window"},
        unsaid=frozenset({"lookbackMinutes"}),
    ),
    _Contract(
        "stream_liquidations", "liquidations", "Liquidations",
        "Recent forced closings: totals for each side and the latest ones.",
        {"limit": (Annotated[int, Field(ge=1, le=1000)], 100)},
        live=True,
    ),
    _Contract(
        "get_session_profile", "session_profile", "Session profile",
        "Each trading session's prices, volume, delta, VWAP, POC and value area: today's and yesterday's, or one "
        "window.",
        {
            "date": (Day, None), "session": (Session, "all"), "interval": (Short, "15m"),
            "valueAreaPercent": (Share, 70.0), "includeProfileLevels": (bool, False), "maxProfileLevels": (Count, 400),
            "binSize": (Height, None), "mode": (Mode, "raw"),
            "normalizeSeconds": (Annotated[int, Field(ge=1, le=60)], 3),
            "windowStartMs": (Ms, None), "windowEndMs": (Ms, None),
            "weight": (Literal["quote", "base"], "quote"),
        },
        {
            "interval": "interval", "includeProfileLevels": "include_levels", "maxProfileLevels": "max_levels",
            "windowStartMs": "start", "windowEndMs": "end",
        },
        unsaid=frozenset({"interval"}),
    ),
    _Contract(
        "get_tpo_profile", "tpo", "TPO profile",
        "The market profile: which prices were traded in which half hour, initial balance, single prints, tails, POC "
        "and value area by time and by volume.",
        {
            "date": (Day, None), "session": (Session, "all"),
            "periodMinutes": (Annotated[int, Field(ge=1, le=1440)], 30), "tickSize": (Height, None),
            "valueAreaPercent": (Share, 70.0), "useVolumeForVA": (bool, True), "includeLevels": (bool, False),
            "maxLevels": (Count, 240), "includePeriodProfiles": (bool, True), "includeSinglePrints": (bool, True),
            "singlePrintsMode": (Literal["compact", "full"], "compact"),
            "tailMinLength": (Annotated[int, Field(ge=1, le=100)], 2),
            "ibPeriods": (Annotated[int, Field(ge=1, le=48)], 2),
        },
        {"includePeriodProfiles": "include_periods", "singlePrintsMode": "single_prints"},
    ),
    _Contract(
        "get_swing_liquidity", "swing_liquidity", "Swing liquidity",
        "Swing highs and lows where stops rest, with what became of each.",
        {
            "interval": (Swing, "15m"), "lookbackBars": (Count, 300), "pivotLeft": (Pivot, 10),
            "pivotRight": (Pivot, 15), "activeOnly": (bool, False), "maxLevels": (Count, 150),
        },
    ),
    _Contract(
        "get_market_structure", "structure", "Market structure",
        "Swings, trend, breaks of structure, changes of character, sweeps and the ZigZag.",
        {
            "interval": (Swing, "15m"), "lookbackBars": (Count, 400), "pivotLeft": (Pivot, 10),
            "pivotRight": (Pivot, 10), "zigzagLegMinPercent": (Annotated[float | None, Field(gt=0, lt=100)], None),
            "maxPoints": (Count, 80), "endTime": (Ms, None),
        },
        {"zigzagLegMinPercent": "zigzag_percent"},
    ),
    _Contract(
        "get_open_interest", "open_interest", "Open interest",
        "Contracts held now, in base units and money, and how that changed.",
        {"period": (SamplePeriod, "5m"), "limit": (Annotated[int, Field(ge=1, le=1000)], 100)},
    ),
    _Contract(
        "get_funding_rate", "funding", "Funding rate",
        "What longs pay shorts at the next settlement, when that is, and what it is in a year.", {},
    ),
)  # fmt: skip


def contract_tools(desk: MarketReader) -> Iterator[Tool]:
    """Those whose indicators are on."""
    for contract in _CONTRACTS:
        if contract.indicator in desk.indicators:
            yield _tool(contract, desk)
    if {"delta", "cvd", "imbalance"} <= desk.indicators.keys():
        yield _orderflow_metrics(desk)


def _tool(contract: _Contract, desk: MarketReader) -> Tool:
    arguments = create_model(f"{contract.name}_arguments", __base__=OfInstrument, **dict(contract.arguments))
    offer = desk.indicators[contract.indicator]
    result = result_model(offer.target)

    def shows(desk: MarketReader, asked: Any) -> tuple[str, View, Result]:
        check_times(asked)
        view = asked.subject(desk, offer.kinds)
        return contract.indicator, view, desk.result(contract.indicator, view, _settings(contract, asked))

    def run(desk: MarketReader, asked: Any) -> dict[str, Any]:
        _, view, found = shows(desk, asked)
        answer = shown(desk, view, found)
        if contract.indicator == "key_levels":
            answer["levelsDropped"] = shorten_key_levels(answer["result"], asked.maxLevels)
        share = getattr(asked, "valueAreaPercent", None)
        return {**older_names(contract.name, desk, view, answer["result"], share), **answer}

    return Tool(
        contract.name, contract.title, contract.description, arguments, answer_model(contract.name, result), run,
        core=True, pages=contract.pages, live=contract.live, shows=shows,
    )  # fmt: skip


def _settings(contract: _Contract, asked: Any) -> dict[str, Any]:
    """The indicator's settings that the arguments mean; the last of two arguments for one setting counts."""
    found = {}
    for name in contract.arguments:
        value = getattr(asked, name)
        unsaid = name in contract.unsaid and name not in asked.model_fields_set
        if value is None or unsaid or name in contract.of_answer:
            continue
        found[contract.settings.get(name) or _NAMES.get(name) or _snake(name)] = value
    if contract.name == "get_session_profile" and asked.session == "all" and asked.windowStartMs is None:
        # candles of eight sessions would leave no room for the sessions
        found.pop("interval", None)
    if not getattr(asked, "compress", True):
        found["max_levels"] = None
    return found


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


class MetricsOf(OfInstrument):
    """Which candles."""

    timeframe: Short = "15m"
    startTime: Ms = None
    endTime: Ms = None


def _orderflow_metrics(desk: MarketReader) -> Tool:
    # imbalance first: the minutes that it reads with their price levels do for the others
    names = ("imbalance", "delta", "cvd")
    answer = create_model(
        "get_orderflow_metrics_answer",
        __base__=Answer,
        pair=(str, Field(description="base/quote")),
        instrument=(str, Field(description="instrument id")),
        **{
            name: (result_model(desk.indicators[name].target), Field(description=f"as indicator {name} gives it"))
            for name in names
        },
    )  # type: ignore[call-overload]

    def run(desk: MarketReader, asked: MetricsOf) -> dict[str, Any]:
        check_times(asked)
        view = asked.subject(desk)
        given = {"timeframe": asked.timeframe, "start": asked.startTime, "end": asked.endTime}
        settings = {name: each for name, each in given.items() if each is not None}
        results = {name: shown(desk, view, desk.result(name, view, settings)) for name in names}
        whole = results["delta"]
        return {
            **older_names("get_orderflow_metrics", desk, view, whole["result"], None),
            "pair": whole["pair"],
            "instrument": whole["instrument"],
            **({"note": whole["note"]} if "note" in whole else {}),
            **{name: each["result"] for name, each in results.items()},
        }

    return Tool(
        "get_orderflow_metrics", "Order flow metrics",
        "Delta of each candle, cumulative volume delta and stacked imbalances, of the last day or between two times.",
        MetricsOf, answer, run, core=True,
    )  # fmt: skip
