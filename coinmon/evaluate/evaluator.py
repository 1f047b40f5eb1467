"""Indicators and signals over views: plugins' code, run so that one that raises harms nothing else."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from loguru import logger
from msgspec.structs import replace
from sqlalchemy.exc import SQLAlchemyError

from coinmon.config.load import Config
from coinmon.config.plugin_config import PluginConfig
from coinmon.config.rules import RULES, reread
from coinmon.config.shortcut import OURS, settings_of, shortcut_of
from coinmon.errors import ConfigError, IndicatorFailed, IndicatorOff, NoAnswer, our_stop, place_of, words_of
from coinmon.evaluate.computing import PLUGINS, StillBlocks
from coinmon.evaluate.frame import Codes, Frame
from coinmon.evaluate.held_signal import HeldSignal
from coinmon.market.market import Market
from coinmon.market.result import Result
from coinmon.market.source import Source
from coinmon.market.view import View
from coinmon.model.events import FlowEvent
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.moment import iso
from coinmon.model.multiples import in_coins
from coinmon.model.signal import Bilingual, Signal, Silent
from coinmon.plugin.answers import flow_of, result_of
from coinmon.plugin.border import NotAsAgreed, signals_of
from coinmon.plugin.signature import check_settings

_CODES = np.dtype(np.int8), np.dtype(np.int64)


class Evaluator:
    """Runs the configured indicators and signals. `failures` holds what raised, by plugin, until it works again.

    failures: of one before it, whose work is begun anew: what it said is not said again.
    """

    def __init__(self, config: Config, venues: Sequence[str], failures: dict[str, str] | None = None) -> None:
        self._config = config
        self._venues = venues
        self.failures: dict[str, str] = {} if failures is None else failures
        self._rules = config.rules.stamp()

    def market(
        self,
        pair: Pair,
        instruments: Sequence[Instrument],
        source: Source,
        now: int,
        down: Mapping[str, str] | None = None,
        since: Mapping[str, int] | None = None,
        everyone: Callable[[], Iterator[Market]] | None = None,
    ) -> Market:
        """The pair as of `now` on the instruments given, of which those of configured venues are looked at.

        since: from when instruments have been followed, by id, where they are and go on to be. everyone: gives the
        markets of all pairs as of `now`.
        """
        down, since = down or {}, since or {}
        views = [
            View(in_coins(each), now, source, self.compute, pair, 0 if each.venue in down else since.get(each.id, 0))
            for each in instruments
            if each.venue in self._venues
        ]

        def configured(indicator: str) -> Mapping[str, Any]:
            return settings_of(self.indicator(indicator))

        return Market(pair, now, self._venues, views, self.compute, down, everyone=everyone, configured=configured)

    def refresh(self) -> None:
        """Take rules that were changed since; where one is wrong, all stay as they were, and the log says why."""
        stamp = self._config.rules.stamp()
        if stamp == self._rules:
            return
        self._rules = stamp
        try:
            fresh = reread(self._config)
        except ConfigError as error:
            for line in str(error).splitlines():
                logger.error("{}; the rules stay as they were", line)
            return
        logger.info("rules were read again: {}", ", ".join(sorted(fresh.signals.keys() - self._bundled())) or "none")
        self._config = fresh

    def _bundled(self) -> set[str]:
        return {name for name, each in self._config.signals.items() if each.offer.distribution != RULES}

    def compute(self, name: str, subject: Any, **settings: Any) -> Any:
        """The indicator's result on a view or market; settings in place of the configured ones.

        Raises IndicatorFailed.
        """
        chosen = self._config.indicators.get(name)
        if chosen is None:
            raise IndicatorOff(
                Bilingual(f"指标 {name} 不存在或已关闭", f"indicator {name} is not there or is switched off")
            )
        try:
            PLUGINS.enter(f"indicator {name} (plugin {chosen.offer.plugin})")
        except StillBlocks as error:
            self.failures.setdefault(f"indicator {name}", str(error))
            raise IndicatorFailed(str(error)) from error
        try:
            own = {**chosen.settings, **settings}
            if settings:
                own = check_settings(chosen.offer.settings, own, f"indicator {name}")
            result = chosen.offer.target(subject, **own)
            if not isinstance(result, Result) or chosen.offer.distribution != OURS:
                # ours are tested to be as agreed, and to look at each one costs time
                result = result_of(result)
        except IndicatorFailed:
            raise
        except NoAnswer as error:
            raise IndicatorFailed(f"indicator {name}: {error}") from error
        except BaseException as error:
            raise IndicatorFailed(self._note(f"indicator {name}", chosen.offer.plugin, error)) from error
        finally:
            PLUGINS.leave()
        self._works(f"indicator {name}")
        return result

    def answering(self, question: str) -> str:
        """The indicator that answers a question of the core: the first that is on, else one that is off."""
        on = [name for name, each in self._config.indicators.items() if question in each.offer.answers]
        off = [each.name for each in self._config.catalog.of("indicator") if question in each.answers]
        return next(iter([*on, *off]), question)

    def flow(self, market: Market) -> FlowEvent:
        """What the indicator that answers it says of the pair's money. Raises CoinmonError where none does."""
        name = self.answering("flow")
        result, what = market.of(name), f"flow of indicator {name}"
        offer = self._config.indicators[name].offer
        PLUGINS.enter(f"{what} (plugin {offer.plugin})")
        try:
            said = flow_of(result.flow(market), checked=offer.distribution != OURS)
        except BaseException as error:
            raise IndicatorFailed(self._note(what, offer.plugin, error)) from error
        finally:
            PLUGINS.leave()
        self._works(what)
        return replace(said, time=iso(market.now), pair=str(market.pair))

    def signals(self, market: Market) -> list[Signal]:
        """What every configured signal says of a pair."""
        return [each for said in self.judged(market).values() for each in said]

    def screened(self, market: Market) -> list[Signal]:
        """The same without rules, of which many may be on: the pair is noted for `rules`.

        Who surely says nothing is not asked.
        """
        screen = self._config.screen
        rules = {name for name, each in self._config.signals.items() if each.offer.distribution == RULES}
        asked = [name for name in self._config.signals if name not in rules or screen is None]
        said = [each for name in asked if not self.is_quiet(name, market) for each in self.judge(name, market)]
        if len(asked) == len(self._config.signals) or screen is None:
            return said
        try:
            screen.read(market)
        except BaseException as error:
            # one by one each fails for itself
            self._note("screen of rules", RULES, error)
            return [*said, *(each for name in rules for each in self.judge(name, market))]
        return said

    def rules(self, market_of: Callable[[str], Market], pairs: Sequence[str]) -> dict[str, list[Signal]]:
        """What rules say of these pairs, which were `screened`, by pair."""
        screen = self._config.screen
        if screen is None:
            return {}
        try:
            due = screen.due()
        except BaseException as error:
            self._note("screen of rules", RULES, error)
            rules = [name for name, each in self._config.signals.items() if each.offer.distribution == RULES]
            due = dict.fromkeys(pairs, rules)
        found = {}
        for pair, names in due.items():
            market = market_of(pair)
            found[pair] = [each for name in names if name in self._config.signals for each in self.judge(name, market)]
        return found

    def judged(self, market: Market) -> dict[str, Sequence[Signal] | Silent]:
        """What each configured signal says of a pair, or why it says nothing."""
        return {name: self._judged(name, chosen, market) for name, chosen in self._config.signals.items()}

    @property
    def names(self) -> Sequence[str]:
        """The configured signals."""
        return list(self._config.signals)

    def judge(self, name: str, market: Market) -> Sequence[Signal] | Silent:
        """What one configured signal says of a pair, or why it says nothing."""
        return self._judged(name, self._config.signals[name], market)

    def is_quiet(self, name: str, market: Market) -> bool:
        """Whether the signal surely says nothing, as its `quiet` knows; one that failed is asked itself."""
        chosen, what = self._config.signals[name], f"signal {name}"
        if chosen.offer.quiet is None or what in self.failures:
            return False
        try:
            PLUGINS.enter(f"{what} (plugin {chosen.offer.plugin})")
        except StillBlocks:
            return False
        try:
            with shortcut_of(chosen.offer.distribution):
                return chosen.offer.quiet(market, **chosen.settings) is True
        except (KeyError, IndicatorFailed):
            # an indicator that it needs is off, or another's: the signal itself says so
            return False
        except BaseException as error:
            self._note(f"quiet of {what}", chosen.offer.plugin, error)
            return False
        finally:
            PLUGINS.leave()

    def asked(self, held: HeldSignal, market: Market) -> Signal | None:
        """What is told of a signal that holds by its columns; None where it says otherwise itself."""
        if held.signal is None:
            said = self.judge(held.asked, market)
            same = [each for each in said if (each.name, each.key) == (held.name, held.key)]
            if same:
                held.signal = same[0]
            else:
                plugin = self._config.signals[held.asked].offer.plugin
                error = NotAsAgreed(f"columns say {held.key} at {iso(held.at)}, the signal does not")
                self._note(f"columns of signal {held.asked}", plugin, error)
        return held.signal

    def raised(self, name: str) -> bool:
        """Whether the signal raised, or broke its contract, when it was asked last."""
        return f"signal {name}" in self.failures

    def indicator(self, name: str) -> PluginConfig:
        """Raises KeyError for an indicator that is not there or switched off."""
        return self._config.indicators[name]

    def codes(self, name: str, frame: Frame) -> Codes | None:
        """What the signal's `columns` say of each moment of the frame; None where it has none, or they are broken."""
        chosen = self._config.signals[name]
        columns = chosen.offer.columns
        if columns is None:
            return None
        try:
            with shortcut_of(chosen.offer.distribution):
                found = columns(frame, **chosen.settings)
            if not isinstance(found, np.ndarray) or found.shape != (frame.count,) or found.dtype not in _CODES:
                raise NotAsAgreed(f"columns gave {type(found).__name__}, not {frame.count} int8 or int64 codes")
        except (KeyError, IndicatorFailed):
            # an indicator that it needs is off, or another's: the signal itself says so
            return None
        except BaseException as error:
            self._note(f"columns of signal {name}", chosen.offer.plugin, error)
            return None
        return found

    def _judged(self, name: str, chosen: PluginConfig, market: Market) -> Sequence[Signal] | Silent:
        left_out: list[str] = []
        try:
            PLUGINS.enter(f"signal {name} (plugin {chosen.offer.plugin})")
        except StillBlocks as error:
            self.failures.setdefault(f"signal {name}", str(error))
            return Silent(Bilingual(f"阻塞: {error}", str(error)), waits=True)
        try:
            said, left_out = signals_of(chosen.offer.target(market, **chosen.settings), name, str(market.pair))
            if left_out and not said:
                raise NotAsAgreed(left_out[0])
            if not isinstance(said, Silent) and not said:
                said = Silent(Bilingual("没有给出原因", "it gives no reason"))
        except IndicatorOff as error:
            said = Silent(error.args[0], waits=True)
        except BaseException as error:
            why = self._note(f"signal {name}", chosen.offer.plugin, error)
            return Silent(Bilingual(f"出错: {why}", why), waits=True)
        finally:
            PLUGINS.leave()
        if left_out:
            self._note(f"signal {name}", chosen.offer.plugin, NotAsAgreed(left_out[0]))
        else:
            self._works(f"signal {name}")
        return said

    def _note(self, what: str, plugin: str, error: BaseException) -> str:
        """Remember a failure and log it once, not each cycle. Raises what is not the plugin's own."""
        if our_stop(error) or isinstance(error, SQLAlchemyError):
            raise error
        text = f"{what} (plugin {plugin}) raised {words_of(error)}{place_of(error)}"
        if what not in self.failures:
            logger.bind(plugin=plugin).error(text)
        self.failures[what] = text
        return text

    def _works(self, what: str) -> None:
        if self.failures.pop(what, ""):
            logger.info("{} works again", what)
