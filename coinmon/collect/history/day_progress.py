"""How far a venue's first day is, and what is left to its public files."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coinmon.market.last_day import backfill_command
from coinmon.model.instrument import Instrument


@dataclass(frozen=True, slots=True)
class DayProgress:
    """How far a venue's first day is.

    instruments: how many are not whole yet. whole_in_s: seconds until they are, as it went so far; None: not known
    yet, or never. without: instruments of which who bought and sold is not known and will not be. backfill: the command
    that brings those; None where nothing does. failed: why a day did not come, by id.
    """

    instruments: int
    whole_in_s: int | None
    without: int
    backfill: str | None
    failed: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        return {
            "instruments": self.instruments,
            "whole_in_s": self.whole_in_s,
            "without": self.without,
            "backfill": self.backfill,
            "failed": self.failed,
        }


def venue_command(instruments: Sequence[Instrument], since: int) -> str:
    """What brings the minutes of instruments of one venue from `since` on, ms UTC."""
    pairs = dict.fromkeys(f"{each.base}{each.quote}" for each in instruments)
    return backfill_command(pairs, since, [instruments[0].venue], {each.kind for each in instruments})
