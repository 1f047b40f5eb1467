"""Views: what was known of an instrument, and of a pair across venues, at a moment."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import Any

from coinmon.errors import NoAnswer
from coinmon.market.alone import Alone
from coinmon.market.computed_results import Compute, Results
from coinmon.market.kept.stretches import kept_by
from coinmon.market.read_only import read_only, set_once
from coinmon.market.source import Made, SideBySide, Source
from coinmon.model.bars import Bars, Seen
from coinmon.model.book import Depth, Picture
from coinmon.model.derivatives import Funding, Liquidation, OpenInterest, WhaleTrade
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.levels import Levels
from coinmon.model.moment import DAY, HOUR, MINUTE, floor, parse_time

_MAX_WINDOW_MS = 400 * DAY
_MAX_MADE, _KEPT_MS = 512, DAY + HOUR  # of what was worked out once: profiles of weeks take some memory


@set_once
@dataclass(eq=False)
class View:
    """One instrument as of `now`, ms UTC. Nothing later is visible, and a minute not yet closed is not there.

    since: the moment from which it has been followed, where it goes on to be; 0: unknown.
    """

    instrument: Instrument
    now: int
    source: Source = field(repr=False)
    compute: Compute | None = field(default=None, repr=False)
    pair: Pair | None = None
    since: int = 0

    def __post_init__(self) -> None:
        self._results = Results()
        self._lock, self._end = RLock(), floor(self.now)
        self._kept, self._recent = kept_by(self.source, self.instrument.id)
        # dense rows read so far, by whether they have levels: indicators look at the same minutes again and again
        self._held: dict[bool, list[Bars]] = {True: [], False: []}
        self._made: dict[Hashable, Any] = {}

    @property
    def held(self) -> Sequence[Any]:
        """Rows, and what was worked out of them, that are kept for who asks next; it waits for nobody who works."""
        return [*self._held[True], *self._held[False], *self._made.values(), *self._results.found]

    @property
    def end(self) -> int:
        """End of the last closed minute."""
        return self._end

    def bars(self, minutes: int, *, levels: bool = False) -> Bars:
        """The last `minutes` closed minutes, one row each, missing ones as such."""
        return self.between(self.end - minutes * MINUTE, self.end, levels=levels)

    def between(self, start: int, end: int, *, levels: bool = False) -> Bars:
        """One row for each closed minute of [start, end), missing ones as such."""
        start, end = floor(start), min(floor(end), self.end)
        if end <= start:
            return Bars.empty(self.instrument.tick_size)
        at_hand = None if self._recent is None or levels else self._recent.bars(self.instrument, start, end)
        if at_hand is not None:
            return at_hand
        rows = self._rows(start, end, levels)
        return rows[(start - rows.time[0]) // MINUTE : (end - rows.time[0]) // MINUTE]

    def profile(self, start: int, end: int) -> Levels:
        """Volumes at each price over the closed minutes of [start, end) of which every trade was seen: one bar."""
        start, end = floor(start), min(floor(end), self.end)
        if end <= start:
            return Levels.empty(1)

        def added_up() -> Levels:
            if any(_span(each)[0] <= start and end <= _span(each)[1] for each in self._held[True]):
                return self.between(start, end, levels=True).profile()
            return self.source.profile(self.instrument, start, end)

        return self.once(("profile", start, end), added_up)

    def once(self, key: Hashable, make: Callable[[], Made], ended: int | None = None, lasts_ms: int = _KEPT_MS) -> Made:
        """What `make` gives, made once for that key and closed (`read_only`): what several indicators work out alike.

        ended: nothing but minutes before it is looked at, ms UTC; later views may have it too, until lasts_ms after it.
        """
        made = self._made
        if ended is not None and self._kept is not None and ended <= self.end:
            made, key = self._kept, (key, ended, ended + lasts_ms)
        with self._lock:
            if key not in made:
                if len(made) > _MAX_MADE:
                    made.clear()
                made[key] = read_only(make())
            found: Made = made[key]
            return found

    def side_by_side(
        self, key: Hashable, make: Callable[[SideBySide], Sequence[Made]], ended: int | None = None, lasts_ms: int = 0
    ) -> Made:
        """This market's part of what `make` gives: something for each of several markets, in their order.

        A scan asks it once a cycle, with all that it follows; who looks at one market alone, with that one. It looks at
        nothing else, and what it gives of one may not depend on the others. ended: as `once`.
        """

        def mine() -> Sequence[Made]:
            found = self._recent and self._recent.of(self.instrument, key, make, self.now, ended is not None)
            return found or self.once(("alone", key), lambda: make(Alone([self])))

        return (mine() if ended is None else self.once(key, mine, ended, lasts_ms))[0]

    def _rows(self, start: int, end: int, levels: bool) -> Bars:
        """Dense rows that hold [start, end): those held, and what lies between and beside them read."""
        with self._lock:
            # rows with levels do for both
            held = self._held[True] if levels else [*self._held[True], *self._held[False]]
            rows = next((each for each in held if _span(each)[0] <= start and end <= _span(each)[1]), None)
            if rows is None:
                touched = [each for each in held if _span(each)[0] <= end and start <= _span(each)[1]]
                # a plugin that changed them in place would change what all others see
                rows = read_only(Bars.concat(list(self._joined(touched, start, end, levels))))
                kept = [each for each in self._held[levels] if not any(each is one for one in touched)]
                self._held[levels] = [*kept, rows]
        return rows if levels or rows.levels is None else replace(rows, levels=None)

    def _joined(self, held: Sequence[Bars], start: int, end: int, levels: bool) -> Iterator[Bars]:
        """All of the rows held, which reach into [start, end) or border on it, and the rest of that."""
        at = min([start, *(_span(each)[0] for each in held)])
        for rows in sorted(held, key=_span):
            first, last = _span(rows)
            if at < first:
                yield self._read(at, first, levels)
                at = first
            if at < last:
                part = rows[(at - first) // MINUTE :]
                yield part if levels else replace(part, levels=None)
                at = last
        if at < end:
            yield self._read(at, end, levels)

    def _read(self, start: int, end: int, levels: bool) -> Bars:
        if end - start > _MAX_WINDOW_MS:
            # one row a minute: fifty years would take more memory than there is
            raise NoAnswer(f"a window of {(end - start) // DAY} days is too long; at most {_MAX_WINDOW_MS // DAY}")
        return self.source.bars(self.instrument, start, end, levels=levels).dense(start, end)

    def seen(self, bars: Bars) -> Seen:
        """Coverage of dense rows as `bars` and `between` give them."""
        return Seen.of(bars, *_span(bars), self.since) if len(bars) else Seen.of(bars, self.end, self.end)

    def open_interest(self, minutes: int) -> Sequence[OpenInterest]:
        """Samples of the last `minutes`, oldest first."""
        return self.source.open_interest(self.instrument, self.now - minutes * MINUTE, self.now + 1)

    def funding(self, minutes: int) -> Sequence[Funding]:
        """Samples of the last `minutes`, oldest first."""
        return self.source.funding(self.instrument, self.now - minutes * MINUTE, self.now + 1)

    def whale_trades(self, minutes: int) -> Sequence[WhaleTrade]:
        """Whale trades of the last `minutes`, the forming minute included, oldest first."""
        return self.source.whale_trades(self.instrument, self.now - minutes * MINUTE, self.now + 1)

    def depth(self, minutes: int) -> Sequence[Depth]:
        """Samples of the order book of the last `minutes`, oldest first; while it was not known none was taken."""
        return read_only(self.source.depth(self.instrument, self.now - minutes * MINUTE, self.now + 1))

    def heatmap(self, minutes: int) -> Sequence[Picture]:
        """Pictures of the order book, one a minute that ended in the last `minutes`, oldest first."""
        return read_only(self.source.heatmap(self.instrument, self.now - minutes * MINUTE + 1, self.now + 1))

    def liquidations(self, minutes: int) -> Sequence[Liquidation]:
        """Liquidations of the last `minutes`, the forming minute included, oldest first."""
        return self.source.liquidations(self.instrument, self.now - minutes * MINUTE, self.now + 1)

    def liquidations_heard(self, minutes: int) -> Sequence[int]:
        """Which of the last `minutes` closed minutes the venue's liquidations were listened to in, by their start."""
        return self.source.liquidations_heard(self.instrument, self.end - minutes * MINUTE, self.end)

    def signals(self, minutes: int) -> Sequence[Mapping[str, Any]]:
        """Events of the pair's graded signals that were told in the last `minutes`, newest first."""
        if self.pair is None:
            return []
        found = self.source.signals(str(self.pair), start := self.now - minutes * MINUTE, self.now + 1)
        return read_only([each for each in found if each["event"] == "signal" and parse_time(each["time"]) >= start])

    def of(self, indicator: str, **settings: Any) -> Any:
        """The named indicator's result here; computed once. settings: in place of those configured for it."""
        return self._results.of(self, self.compute, indicator, settings)


def _span(rows: Bars) -> tuple[int, int]:
    """What dense rows cover, of which there is at least one."""
    return int(rows.time[0]), int(rows.time[-1]) + MINUTE
