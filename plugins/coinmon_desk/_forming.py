"""The minutes that are not over, as readers of the stream get them: prices of pairs, candles of charts."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from coinmon.command import FormingMinute, MarketReader, merged_minutes

_KEPT_MINUTES = 2
ChartPlace = tuple[str, str, int]
"""Whose an instrument is: its pair, what stands for all venues of its kind, and its rank among them."""
Candles = dict[str, list[list[Any]]]
"""By instrument, all venues together too: rows of `_row`."""


class Forming:
    """Prices of all pairs for the board, and the forming minutes of those that charts show."""

    def __init__(self, reader: MarketReader) -> None:
        self._reader = reader
        self._places: Mapping[str, ChartPlace] = {}
        self._minutes: dict[str, dict[str, dict[int, dict[int, FormingMinute]]]] = {}
        """By pair, then what stands for all venues of a kind, then the minute's beginning, then the venue's rank."""
        self._moved: set[str] = set()
        self.known = False
        """Whether a scan of this process brings them."""

    def placed(self, places: Mapping[str, ChartPlace]) -> None:
        """By instrument; those that are not among them belong to no pair."""
        if places != self._places:
            self._places = places
            self._minutes.clear()

    def take(
        self, tell: Callable[[], None] | None, rest: float = 0.0, shown: Collection[str] = ()
    ) -> dict[str, Candles]:  # fmt: skip
        """Candles that moved, of the pairs whose charts are `shown`.

        tell: called as soon as there is more; None: nobody reads. rest: seconds between two looks at the streams.
        """
        found = self._reader.forming(tell, rest)
        self.known = found is not None
        if tell is None or found is None:
            self._minutes.clear()
            self._moved.clear()
            return {}
        changed: dict[str, set[tuple[str, int]]] = {}
        for each in found:
            place = self._places.get(each.id)
            if place is None:
                continue
            pair, merged, rank = place
            minutes = self._minutes.setdefault(pair, {}).setdefault(merged, {})
            minutes.setdefault(each.time, {})[rank] = each
            while len(minutes) > _KEPT_MINUTES:
                del minutes[min(minutes)]
            self._moved.add(pair)
            if pair in shown:
                changed.setdefault(pair, set()).add((each.id, each.time))
        return {pair: self._candles(pair, of) for pair, of in changed.items()}

    def candles(self, pair: str) -> Candles:
        """All that is known of a pair's minutes."""
        kinds = self._minutes.get(pair, {}).values()
        told = [each for minutes in kinds for of in minutes.values() for each in of.values()]
        return self._candles(pair, {(each.id, each.time) for each in told})

    def prices(self) -> dict[str, float]:
        """Of the pairs that moved since it was asked for."""
        moved, self._moved = self._moved, set()
        return {pair: price for pair in moved if (price := self._price(pair)) is not None}

    def _candles(self, pair: str, changed: Collection[tuple[str, int]]) -> Candles:
        made: Candles = {}
        for id, time in sorted(changed, key=lambda each: each[1]):
            _, merged, rank = self._places[id]
            minutes = self._minutes[pair][merged].get(time)
            if minutes is None:
                continue
            made.setdefault(id, []).append(_row(minutes[rank]))
            together = _row(merged_minutes([minutes[each] for each in sorted(minutes)], merged))
            rows = made.setdefault(merged, [])
            rows[:] = [row for row in rows if row[0] != together[0]] + [together]
        return made

    def _price(self, pair: str) -> float | None:
        """The board's: of the first venue's spot market that traded lately, as its flow says it.

        Of a minute that has just begun others may have told more: a price does not go from venue to venue and back.
        """
        known = self._minutes.get(pair, {})
        # a perpetual's has its settlement behind the pair
        for merged in sorted(known, key=len):
            minutes = known[merged]
            first = min(rank for told in minutes.values() for rank in told)
            return minutes[max(time for time, told in minutes.items() if first in told)][first].close
        return None


def _row(each: FormingMinute) -> list[Any]:
    """Seconds, open, high, low, close, bought and sold in base units, whether that is all of it."""
    return [each.time // 1000, each.open, each.high, each.low, each.close, each.buy, each.sell, each.whole]


def places_of(reader: MarketReader) -> dict[str, ChartPlace]:
    """Of every instrument that is followed. Raises NoDataError."""
    ranks = {name: rank for rank, name in enumerate(reader.config.exchanges)}
    _, universe = reader.stored_history()
    found: dict[str, ChartPlace] = {}
    for pair in reader.pairs():
        for each in universe.of(pair):
            # prices of thousands of a coin are in another unit than the pair's
            if each.base == pair.base:
                merged = f"all:{pair}" + (f":{pair.quote}" if each.kind == "perp" else "")
                found[each.id] = str(pair), merged, ranks.get(each.venue, len(ranks))
    return found
