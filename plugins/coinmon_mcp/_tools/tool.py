"""What a tool is, and the arguments and answers that tools have in common."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from coinmon.command import ConfigError, Market, MarketReader, Moment, Result, View, parse_time

Kind = Literal["spot", "perp"]


class Arguments(BaseModel):
    """What every tool takes."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    maxTokens: Annotated[
        int | None,
        Field(ge=300, le=20_000, description="lists are cut until the answer has so few tokens of four bytes"),
    ] = None
    cursor: Annotated[
        int | None, Field(ge=0, le=2**53, description="`cursor` of an answer that was cut: its next part")
    ] = None


def ms_of(given: Any) -> Any:
    """A time as people or programs write it, in ms UTC: ISO 8601, or ms already."""
    if not isinstance(given, str) or given.strip().lstrip("-").isdigit():
        return given
    return parse_time(given)


Time = Annotated[
    int,
    BeforeValidator(ms_of),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string"}]}),
]
"""ms UTC, given as such or in ISO 8601."""


class AsOf(Arguments):
    """As of when."""

    at: Annotated[
        str | int | None, Field(description="as of this time (ISO 8601 UTC, or ms since 1970); now where left out")
    ] = None

    def moment(self) -> int | None:
        """ms UTC."""
        if self.at is None:
            return None
        try:
            return parse_time(str(self.at))
        except ValueError as error:
            raise ConfigError(f"at: {error}") from None


class OfPair(AsOf):
    """A pair on all venues as of a moment."""

    symbol: Annotated[str, Field(min_length=1, max_length=40, description="BTCUSDT, btc/usdt, BTC, ...")]

    def market(self, desk: MarketReader) -> Market:
        return desk.market(self.symbol, self.moment())


class OfInstrument(OfPair):
    """One instrument as of a moment."""

    exchange: Annotated[
        Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True)] | None,
        Field(max_length=40, description="binance, okx, bybit, ..., or all: their bars added up; else Binance"),
    ] = None
    kind: Annotated[Kind | None, Field(description="spot or perp; the perpetual where there is one")] = None

    def subject(self, desk: MarketReader, kinds: Collection[str] = get_args(Kind)) -> View:
        """The instrument meant, of a kind that the tool is about."""
        return self.among(self.market(desk), kinds)

    def among(self, market: Market, kinds: Collection[str] = get_args(Kind)) -> View:
        """The instrument meant among those of a pair; Binance's, and the perpetual, where the words leave a choice."""
        views = list(market.merged.values()) if self.exchange == "all" else list(market.views)
        fitting = [
            each
            for each in views
            if self.exchange in (None, "all", each.instrument.venue) and self.kind in (None, each.instrument.kind)
        ]
        there = ", ".join(each.instrument.id for each in views if each.instrument.kind in kinds) or "nothing"
        if not fitting:
            what = " ".join(part for part in (self.exchange, self.kind) if part)
            raise ConfigError(f"{self.symbol}: not on {what or 'any venue'}; there is {there}")
        fitting = [each for each in fitting if each.instrument.kind in kinds]
        if not fitting:
            raise ConfigError(f"{self.symbol}: this is known of {' and '.join(kinds)} markets only; there is {there}")
        return min(fitting, key=lambda each: (each.instrument.venue != "binance", each.instrument.kind != "perp"))


class Cut(BaseModel):
    """A list of which only a part is shown."""

    path: str = Field(description="where the list is in this answer")
    first: int = Field(description="index of the first element shown, from 0")
    shown: int = Field(description="elements shown")
    total: int = Field(description="elements there are")


class Answer(BaseModel):
    """What every answer has."""

    asOf: Moment = Field(description="nothing later than this was looked at")
    note: str | None = Field(default=None, description="what the answer is without, and how to get it")
    truncated: list[Cut] = Field(default_factory=list, description="lists of which a part is shown; empty: all is here")
    cursor: int | None = Field(
        default=None, description="pass it as `cursor`, with the same arguments, for the next part of the first of them"
    )


class MarketAnswer(Answer):
    """What answers about a pair have beside."""

    convention: str = Field(description="the definitions used")


@dataclass(frozen=True)
class Tool:
    """A tool. `run` gives the answer's fields as plain JSON data; it may raise CoinmonError with what to do.

    core: shown to every client. pages: its argument `limit` is how many rows of the longest list an answer has.
    live: it shows what is sampled between two scans. shows: the indicator, its subject and its result that the answer
    is about, for a chart. for_panels: asked by panels alone, listed to clients that show them, and never cut.
    max_tokens: of an answer, where neither the client nor the configuration asks for fewer.
    """

    name: str
    title: str
    description: str
    arguments: type[Arguments]
    answer: type[BaseModel]
    run: Callable[[MarketReader, Any], dict[str, Any]]
    core: bool = False
    pages: bool = False
    live: bool = False
    shows: Callable[[MarketReader, Any], tuple[str, View | Market, Result]] | None = None
    for_panels: bool = False
    max_tokens: int | None = None
