"""What views worked out of stretches of time that are over, kept from one scan to the next."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from coinmon.market.kept.minutes import RecentMinutes, StoredMinutes
from coinmon.market.source import Source
from coinmon.model.instrument import Instrument


def kept_by(source: Source, instrument: str) -> tuple[dict[Hashable, Any] | None, RecentMinutes | None]:
    """What a source keeps of an instrument, by its id (None: nothing), and the last minutes of all that it holds."""
    kept_of, recent = getattr(source, "ended", None), getattr(source, "recent", None)
    return None if kept_of is None else kept_of(instrument), recent


class KeptStretches:
    """By instrument, forgotten from those minutes on that were written since: what was worked out of them may be wrong.

    It looks back two weeks at most, and at levels a day: what is older is deleted, and nobody counts it. `recent`: the
    last minutes of all that are followed, of which it knows what was written.
    """

    def __init__(self) -> None:
        self.recent = RecentMinutes()
        self._found: dict[str, dict[Hashable, Any]] = {}
        self._rewritten: Mapping[str, Hashable] = {}
        self._now = 0

    def as_of(
        self, now: int, pairs: Sequence[Sequence[Instrument]], rewritten: Mapping[str, Hashable], stored: StoredMinutes
    ) -> dict[str, dict[Hashable, Any]]:
        """What still holds, by instrument and key, for one scan to look at and to add to; a key's second part is the
        end of what was looked at, its third until when it may be looked at, ms UTC. Only of those that are followed.

        now: ms UTC. pairs: the markets that are followed of each. rewritten: of each market another value when old
        minutes were written, of the snapshot read.
        """
        # while the clock was set back minutes may have been written that were old already, and nobody counted
        kept = self._found if now >= self._now else {}
        changed = self.recent.as_of(now, pairs, rewritten, stored)
        self._found = {
            each.id: _still(kept[each.id], now, changed.get(each.id))
            if each.id in kept and rewritten[each.id] == self._rewritten.get(each.id)
            else {}
            for each in self.recent.instruments
        }
        self._rewritten, self._now = rewritten, now
        return self._found


def _still(kept: dict[Any, Any], now: int, changed: int | None) -> dict[Hashable, Any]:
    """What may be looked at yet, and was not made of minutes from `changed` on."""
    return {key: value for key, value in kept.items() if key[2] > now and (changed is None or key[1] <= changed)}
