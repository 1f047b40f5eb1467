"""What a language of rules is given, and what it makes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RulesFile:
    """A file that may hold rules. name: as messages say it. alone: it holds nothing else (or all below `rules`)."""

    name: str
    text: str
    alone: bool


@dataclass(frozen=True, slots=True)
class WrittenSignals:
    """What a language of rules made of files: signals by name, each with its `columns`, and a line for each fault.

    files: the name of the file that each signal is in.
    """

    signals: Mapping[str, Any]
    files: Mapping[str, str]
    faults: Sequence[str]
