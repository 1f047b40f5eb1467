"""Indicators and signals over views: plugins' code, run so that one that raises harms nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

from loguru import logger

from coinmon.config import Config
from coinmon.errors import CoinmonError
from coinmon.market.view import Market, Source, View
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.signal import Signal


class IndicatorFailed(CoinmonError):
    """An indicator raised, or is not there; whoever asked for it cannot be computed either."""


class Evaluator:
    """Runs the configured indicators and signals. `failures` holds what raised, by plugin, until it works again."""

    def __init__(self, config: Config, venues: Sequence[str]) -> None:
        self._config = config
        self._venues = venues
        self.failures: dict[str, str] = {}

    def market(
        self,
        pair: Pair,
        instruments: Sequence[Instrument],
        source: Source,
        now: int,
        down: Mapping[str, str] | None = None,
    ) -> Market:
        """The pair as of `now` on the instruments given, of which those of configured venues are looked at."""
        views = [View(each, now, source, self.compute) for each in instruments if each.venue in self._venues]
        return Market(pair, now, self._venues, views, self.compute, down or {})

    def compute(self, name: str, subject: Any) -> Any:
        """The indicator's result on a view or market. Raises IndicatorFailed."""
        chosen = self._config.indicators.get(name)
        if chosen is None:
            raise IndicatorFailed(f"indicator {name} is not there or is switched off")
        try:
            result = chosen.offer.target(subject, **chosen.settings)
        except IndicatorFailed:
            raise
        except Exception as error:
            raise IndicatorFailed(self._note(f"indicator {name}", chosen.offer.plugin, error)) from error
        self._works(f"indicator {name}")
        return result

    def signals(self, market: Market) -> list[Signal]:
        """What every configured signal says of a pair."""
        found: list[Signal] = []
        for name, chosen in self._config.signals.items():
            try:
                said = list(chosen.offer.target(market, **chosen.settings))
                if any(not isinstance(each, Signal) for each in said):
                    raise TypeError("it returned something that is not a Signal")
            except IndicatorFailed as error:
                self._note(f"signal {name}", chosen.offer.plugin, error)
                continue
            except Exception as error:
                self._note(f"signal {name}", chosen.offer.plugin, error)
                continue
            self._works(f"signal {name}")
            found += said
        return found

    def _note(self, what: str, plugin: str, error: Exception) -> str:
        """Remember a failure and log it once, not each cycle."""
        text = f"{what} (plugin {plugin}) raised {type(error).__name__}: {' '.join(str(error).split())}"
        if what not in self.failures:
            logger.bind(plugin=plugin).error(text)
        self.failures[what] = text
        return text

    def _works(self, what: str) -> None:
        if self.failures.pop(what, ""):
            logger.info("{} works again", what)
