"""config.yaml, `.env`, the environment and the command line as one validated configuration."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from coinmon.config.absent_plugin import near
from coinmon.config.env import PROXY_NAMES
from coinmon.config.parsers import Sessions
from coinmon.config.parsers import written as as_written
from coinmon.config.plugin_config import PluginConfig, choose, validated
from coinmon.config.rules import RULES, RulesPlace, read_rules
from coinmon.config.schema import (
    BooksConfig,
    ClockConfig,
    Core,
    CostsConfig,
    LogConfig,
    NotifyConfig,
    PluginsConfig,
    ReplayCacheConfig,
    Section,
    ServeConfig,
    SymbolsConfig,
)
from coinmon.config.sources import PLUGIN_SECTIONS, Layers, read_layers
from coinmon.errors import ConfigError
from coinmon.model.shard import Shard
from coinmon.plugin.catalog import Catalog, load_catalog
from coinmon.plugin.discovery import GROUP
from coinmon.plugin.rules import RulesScreen
from coinmon.plugin.signature import INHERITED
from coinmon.secrets import remember_all
from coinmon.spoken.phrases import language

__all__ = [
    "BooksConfig",
    "ClockConfig",
    "Config",
    "CostsConfig",
    "LogConfig",
    "NotifyConfig",
    "PluginConfig",
    "PluginsConfig",
    "ServeConfig",
    "SymbolsConfig",
    "load_config",
    "load_plugins",
]  # fmt: skip


@dataclass(frozen=True)
class Config:
    """Everything that was configured, checked. `interval` and `settle` are ms, `window` is minutes.

    sessions: start and end by name, in minutes of the day. exchanges and so on: what is switched on, by name.
    origins: dotted key to where its value is from. demo_past: where a demo's emulator tells what was traded before.
    """

    path: Path | None
    symbols: SymbolsConfig
    interval: int
    settle: int
    window: int
    db: str = field(repr=False)
    shard: Shard
    retention_days: int
    levels_days: int
    samples_days: int | None
    deliveries_days: int
    lang: str
    timezone: str
    sessions: Sessions
    quotes: Mapping[str, str]
    whale_threshold: float
    proxy: str | None = field(repr=False)
    log: LogConfig
    plugins: PluginsConfig
    notify: NotifyConfig
    costs: CostsConfig
    preset: str
    books: BooksConfig
    replay_cache: ReplayCacheConfig
    serve: ServeConfig
    clock: ClockConfig | None
    exchanges: Mapping[str, PluginConfig]
    indicators: Mapping[str, PluginConfig]
    signals: Mapping[str, PluginConfig]
    outputs: Mapping[str, PluginConfig]
    catalog: Catalog = field(repr=False)
    origins: Mapping[str, str] = field(repr=False)
    rules: RulesPlace = field(default_factory=lambda: RulesPlace(None, Path()), repr=False)
    screen: RulesScreen | None = field(default=None, repr=False)
    warnings: tuple[str, ...] = ()
    demo_past: str | None = None

    @property
    def reader_lang(self) -> str:
        """Of the tables and texts that a command shows to whoever typed it: `lang` where it is set, else the locale's.

        What is logged, sent or written for programs is in `lang`.
        """
        return self.lang if self.origins.get("lang", "default") != "default" else language((), os.environ)


def load_config(
    path: Path | None,
    *,
    overrides: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    rules: Sequence[Path] = (),
) -> Config:
    """Read, merge and check everything.

    path: None means $COINMON_CONFIG, else ./config.yaml where there is one. overrides: dotted keys; None is not set.
    rules: files of rules beside those that are found.
    Raises ConfigError with one line for each problem.
    """
    cwd = cwd or Path.cwd()
    environ = os.environ if environ is None else environ
    layers = read_layers(path, overrides or {}, environ, cwd)
    remember_all(layers.values)
    remember_all([value for name, value in environ.items() if name.upper() in PROXY_NAMES])
    core = _core(layers)
    plugins = core.plugins if core else _plugins_alone(layers)
    catalog = load_catalog(_folder(plugins, layers, cwd), plugins.disabled)
    inherited = {name: as_written(name, getattr(core, name)) for name in INHERITED} if core else {}
    chosen: dict[str, Any] = {
        section: choose(section, layers, catalog, inherited, core.preset if core else "seed")
        for section in PLUGIN_SECTIONS
    }
    if core and core.symbols.all and core.symbols.all not in chosen["exchanges"] and not layers.problems:
        names = list(chosen["exchanges"])
        layers.problems.append(
            f"{layers.origin('symbols.all')}: symbols.all: {core.symbols.all} is not an exchange that is on"
            f"{near(core.symbols.all, names)}; there are {', '.join(names) or 'none'}"
        )
    file = cwd / layers.path if layers.path else None
    place = RulesPlace(file, file.parent if file else cwd, tuple(rules))
    written, faults, screen = read_rules(
        place, chosen["indicators"], list(chosen["exchanges"]), chosen["signals"], catalog
    )
    layers.problems += faults
    chosen["signals"] |= written
    if layers.problems or core is None:
        raise ConfigError("\n".join(dict.fromkeys(layers.problems)))
    return Config(
        path=layers.path,
        **{name: getattr(core, name) for name in Core.model_fields},
        **chosen,
        catalog=catalog,
        origins=dict(_origins(core, chosen, layers)),
        rules=place,
        screen=screen,
        warnings=tuple(_warnings(layers, plugins, catalog, chosen)),
    )


def load_plugins(
    path: Path | None,
    *,
    overrides: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Catalog:
    """The plugin catalog that a configuration leads to, whatever else may be wrong with it."""
    cwd = cwd or Path.cwd()
    layers = read_layers(path, overrides or {}, os.environ if environ is None else environ, cwd)
    layers.problems.clear()
    plugins = _plugins_alone(layers)
    folder = _folder(plugins, layers, cwd)
    if layers.problems:
        raise ConfigError("\n".join(layers.problems))
    return load_catalog(folder, plugins.disabled)


def plugin_folder(path: Path | None) -> Path | None:
    """`plugins.dir` of a configuration, whatever else may be wrong with it; None where it has none that is there."""
    try:
        layers = read_layers(path, {}, os.environ, Path.cwd())
        return _folder(_plugins_alone(layers), layers, Path.cwd())
    except ConfigError:
        return None


def _core(layers: Layers) -> Core | None:
    values = {key: value for key, value in layers.values.items() if key not in PLUGIN_SECTIONS and key != RULES}
    names = sorted([*Core.model_fields, *PLUGIN_SECTIONS, RULES])
    for key in [key for key in values if key not in names]:
        del values[key]
        layers.problems.append(
            f"{layers.origin(key)}: {key} is not a key{near(key, names)}; there are {', '.join(names)}"
        )
    for key, value, where in layers.overridden:
        if where == str(layers.path) and key.partition(".")[0] in Core.model_fields:
            # what the file says is wrong even where the environment or the command line says something else
            alone = Layers(layers.path)
            alone.put(key, value, where)
            validated(Core, alone.values, "", alone)
            layers.problems += alone.problems
    return validated(Core, values, "", layers)


def _plugins_alone(layers: Layers) -> PluginsConfig:
    """That section by itself: plugins are loaded, and their settings checked, even when other keys are in error."""
    core = validated(Core, {key: value for key, value in layers.values.items() if key == "plugins"}, "", layers)
    return core.plugins if core else PluginsConfig()


def _folder(plugins: PluginsConfig, layers: Layers, cwd: Path) -> Path | None:
    if plugins.dir is None:
        return None
    beside = (cwd / layers.path).parent if layers.path else cwd
    folder = beside / plugins.dir.expanduser()
    if not folder.is_dir():
        layers.problems.append(f"{layers.origin('plugins.dir')}: plugins.dir: {folder} is not a folder")
        return None
    return folder


def _origins(core: Core, chosen: Mapping[str, Mapping[str, PluginConfig]], layers: Layers) -> Iterator[tuple[str, str]]:
    for key in leaves(core):
        yield key, layers.origins.get(key, "default")
    for section, entries in chosen.items():
        for name, entry in entries.items():
            where = f"{section}.{name}"
            yield where, layers.origins.get(f"{where}.enabled", layers.origin(section) if layers.only else "default")
            ours = ["events"] if entry.events is not None else ["feed"] if section == "exchanges" else []
            for key in (*entry.settings, *ours, *sorted(entry.route.model_fields_set)):
                origin = layers.origin(f"{where}.{key}") if key in _given(layers, section, name) else "default"
                if origin == "default" and key in INHERITED and entry.settings.get(key) is not None:
                    origin = f"{key} ({layers.origins.get(key, 'default')})"
                yield f"{where}.{key}", origin


def _given(layers: Layers, section: str, name: str) -> Mapping[str, Any]:
    given: Mapping[str, Any] = layers.values.get(section, {}).get(name, {})
    return given


def leaves(section: Section, prefix: str = "") -> Iterator[str]:
    """Dotted names of a section's keys."""
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _warnings(
    layers: Layers, plugins: PluginsConfig, catalog: Catalog, chosen: Mapping[str, Mapping[str, PluginConfig]]
) -> Iterator[str]:
    for broken in catalog.broken:
        yield f"plugin {broken.plugin} of {broken.distribution} is broken: {broken.why}"
    # every distribution's metadata is read for it
    distributions = (
        {point.dist.name for point in entry_points(group=GROUP) if point.dist} if plugins.disabled else set()
    )
    for wish in plugins.disabled:
        hit = any(each == wish or each.startswith((f"{wish}.", f"{wish} ")) for each in catalog.disabled)
        if not hit and wish not in distributions and not any(d.endswith(f"({wish})") for d in catalog.disabled):
            known = {each for offer in catalog.offers.values() for each in (offer.plugin, offer.name)}
            yield f"{layers.origin('plugins.disabled')}: plugins.disabled: {wish} names no plugin{near(wish, known)}"
    yield from layers.strange
    if not chosen["exchanges"]:
        yield "no exchange is on"
