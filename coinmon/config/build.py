"""Plugins' classes made into the objects that the configuration asks for."""

from collections.abc import Mapping
from typing import Any

from coinmon.config.load import Config, PluginConfig
from coinmon.errors import CoinmonError, ConfigError, words_of
from coinmon.plugin.interrupts import interrupts_noted, patience_for
from coinmon.plugin.members import check_values
from coinmon.secrets import redacted


def make(chosen: Mapping[str, PluginConfig]) -> dict[str, Any]:
    """One object for each. Raises ConfigError naming the one that refuses its settings."""
    made = {}
    for name, each in chosen.items():
        where = f"{each.offer.kind}s.{name}"
        with interrupts_noted() as ends_us:
            try:
                with patience_for(each.offer.distribution):
                    made[name] = each.offer.target(name, **each.settings)
                    check_values(each.offer.kind, name, made[name])
            except CoinmonError as error:
                raise ConfigError(f"{where}: {redacted(str(error))}") from error
            except BaseException as error:
                if ends_us(error):
                    raise
                why = words_of(error)
                raise ConfigError(
                    f"{where}: plugin {each.offer.plugin} raised {why}; switch it off with {where}: false"
                ) from error
    return made


def only(config: Config, exchanges: list[str]) -> dict[str, PluginConfig]:
    """The configured exchanges, or those of them that were named. Raises ConfigError for one that is not there."""
    unknown = [name for name in exchanges if name not in config.exchanges]
    if unknown:
        raise ConfigError(f"--exchange {unknown[0]}: not among the exchanges: {', '.join(config.exchanges) or 'none'}")
    return {name: chosen for name, chosen in config.exchanges.items() if not exchanges or name in exchanges}
