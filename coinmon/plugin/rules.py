"""What a language of rules is given, and what it makes of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from coinmon.market.market import Market


@dataclass(frozen=True, slots=True)
class RulesFile:
    """A file that may hold rules. name: as messages say it. alone: it holds nothing else (or all below `rules`)."""

    name: str
    text: str
    alone: bool


class RulesScreen(Protocol):
    """All rules over all pairs of a scan at once, so that only those that may be on are asked one by one."""

    def read(self, market: Market) -> None:
        """A pair's market as of the moment of the scan."""
        ...

    def due(self) -> Mapping[str, Sequence[str]]:
        """By pair, the rules that are on or may be; of the pairs that were read since it was last asked."""
        ...


@dataclass(frozen=True, slots=True)
class WrittenSignals:
    """What a language of rules made of files: signals by name, each with its `columns`, and a line for each fault.

    files: the name of the file that each signal is in. screen: makes a scan of many rules fast. examples: tries those
    beside the rules, on a reader's markets: a row each with rule, pair, at, expect, ok, said.
    """

    signals: Mapping[str, Any]
    files: Mapping[str, str]
    faults: Sequence[str]
    screen: RulesScreen | None = None
    examples: Callable[[Any], Sequence[Mapping[str, Any]]] | None = None
