"""What views worked out of stretches of time that are over, kept from one scan to the next."""

from collections.abc import Hashable, Mapping
from hashlib import blake2b
from typing import Any

from coinmon.market.source import Source
from coinmon.model.bars import COLUMNS, Bars


def kept_by(source: Source, instrument: str) -> tuple[dict[Hashable, Any] | None, int]:
    """What a source keeps of an instrument, by its id (None: nothing), and after how many ms minutes stay as they are.

    A minute that is written later counts as rewritten, and nothing of before is kept.
    """
    kept_of = getattr(source, "ended", None)
    return None if kept_of is None else kept_of(instrument), getattr(source, "settles_ms", 0)


def digest(rows: Bars) -> bytes:
    """Of their numbers. Whose levels are others has other volumes or another coverage."""
    return blake2b(b"".join(getattr(rows, name).tobytes() for name in COLUMNS), digest_size=16).digest()


class KeptStretches:
    """By instrument, forgotten where its old minutes were written since: what was worked out of them may be wrong.

    It looks back two weeks at most, and at levels a day: what is older is deleted, and nobody counts it.
    """

    def __init__(self) -> None:
        self._found: dict[str, dict[Hashable, Any]] = {}
        self._rewritten: Mapping[str, Hashable] = {}
        self._now = 0

    def as_of(self, now: int, rewritten: Mapping[str, Hashable]) -> dict[str, dict[Hashable, Any]]:
        """What still holds, by instrument and key, for one scan to look at and to add to; a key's second part is until
        when it may be looked at, ms UTC.

        now: ms UTC. rewritten: of each instrument another value when old minutes were written, of the snapshot read.
        """
        # while the clock was set back minutes may have been written that were old already, and nobody counted
        kept = self._found if now >= self._now else {}
        self._found = {
            id: {key: value for key, value in kept[id].items() if key[1] > now}  # type: ignore[index]
            if id in kept and rewritten[id] == self._rewritten.get(id)
            else {}
            for id in rewritten
        }
        self._rewritten, self._now = rewritten, now
        return self._found
