"""The commands, one module each, and the options that go with all of them."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coinmon.errors import ConfigError, NoDataError

if TYPE_CHECKING:
    from coinmon.config.load import Config
    from coinmon.model.instrument import Pair
    from coinmon.model.symbols import Universe
    from coinmon.plugin.catalog import Catalog


def typed_symbols(names: Iterable[str]) -> list[str]:
    """Symbols of the command line. Raises ConfigError with what may be meant for one that is none."""
    from coinmon.config.parsers import symbol

    try:
        return [symbol(each) for each in names]
    except ValueError as error:
        raise ConfigError(str(error)) from None


def check_venues(names: Iterable[str], exchanges: Iterable[str]) -> None:
    """Before anybody is asked: raises ConfigError for a symbol at an exchange that is not switched on."""
    from coinmon.model.symbols import venue_and_name

    for each in names:
        venue_and_name(each, sorted(exchanges))


def no_bars_stored(names: Iterable[str], exchanges: Iterable[str]) -> NoDataError:
    """What a store without bars says. Raises ConfigError for a symbol at an exchange that is not switched on."""
    check_venues(names, exchanges)
    return NoDataError("no bars are stored; run coinmon scan, or name another --db")


def meant_pairs(universe: "Universe", symbols: Iterable[str], exchanges: Iterable[str]) -> "list[Pair]":
    """The stored pairs that symbols mean, each once. exchanges: those that are switched on.

    Raises ConfigError for what is no symbol or another pair, and NoDataError where nothing is stored.
    """
    names = typed_symbols(symbols)
    if names and not universe.by_pair:
        raise no_bars_stored(names, exchanges)
    return list(dict.fromkeys(universe.resolve(each).pair for each in names))


@dataclass
class Globals:
    """The options before the command: `typer.Context.obj`."""

    config: Path | None = None
    db: str | None = None
    lang: str | None = None
    verbose: int = 0
    settings: dict[str, Any] = field(default_factory=dict)
    """Keys that a command sets for another that it starts, with `__` for a dot."""
    rules: tuple[Path, ...] = ()
    """Files of rules that a command names."""

    def with_settings(self, settings: dict[str, Any]) -> "Globals":
        """The same options, and these keys where they are not None."""
        return replace(self, settings={**self.settings, **settings})

    @property
    def reader_lang(self) -> str:
        """`zh` or `en`: what --lang says, else the locale; where no configuration is read."""
        from coinmon.spoken.phrases import language

        return self.lang or language((), os.environ)

    def load(self, **overrides: Any) -> "Config":
        """The configuration. overrides: keys, with `__` for a dot (`symbols__all`); None is not set."""
        from coinmon.plugin.interrupts import interrupts_noted

        with interrupts_noted():
            from coinmon.config.load import load_config  # pydantic: not needed for --help

        return load_config(self.config, overrides=self._overrides(overrides), rules=self.rules)

    def catalog(self) -> "Catalog":
        """The plugins alone, whatever else is wrong with the configuration."""
        from coinmon.config.load import load_plugins

        return load_plugins(self.config)

    def _overrides(self, overrides: dict[str, Any]) -> dict[str, Any]:
        given = {**self.settings, **{key: value for key, value in overrides.items() if value is not None}}
        dotted = {key.replace("__", "."): value for key, value in given.items()}
        level = {0: None, 1: "DEBUG"}.get(self.verbose, "TRACE")
        return {"db": self.db, "lang": self.lang, "log.level": level, **dotted}
