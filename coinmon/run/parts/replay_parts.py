"""A replay cut into pairs and months: what holds in a part depends on what is stored alone, so parts run anywhere.

What is told of it is folded from the parts in their order (`backtest.folded`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from coinmon.config.load import Config
from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.held_signal import HeldSignal
from coinmon.evaluate.known import KnownThen
from coinmon.evaluate.read_once import ReadOnce
from coinmon.evaluate.replay import Judgement, evaluate
from coinmon.evaluate.signal_states import SignalStates, fold
from coinmon.evaluate.stored_markets import AllPairs
from coinmon.market.market import Market
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.moment import MINUTE, ceil, floor
from coinmon.model.months import months
from coinmon.model.signal import Signal
from coinmon.model.symbols import Universe
from coinmon.run.parts.stored_rows import StoredRows

As = Literal["known", "complete"]
LEAD_IN_MS = 60 * MINUTE
"""How long before the first moment states are followed, untold: one that is on already is not new."""
Change = tuple[int, Sequence[Signal | HeldSignal]]
"""A moment, ms UTC, and all that holds from then on."""


@dataclass(frozen=True, slots=True)
class PlayedPart:
    """What holds in a part, at its first moment and at each at which that changes. judgements: whole after the changes.

    asked_back: a signal asked what was told before, which a part does not know: the pair has to be replayed as a whole.
    taken: it was kept of an earlier replay. failed: something raised in it.
    """

    changes: Iterable[Change]
    judgements: Mapping[str, Judgement]
    asked_back: bool = False
    taken: bool = field(default=False, compare=False)
    failed: bool = field(default=False, compare=False)


def span_of(
    history: StoredRows, instruments: Sequence[Instrument], start: int | None, end: int | None
) -> tuple[int, int]:
    """Of [start, end) the moments of which something is stored of any instrument; empty where nothing is."""
    spans = [span for span in map(history.span, instruments) if span]
    if not spans:
        return 0, 0
    first, last = min(a for a, _ in spans), max(b for _, b in spans)
    # the first minute is known when it has closed
    first = max(first + MINUTE, ceil(start) if start is not None else 0)
    return first, max(first, min(last + MINUTE, floor(end) if end is not None else last + MINUTE))


def parts_of(first: int, last: int) -> list[tuple[int, int, bool]]:
    """[first, last) by calendar month, UTC: begin, end, and whether states are to be learnt before it (the first)."""
    within = [(max(first, begin), min(last, end)) for begin, end in months(first, last)]
    return [(begin, end, begin == first) for begin, end in within]


class PairPlayer:
    """Plays parts of one pair. progress: told how many minutes of the replay from its first moment on are done."""

    def __init__(
        self,
        config: Config,
        history: StoredRows,
        universe: Universe,
        pair: Pair,
        known: As,
        progress: Callable[[int], None] = lambda _minutes: None,
    ) -> None:
        self.history, self.pair = history, pair
        self.venues = list(config.exchanges)
        self.instruments = [each for each in universe.of(pair) if each.venue in self.venues]
        self.source = ReadOnce(history)
        self.days = {each.id: _listed(history, each) for each in self.instruments}
        self._evaluator = Evaluator(config, self.venues)
        self._all_pairs = AllPairs(config, self._evaluator, history)
        self._known, self._progress = known, progress
        self._first = 0
        self._then: KnownThen | None = None
        self._market: Market | None = None

    def played(self, begin: int, end: int, leads_in: bool) -> PlayedPart:
        """What holds in [begin, end); its changes are found as they are asked for."""
        judgements: dict[str, Judgement] = {}
        return PlayedPart(self._changes(begin, end, leads_in, judgements), judgements)

    def alone(self, begin: int, end: int, leads_in: bool) -> PlayedPart:
        """The same, all found, for a process that folds it."""
        # what is read ahead would belong to another part
        self.source.until = end
        part = self.played(begin, end, leads_in)
        changes = list(part.changes)
        # what is told wherever the parts before it left off, but for a state or two that were on already
        for done in fold(changes, SignalStates()):
            for each in done.told:
                self.said(each.signal)
        failed = bool(self._evaluator.failures) or any(each.failed for each in part.judgements.values())
        return PlayedPart(changes, part.judgements, self.source.asked_back, failed=failed)

    def lead_in(self, first: int) -> int:
        """From when on states are followed so that those that are on at `first` are known."""
        begins = [span[0] + MINUTE for span in map(self.history.span, self.instruments) if span]
        return min(first, max(first - LEAD_IN_MS, min(begins))) if begins else first

    def said(self, holds: Signal | HeldSignal) -> Signal | None:
        """What is told of it; None where it does not hold after all."""
        if isinstance(holds, Signal) or holds.signal is not None:
            return holds if isinstance(holds, Signal) else holds.signal
        if self._market is None or self._market.now != holds.at:
            self._market = self._known_at(holds.at)
        return self._evaluator.asked(holds, self._market)

    def _known_at(self, now: int) -> Market:
        if self._known == "complete":
            return self._at(now)
        if self._then is None or not self._then.start <= now < self._then.end:
            assert self.history.when_known is not None
            self._then = KnownThen(self.history.when_known, self.pair, self.instruments, now, now + MINUTE)
        return self._then.market(self._at(now))

    def _changes(self, begin: int, end: int, leads_in: bool, judgements: dict[str, Judgement]) -> Iterator[Change]:
        lead_in = self.lead_in(begin) if leads_in else begin
        self._first = begin if leads_in else self._first
        if self._known == "known":
            assert self.history.when_known is not None, "only a database can be asked for what was known"
            self._then = KnownThen(self.history.when_known, self.pair, self.instruments, lead_in, end)
        cuts = [each for span in self.days.values() for each in span if each is not None]
        for start, stop, counted in ((lead_in, begin, {}), (begin, end, judgements)):
            yield from evaluate(
                self._evaluator, self._market_at, self.source, start, stop, counted, known=self._then, cuts=cuts
            )

    def _market_at(self, now: int) -> Market:
        if now >= self._first:
            self._progress((now - self._first) // MINUTE)
        return self._at(now)

    def _at(self, now: int) -> Market:
        there = [each for each in self.instruments if _is_listed(self.days[each.id], now)]
        everyone = partial(self._all_pairs.markets, now)
        return self._evaluator.market(self.pair, there, self.source, now, everyone=everyone)


def _listed(history: StoredRows, instrument: Instrument) -> tuple[int | None, int | None]:
    """The moments, on whole minutes, from which and until which the venue lists it; None: always."""
    first, last = history.listed(instrument)
    return None if first is None else floor(first), None if last is None else ceil(last)


def _is_listed(days: tuple[int | None, int | None], now: int) -> bool:
    first, last = days
    return (first is None or now >= first) and (last is None or now < last)
