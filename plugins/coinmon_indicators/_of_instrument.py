"""What every result of one instrument begins with."""

from collections.abc import Iterable
from typing import Any

from pydantic import Field

from coinmon.indicator import Result, SeenReport, View, moment
from coinmon_indicators._figures import because


class InstrumentResult(Result):
    """Whose figures these are."""

    instrument: str = Field(description="instrument id")
    base: str = Field(description="currency that base figures are in")
    currency: str = Field(description="quote currency that money and prices are in")


def head(view: View, coverage: SeenReport, convention: str, reasons: Iterable[str]) -> dict[str, Any]:
    """The fields of `InstrumentResult`; the reasons are to be complete."""
    traded = view.instrument
    return {
        "as_of": moment(view.now), "coverage": coverage, "convention": convention, "reason": because(reasons),
        "instrument": traded.id, "base": traded.base, "currency": traded.quote,
    }  # fmt: skip
