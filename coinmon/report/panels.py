"""The panels of a report: what each indicator draws, and of what."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from loguru import logger

from coinmon.errors import our_stop, words_of
from coinmon.market.panel import Panel
from coinmon.plugin.answers import said_of
from coinmon.report.document import PAIR, Report


@dataclass(frozen=True, slots=True)
class Drawn:
    """One panel. of: the instrument's id, or "pair"."""

    indicator: str
    of: str
    panel: Panel


def drawn(report: Report, indicator: str, of: str) -> Panel | None:
    """One result's panel. An indicator that raises while it draws is named in `failed` and draws nothing."""
    result = report.results.get(indicator, {}).get(of)
    if result is None or indicator in report.failed:
        return None
    try:
        panel = result.panel(report.subject(indicator, of))
        if panel is not None and not isinstance(panel, Panel):
            raise TypeError("it is not a Panel")
        if indicator in report.foreign:
            panel = said_of(panel)
    except BaseException as error:
        if our_stop(error):
            raise
        report.failed[indicator] = f"indicator {indicator}: its panel raised {words_of(error)}"
        logger.error(report.failed[indicator])
        return None
    return panel if panel is not None and any(_something(mark) for mark in panel.marks) else None


def panels(report: Report, instrument: str = "") -> Iterator[Drawn]:
    """Of each indicator the pair's, or where it has none every instrument's.

    instrument: of those that stand with the candles and beside them the one of this instrument, where it has one.
    """
    for name, results in report.results.items():
        for of in [instrument] if instrument in results else [PAIR] if PAIR in results else results:
            panel = drawn(report, name, of)
            if panel is not None:
                yield Drawn(name, of, panel)


def _something(mark: Any) -> bool:
    """Whether there is anything to see of a mark; those without a list of values are one thing."""
    for name in ("value", "rows"):
        if hasattr(mark, name):
            return any(each is not None for each in getattr(mark, name))
    return True
