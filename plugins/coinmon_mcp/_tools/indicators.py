"""Every indicator as a tool: its settings are the arguments, its result is the answer."""

from collections.abc import Iterator
from typing import Annotated, Any, get_type_hints

from pydantic import BaseModel, Field, create_model

from coinmon.command import Market, MarketReader, Result, View
from coinmon_mcp._tools.times import check_times
from coinmon_mcp._tools.tool import Answer, OfInstrument, OfPair, Time, Tool


def indicator_tools(desk: MarketReader) -> Iterator[Tool]:
    """One tool for each indicator that is on, third parties' too."""
    for name, offer in desk.indicators.items():
        yield _tool(name, offer)


def shown(desk: MarketReader, subject: View | Market, result: Result) -> dict[str, Any]:
    """An indicator's result with what it is of."""
    full = {"result": result.model_dump(mode="json")}
    if isinstance(subject, Market):
        return {"pair": str(subject.pair), "instrument": None, **full}
    instrument, seen = subject.instrument, result.coverage
    whole = {"pair": f"{instrument.base}/{instrument.quote}", "instrument": instrument.id, **full}
    if seen.complete < seen.minutes and instrument.venue in desk.config.exchanges:
        note = desk.lacking(instrument, seen)
        return whole if note is None else {**whole, "note": note}
    return whole


def answer_model(name: str, result: Any) -> type[BaseModel]:
    """The answer of a tool that shows one indicator's result."""
    return create_model(
        f"{name}_answer",
        __base__=Answer,
        pair=(str, Field(description="base/quote")),
        instrument=(str | None, Field(description="instrument id; null: the pair on all venues")),
        result=(result, Field(description="as in `coinmon report --format json`")),
    )


def result_model(target: Any) -> Any:
    """What the indicator says that it returns."""
    try:
        found = get_type_hints(target).get("return")
    except Exception:  # a third party's annotations may name what is not there
        found = None
    return found if isinstance(found, type) and issubclass(found, BaseModel) else dict[str, Any]


def _tool(name: str, offer: Any) -> Tool:
    of_pair = offer.scope == "pair"
    base = OfPair if of_pair else OfInstrument
    fields: dict[str, Any] = {
        each: (Annotated[Time | None, Field(description="ISO 8601, or ms UTC")], None)
        if each in ("start", "end") and field.default is None
        else (field.annotation, field)
        for each, field in offer.settings.model_fields.items()
        if each not in base.model_fields
    }
    arguments = create_model(f"{name}_arguments", __base__=base, **fields)

    def shows(desk: MarketReader, asked: Any) -> tuple[str, View | Market, Result]:
        check_times(asked)
        subject = asked.market(desk) if of_pair else asked.subject(desk, offer.kinds)
        settings = {each: getattr(asked, each) for each in asked.model_fields_set & fields.keys()}
        return name, subject, desk.result(name, subject, settings)

    def run(desk: MarketReader, asked: Any) -> dict[str, Any]:
        _, subject, result = shows(desk, asked)
        if isinstance(subject, Market) or subject.instrument.venue in desk.config.exchanges:
            return shown(desk, subject, result)
        settings = {each: getattr(asked, each) for each in asked.model_fields_set & fields.keys()}
        made, without = desk.merged_result(name, asked.market(desk), subject, settings)
        if not without:
            return shown(desk, subject, result)
        lacking = ", ".join(f"{id} ({seen['complete']} of {seen['of']} minutes)" for id, seen in without.items())
        return {**shown(desk, subject, made), "note": f"made without {lacking}: too few of the minutes are seen there"}

    return Tool(
        name=f"get_{name}",
        title=name.replace("_", " "),
        description=" ".join((offer.description or name).split()),
        arguments=arguments,
        answer=answer_model(name, result_model(offer.target)),
        run=run,
        shows=shows,
        core=offer.distribution != "coinmon",
    )
