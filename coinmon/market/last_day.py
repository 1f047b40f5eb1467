"""What of the 24 hours before a moment is not stored, and the command that brings it."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from coinmon.market.market import Market
from coinmon.model.bars import Seen
from coinmon.model.moment import DAY, MINUTE, iso

ENOUGH = 0.95
"""Share of a day's minutes from which on nothing need be fetched: a venue's short silence is no reason."""


class LastDay:
    """How much of the last 24 hours was seen of each of a market's instruments.

    seen: by instrument id. lacking: the ids of those of which too little is stored. command: what brings them as far as
    the venues' files and interfaces have them; None where nothing lacks.

    never: venues among them whose interface has no older trades and no minutes with the taker split, so that no scan
    brings them, however long it goes on.
    """

    def __init__(self, market: Market, plugins: Mapping[str, Any]) -> None:
        """plugins: by venue, the class of its plugin."""
        self.seen: dict[str, Seen] = {}
        short = []
        for view in market.views:
            id, seen = view.instrument.id, view.seen(view.bars(DAY // MINUTE))
            self.seen[id] = seen
            if seen.share < ENOUGH:
                short.append(view.instrument)
        self.lacking = [each.id for each in short]
        venues = list(dict.fromkeys(each.venue for each in short))
        self.never = [name for name in venues if not _goes_back(plugins.get(name))]
        kinds = {each.kind for each in short}
        others_too = set(venues) < {view.instrument.venue for view in market.views} or market.is_part
        pair = f"{market.pair.base}{market.pair.quote}"
        command = backfill_command([pair], market.now - DAY, venues if others_too else (), kinds)
        self.command = command if short else None

    def words(self, lang: str) -> str:
        """What lacks and who else brings it, short enough for a line before the command. Empty: nothing lacks."""
        if self.command is None:
            return ""
        least = min(self.seen[id].complete for id in self.lacking)
        never = ", ".join(self.never)
        if lang == "zh":
            others = f"，{never} 除外" if never else ""
            return f"24 小时: {len(self.lacking)} 个市场缺分钟 (最少的有 {least})；持续的 scan 会补上{others}；或:"
        others = f", not {never}'s" if never else ""
        return f"24 h: {len(self.lacking)} markets lack minutes (least {least}); a scan brings them{others}; or:"

    def as_json(self) -> dict[str, Any]:
        return {
            "minutes": {id: {"complete": seen.complete, "of": seen.minutes} for id, seen in self.seen.items()},
            "lacking": self.lacking,
            "never_by_scan": self.never,
            "backfill": self.command,
        }


def backfill_command(pairs: Iterable[str], since: int, venues: Iterable[str] = (), kinds: Collection[str] = ()) -> str:
    """What brings the minutes of pairs from the day of `since` on, ms UTC.

    venues: none named means all. kinds: named where it is one.
    """
    words = ["coinmon backfill", *pairs, *(f"--exchange {name}" for name in venues)]
    if len(kinds) == 1:
        words += [f"--kind {kind}" for kind in kinds]
    return " ".join([*words, f"--from {(iso(since) or '')[:10]}"])


def _goes_back(plugin: Any) -> bool:
    """Whether a venue's interface tells who bought in the past."""
    return bool(getattr(plugin, "split_in_bars", False)) or getattr(plugin, "earlier_trades", None) is not None
