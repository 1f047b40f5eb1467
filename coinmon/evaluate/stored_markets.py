"""A market put together: the instruments of a pair, where their bars are read, and who computes on them."""

from collections.abc import Mapping, Sequence
from typing import Any

from coinmon.config.load import Config
from coinmon.evaluate.evaluator import Evaluator
from coinmon.market.given import GivenInstrument, GivenSource
from coinmon.market.market import Market
from coinmon.model.instrument import Pair
from coinmon.model.moment import parse_time
from coinmon.model.symbols import Universe, Wanted
from coinmon.store.database import Database
from coinmon.store.history import History


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

    def market(self, symbol: str | Wanted, at: int, down: Mapping[str, str] | None = None) -> Market:
        """The pair that a symbol means, at `at` (ms UTC). down: venues that did not answer, and why.

        Raises ConfigError for a symbol that is not listed.
        """
        wanted = self.universe.resolve(symbol) if isinstance(symbol, str) else symbol
        made = self.evaluator.market(wanted.pair, self.universe.meant(wanted), self.history, at, down)
        made.is_part = wanted.venue is not None or wanted.kind is not None
        return made


def given_market(config: Config, pair: Pair, given: Sequence[GivenInstrument], now: int) -> Market:
    """The pair as of `now` (ms UTC), of which nothing is known but what is given."""
    source = GivenSource({each.instrument.id: each for each in given})
    evaluator = Evaluator(config, list(config.exchanges))
    return evaluator.market(pair, [each.instrument for each in given], source, now)


def market_then(config: Config, database: Database, event: Mapping[str, Any]) -> Market:
    """The pair of an event at the event's time, of what is stored. Raises CoinmonError."""
    return StoredMarkets(config, History(database)).market(str(event["pair"]), parse_time(str(event["time"])))
