"""The minutes that are not over, as readers of the stream get them: at once for pairs that somebody looks at."""

from collections.abc import Callable
from time import monotonic
from typing import Any

from coinmon.command import FormingMinute, MarketReader, merged_minutes

_LOOKED_AT_S = 150.0
"""A chart takes its scene anew with each closed minute: one that has not for so long is not looked at any more."""
_BOARD_S = 0.25
"""Between two frames of the board's prices."""


class Forming:
    """Prices of all pairs for the board, and the forming minutes of those that charts show."""

    def __init__(self, reader: MarketReader) -> None:
        self._reader = reader
        self._looked: dict[str, float] = {}
        self._places: dict[str, tuple[str, str, int] | None] = {}
        self._minutes: dict[tuple[str, str], dict[int, dict[int, FormingMinute]]] = {}
        self._moved: set[str] = set()
        self._told = 0.0
        self.known = False
        """Whether a scan of this process brings them."""

    def look(self, pair: str) -> None:
        """A chart of this pair is shown."""
        self._looked[pair] = monotonic()

    def take(self, tell: Callable[[], None] | None) -> tuple[dict[str, dict[str, list[Any]]], dict[str, float]]:
        """Candles of the charts that are shown, by pair and instrument, and in their turn prices of pairs.

        tell: called as soon as there is more; None: nobody reads.
        """
        found = self._reader.forming(tell)
        self.known = found is not None
        if tell is None or found is None:
            self._minutes.clear()
            return {}, {}
        changed: dict[str, set[tuple[str, str, int]]] = {}
        for each in found:
            place = self._place(each.id)
            if place is None:
                continue
            pair, merged, rank = place
            minutes = self._minutes.setdefault((pair, merged), {})
            minutes.setdefault(each.time, {})[rank] = each
            while len(minutes) > 2:
                del minutes[min(minutes)]
            changed.setdefault(pair, set()).add((each.id, merged, each.time))
        self._moved |= changed.keys()
        now = monotonic()
        charts = {pair: self._candles(pair, of) for pair, of in changed.items() if self._is_shown(pair, now)}
        if now - self._told < _BOARD_S:
            return charts, {}
        self._told, moved, self._moved = now, self._moved, set()
        return charts, {pair: price for pair in moved if (price := self._price(pair)) is not None}

    def _is_shown(self, pair: str, now: float) -> bool:
        return now - self._looked.get(pair, float("-inf")) < _LOOKED_AT_S

    def _candles(self, pair: str, changed: set[tuple[str, str, int]]) -> dict[str, list[Any]]:
        """By instrument, all venues together too: rows of `_row`."""
        made: dict[str, list[Any]] = {}
        for id, merged, time in sorted(changed, key=lambda each: each[2]):
            minutes = self._minutes[pair, merged].get(time)
            if minutes is None:
                continue
            own = next((each for each in minutes.values() if each.id == id), None)
            if own is not None:
                made.setdefault(id, []).append(_row(own))
            together = _row(merged_minutes([minutes[rank] for rank in sorted(minutes)], merged))
            rows = made.setdefault(merged, [])
            rows[:] = [row for row in rows if row[0] != together[0]] + [together]
        return made

    def _price(self, pair: str) -> float | None:
        """The board's: of the first venue's spot market that traded lately, as its flow says it.

        Of a minute that has just begun others may have told more: a price does not go from venue to venue and back.
        """
        for kind in ("spot", "perp"):
            minutes = next((m for (of, merged), m in self._minutes.items() if of == pair and _is(merged, kind)), None)
            if minutes:
                first = min(rank for told in minutes.values() for rank in told)
                return minutes[max(time for time, told in minutes.items() if first in told)][first].close
        return None

    def _place(self, id: str) -> tuple[str, str, int] | None:
        """Whose an instrument is: its pair, what stands for all venues of its kind, and its rank among them."""
        if id not in self._places:
            # one that is not there now is followed by no pair
            self._places = {id: None} | _places(self._reader)
        return self._places[id]


def _is(merged: str, kind: str) -> bool:
    return (":" in merged.removeprefix("all:")) == (kind == "perp")


def _row(each: FormingMinute) -> list[Any]:
    """Seconds, open, high, low, close, bought and sold in base units, whether that is all of it."""
    return [each.time // 1000, each.open, each.high, each.low, each.close, each.buy, each.sell, each.whole]


def _places(reader: MarketReader) -> dict[str, tuple[str, str, int]]:
    ranks = {name: rank for rank, name in enumerate(reader.config.exchanges)}
    found: dict[str, tuple[str, str, int]] = {}
    for pair in reader.pairs():
        for each in reader.instruments(pair):
            # prices of thousands of a coin are in another unit than the pair's
            if each.base == pair.base:
                merged = f"all:{pair}" + (f":{pair.quote}" if each.kind == "perp" else "")
                found[each.id] = str(pair), merged, ranks.get(each.venue, len(ranks))
    return found
