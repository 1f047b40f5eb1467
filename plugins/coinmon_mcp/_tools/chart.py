"""What a panel in the conversation draws: the scene of a tool's answer, for which the panel itself asks."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from coinmon.command import ConfigError, MarketReader, View, scene
from coinmon_mcp._tools.tool import Answer, OfInstrument, Tool

CHARTED = ("get_report", "get_key_levels", "get_footprint", "get_volume_profile")
"""Tools whose answers have a chart."""


class ChartOf(OfInstrument):
    """Whose chart."""

    tool: Annotated[
        Literal["get_report", "get_key_levels", "get_footprint", "get_volume_profile"],
        Field(description="the tool whose answer is drawn"),
    ] = "get_report"
    given: Annotated[dict[str, Any], Field(default_factory=dict, description="the arguments of that call")]
    lang: Annotated[Literal["zh", "en"], Field(description="language of the chart's words")] = "en"
    timezone: Annotated[str, Field(max_length=40, description="in which times are written")] = "UTC"


class ChartAnswer(Answer):
    """A drawing as plain data."""

    scene: dict[str, Any] = Field(description="panes, marks, words and colours, as coinmon's pages draw them")
    failed: dict[str, str] = Field(description="indicators that raised, and why")


def chart_tool(tools: Mapping[str, Tool]) -> Tool:
    """The tool by which panels get what they draw of these tools' answers."""

    def run(desk: MarketReader, asked: ChartOf) -> dict[str, Any]:
        tool = tools.get(asked.tool)
        if tool is None:
            raise ConfigError(f"tool: {asked.tool}'s indicator is switched off")
        if tool.shows is None:
            report = desk.report(asked.symbol, asked.moment())
            chosen = asked.exchange is not None or asked.kind is not None
            view = asked.among(report.market) if chosen else None
        else:
            indicator, subject, result = tool.shows(desk, _arguments(tool, asked))
            report = desk.report(asked.symbol, asked.moment(), [indicator])
            view = subject if isinstance(subject, View) else None
            if view is not None:
                report.show(indicator, view, result)
        return {"scene": scene(report, asked.lang, view, asked.timezone), "failed": report.failed}

    return Tool(
        "get_chart", "Chart", "What coinmon's panels draw of an answer. For panels; an assistant has no use for it.",
        ChartOf, ChartAnswer, run, for_panels=True,
    )  # fmt: skip


def _arguments(tool: Tool, asked: ChartOf) -> Any:
    """The arguments of the call whose answer is drawn, as of the same moment."""
    same = asked.model_dump(include={"symbol", "at", "exchange", "kind"}, exclude_none=True)
    given = {name: value for name, value in asked.given.items() if value not in (None, "") and name != "cursor"}
    try:
        return tool.arguments.model_validate({**given, **same})
    except ValidationError as error:
        told = error.errors()[0]
        raise ConfigError(f"given.{'.'.join(map(str, told['loc']))}: {told['msg']}") from None
