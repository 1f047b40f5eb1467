"""Markets put together: the instruments of a pair or of all, where their bars are read, and who computes on them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, Protocol

from coinmon.config.load import Config
from coinmon.evaluate.evaluator import Evaluator
from coinmon.market.given import GivenInstrument, GivenSource
from coinmon.market.market import Market
from coinmon.market.source import Source
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.moment import parse_time
from coinmon.model.symbols import Universe, Wanted
from coinmon.store.database import Database
from coinmon.store.history import History


class Holdings(Source, Protocol):
    """A source that knows what it holds."""

    def universe(self, venues: Collection[str], quotes: Mapping[str, str]) -> Universe: ...

    def with_bars(self) -> Sequence[Instrument]: ...


class AllPairs:
    """The pairs of which bars are stored, whoever follows them now: what is stored of a minute says who did then.

    So a scan, a replay and an audit see the same pairs. Nothing is read before somebody asks.
    """

    def __init__(self, config: Config, evaluator: Evaluator, stored: Holdings) -> None:
        self._config, self._evaluator, self._stored = config, evaluator, stored

    @cached_property
    def _instruments(self) -> Mapping[Pair, Sequence[Instrument]]:
        """By pair, in the order of their names."""
        universe = self._stored.universe(list(self._config.exchanges), self._config.quotes)
        held = {each.id: universe.pair_of(each) for each in self._stored.with_bars()}
        pairs = sorted(set(held.values()), key=str)
        found = {pair: [each for each in universe.of(pair) if each.id in held] for pair in pairs}
        return {pair: several for pair, several in found.items() if several}

    def markets(self, now: int, source: Source | None = None) -> Iterator[Market]:
        """One after another: together they are large. source: read there in place of what is stored."""
        for pair, instruments in self._instruments.items():
            yield self._evaluator.market(pair, instruments, source or self._stored, now)


class StoredMarkets:
    """Pairs as of any moment, of what is stored.

    universe: what the venues list, where it is known better than the store knows it. evaluator: one that is kept.
    """

    def __init__(
        self, config: Config, history: History, universe: Universe | None = None, evaluator: Evaluator | None = None
    ) -> None:
        self.history = history
        self.universe = universe or history.universe(config.exchanges, config.quotes)
        self.evaluator = evaluator or Evaluator(config, list(config.exchanges))
        self._all_pairs = AllPairs(config, self.evaluator, history)

    def market(self, symbol: str | Wanted, at: int, down: Mapping[str, str] | None = None) -> Market:
        """The pair that a symbol means, at `at` (ms UTC). down: venues that did not answer, and why.

        Raises ConfigError for a symbol that is not listed.
        """
        wanted = self.universe.resolve(symbol) if isinstance(symbol, str) else symbol
        everyone = partial(self._all_pairs.markets, at)
        meant = self.universe.meant(wanted)
        made = self.evaluator.market(wanted.pair, meant, self.history, at, down, everyone=everyone)
        return replace(made, is_part=wanted.venue is not None or wanted.kind is not None)


def given_market(config: Config, pair: Pair, given: Sequence[GivenInstrument], now: int) -> Market:
    """The pair as of `now` (ms UTC), of which nothing is known but what is given."""
    source = GivenSource({each.instrument.id: each for each in given})
    evaluator = Evaluator(config, list(config.exchanges))
    return evaluator.market(pair, [each.instrument for each in given], source, now)


def market_then(config: Config, database: Database, event: Mapping[str, Any]) -> Market:
    """The pair of an event at the event's time, of what is stored. Raises CoinmonError."""
    return StoredMarkets(config, History(database)).market(str(event["pair"]), parse_time(str(event["time"])))
