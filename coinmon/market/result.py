"""What every indicator returns."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WrapValidator

from coinmon.market.panel import Panel
from coinmon.market.summary import SummaryCell
from coinmon.model.bars import Coverage, Seen
from coinmon.model.events import FlowEvent
from coinmon.model.signal import Bilingual, say


def _written(at: datetime) -> str:
    """As `iso` writes it, twice as fast: a report has thousands of them."""
    text = at.astimezone(UTC).isoformat(timespec="milliseconds" if at.microsecond else "seconds")
    return f"{text[:-6]}Z"


Moment = Annotated[datetime, PlainSerializer(_written, return_type=str)]
"""A time, UTC, written as ISO 8601 with a Z."""


Reason = Annotated[str, WrapValidator(lambda text, check: text if isinstance(text, Bilingual) else check(text))]
"""Why a figure is missing; in both languages where it is `Bilingual`."""


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


class SeenReport(BaseModel):
    """How much of the window was seen."""

    model_config = ConfigDict(frozen=True)

    start: Moment = Field(description="start of the window")
    end: Moment = Field(description="end of the window, exclusive")
    minutes: int = Field(description="closed minutes in the window")
    complete: int = Field(description="minutes whose taker split is complete, or that were sampled")
    share: float = Field(description="complete / minutes, 0 to 1")
    kind: str = Field(description="worst kind of minute: trades, klines, partial or missing; or samples")
    missing: list[tuple[Moment, Moment]] = Field(
        default_factory=list, description="ranges without a complete split, or without a sample"
    )
    warming: bool = Field(default=False, description="only the window's beginning is missing: time alone fills it")

    @classmethod
    def of(cls, seen: Seen) -> Self:
        return cls(
            start=moment(seen.start), end=moment(seen.end), minutes=seen.minutes, complete=seen.complete,
            share=seen.share, kind=seen.worst.label, missing=[(moment(a), moment(b)) for a, b in seen.missing],
            warming=seen.warming,
        )  # fmt: skip


class Result(BaseModel):
    """Base of every indicator's result; subclasses add their figures with units in the field descriptions.

    A figure that cannot be known is None, and `reason` says why; NaN and infinity become None in JSON.
    """

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")

    glance: ClassVar[Literal["", "line", "rows", "levels"]] = ""
    """How its panel stands on the one screen of a report: its first line as a row of blocks, its rows as bars, its
    levels around `last_price`; of several results of a kind the first does."""

    as_of: Moment = Field(description="the moment this is as of; nothing later was looked at")
    coverage: SeenReport
    convention: str = Field(description="the definition used, where several exist")
    reason: Reason | None = Field(default=None, description="why figures are missing")

    def line(self, lang: str) -> str:
        """One line of figures for people; override to choose and word them."""
        figures = self.model_dump(exclude={"as_of", "coverage", "convention", "reason"})
        shown = "  ".join(
            f"{name} {_short(value)}" for name, value in figures.items() if not isinstance(value, list | dict)
        )
        return f"{shown}  ({say(self.reason, lang)})" if self.reason else shown

    def headline(self, lang: str) -> str | None:
        """The line that stands at the head of a report; override to have one. None: none."""
        return None

    def cells(self) -> Sequence[SummaryCell]:
        """Its figures in the report's tables; override to have some."""
        return ()

    def flow(self, subject: Any) -> FlowEvent | None:
        """What a scan says of the pair's money; asked of an indicator that is registered with answers="flow".

        subject: the market it was computed of.
        """
        return None

    def panel(self, subject: Any) -> Panel | None:
        """How it is drawn; override to draw it. None: not at all.

        subject: the view or market it was computed of, for what the figures do not list.
        """
        return None


def _short(value: Any) -> str:
    return "-" if value is None else f"{value:,.6g}" if isinstance(value, float) else str(value)


__all__ = ["Coverage", "Moment", "Reason", "Result", "SeenReport", "moment"]
