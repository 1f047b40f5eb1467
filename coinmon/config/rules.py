"""Signals that users write as rules: in `config.yaml` under `rules`, and in `rules/*.yaml` beside it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from coinmon.config.plugin_config import PluginConfig
from coinmon.errors import ConfigError, our_stop, words_of
from coinmon.plugin.catalog import Catalog, Offer
from coinmon.plugin.rules import RulesFile, RulesScreen, WrittenSignals
from coinmon.plugin.signature import settings_model

if TYPE_CHECKING:
    from coinmon.config.load import Config

RULES = "rules"
"""The key in the configuration, the folder beside it, and the language that reads both."""


@dataclass(frozen=True, slots=True)
class RulesPlace:
    """Where rules are looked for. config: the configuration's file. more: files named on the command line."""

    config: Path | None
    folder: Path
    more: tuple[Path, ...] = ()

    def files(self) -> Iterator[Path]:
        if self.config is not None and self.config.is_file():
            yield self.config
        try:
            beside = sorted(each for each in (self.folder / RULES).iterdir() if each.suffix in (".yaml", ".yml"))
        except OSError:
            beside = []
        yield from (each for each in beside if each.is_file())
        found = {each.resolve() for each in [*beside, *([self.config] if self.config else [])]}
        yield from (each for each in self.more if each.resolve() not in found)

    def stamp(self) -> tuple[tuple[str, int, int], ...]:
        """Differs when a file has come, gone or changed."""
        found = []
        for each in self.files():
            try:
                state = each.stat()
            except OSError:
                continue
            found.append((str(each), state.st_mtime_ns, state.st_size))
        return tuple(found)


def read_rules(
    place: RulesPlace, indicators: Mapping[str, PluginConfig], venues: Sequence[str],
    signals: Mapping[str, PluginConfig],
    catalog: Catalog,
) -> tuple[dict[str, PluginConfig], list[str], RulesScreen | None]:  # fmt: skip
    """Rules as signals that are on, by name, a line for each fault, and what looks at all of them at once."""
    files, faults = [], []
    for path in place.files():
        try:
            text = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "not UTF-8 text"
            faults.append(f"{_shown(path)}: cannot be read ({why})")
            continue
        if path != place.config or f"{RULES}:" in text:
            files.append(RulesFile(_shown(path), text, alone=path != place.config))
    language = catalog.get("language", RULES)
    if not files:
        return {}, faults, None
    if language is None:
        return {}, [*faults, f"{files[0].name}: rules: no plugin reads them; see coinmon plugins"], None
    try:
        made: WrittenSignals = language.target(files, indicators, venues, signals)
    except BaseException as error:
        if our_stop(error):
            raise
        return {}, [*faults, f"{files[0].name}: rules: plugin {language.plugin} raised {words_of(error)}"], None
    return rule_signals(made), [*faults, *made.faults], made.screen


def rule_signals(made: WrittenSignals) -> dict[str, PluginConfig]:
    """Rules as signals that are on."""
    return {name: _signal(name, each, made.files[name]) for name, each in made.signals.items()}


def written_in(config: "Config", file: Path) -> list[str]:
    """The names of the rules in a file of the configuration. Raises ConfigError where there is none."""
    shown = _shown(file.absolute())
    found = [name for name, each in config.signals.items() if each.offer.distribution == RULES]
    names = [name for name in found if config.signals[name].offer.plugin in (shown, str(file))]
    if not names:
        raise ConfigError(f"{file}: there is no rule in it that is on")
    return names


def reread(config: "Config") -> "Config":
    """The same configuration with the rules as they are now. Raises ConfigError where one of them is wrong."""
    others = {name: each for name, each in config.signals.items() if each.offer.distribution != RULES}
    rules, faults, screen = read_rules(config.rules, config.indicators, list(config.exchanges), others, config.catalog)
    if faults:
        raise ConfigError("\n".join(faults))
    return replace(config, signals={**others, **rules}, screen=screen)


def _signal(name: str, target: object, file: str) -> PluginConfig:
    offer = Offer(
        "signal", name, target, file, RULES, settings_model(_nothing, positional=1),  # type: ignore[arg-type]
        columns=getattr(target, "columns", None), horizon=getattr(target, "horizon", 60),
    )  # fmt: skip
    return PluginConfig(name, offer, {})


def _nothing(market: object) -> None:
    """Rules have no settings."""


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
