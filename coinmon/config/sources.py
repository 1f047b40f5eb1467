"""Where values come from: config.yaml, `.env`, the environment, the command line; the later overrides the earlier."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from coinmon.config import parsers
from coinmon.config.env import CONFIG, LEGACY_SESSIONS, Names, read_env_file, read_names
from coinmon.errors import ConfigError

PLUGIN_SECTIONS = {"exchanges": "exchange", "indicators": "indicator", "signals": "signal", "outputs": "output"}


@dataclass
class Layers:
    """Everything that was set, merged.

    values: the tree. Each entry of a plugin section is a mapping with `enabled` where somebody said so.
    only: plugin sections that were given as a list, which switches everything else in them off.
    origins: dotted key to where its value comes from.
    """

    path: Path | None = None
    values: dict[str, Any] = field(default_factory=dict)
    only: dict[str, list[str]] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    overridden: list[tuple[str, Any, str]] = field(default_factory=list)
    """Keys, with the value and the origin that a later layer put another over: they may be wrong all the same."""
    strange: list[str] = field(default_factory=list)
    """Environment names that look as if they did something and do not, and why."""

    def origin(self, key: str) -> str:
        """Where a key's value comes from; for a key that is not there, where the nearest one around it does."""
        parts = key.split(".")
        for end in range(len(parts), 0, -1):
            known = ".".join(parts[:end])
            if known in self.origins:
                return self.origins[known]
            for each, where in self.origins.items():
                if each.startswith(f"{known}."):
                    return where
        return "default"

    def lay(self, values: Mapping[str, Any], where: str) -> None:
        """A file's or the command line's values on top. Naming a plugin's section switches the plugin on."""
        for key, value in values.items():
            if not isinstance(key, str):
                self.problems.append(f"{where}: {key!r} is not a key; keys are words")
            elif key in PLUGIN_SECTIONS:
                self._lay_plugins(key, value, where)
            elif key == "rules":
                # read by the language of rules, which says the line and column of what is wrong
                self.origins[key] = where
            elif key == "symbols" and not isinstance(value, Mapping) and value is not None:
                self.put("symbols.names", value, where)
            elif (kept := _without_none(value)) is not None:
                self.put(key, kept, where)

    def lay_names(self, names: Names) -> None:
        """What the environment says on top. Naming a plugin's setting does not switch the plugin on."""
        self.problems += names.problems
        self.strange += [f"{names.where}: {name} {why}" for name, why in names.strange.items()]
        for key, (name, value) in names.keys.items():
            self.put(key, value, f"{names.where} {name}")
        if "indicators.depth_delta.percent" in names.keys:
            self._sample(*names.keys["indicators.depth_delta.percent"], names.where)

    def _sample(self, name: str, percent: str, where: str) -> None:
        """That distance beside those at which books are sampled: what is not sampled cannot be shown."""
        books = self.values.get("books")
        given = books.get("percents") if isinstance(books, Mapping) else None
        try:
            percents = {float(each) for each in parsers.listed(given)} if given else {*parsers.DEFAULT_PERCENTS}
        except (TypeError, ValueError):
            # told by what reads the key
            return
        if float(percent) not in percents:
            self.put("books.percents", sorted({*percents, float(percent)}), f"{where} {name}")

    def _lay_plugins(self, section: str, value: Any, where: str) -> None:
        if isinstance(value, str):
            value = [each.strip() for each in value.split(",") if each.strip()]
        if isinstance(value, list | tuple):
            if not all(isinstance(each, str) for each in value):
                self.problems.append(f"{where}: {section}: expected a list of names")
                return
            self.only[section] = list(value)
            value = dict.fromkeys(value, True)
        elif value is not None and not isinstance(value, Mapping):
            self.problems.append(f"{where}: {section}: expected names with their settings, or a list of names")
            return
        self.values.setdefault(section, {})
        for name, given in (value or {}).items():
            if not isinstance(name, str):
                self.problems.append(f"{where}: {section}: {name!r} is not a name; put it in quotes")
            elif given is None or isinstance(given, bool):
                self.put(f"{section}.{name}", {"enabled": given is not False}, where)
            elif isinstance(given, Mapping):
                self.put(f"{section}.{name}", {"enabled": True, **given}, where)
            else:
                self.problems.append(f"{where}: {section}.{name}: expected settings, true or false")

    def put(self, key: str, value: Any, where: str) -> None:
        if isinstance(value, Mapping) and value and key not in ("sessions", "quotes"):
            for name, each in value.items():
                self.put(f"{key}.{name}", each, where)
            return
        if key in ("symbols.names", "symbols.all"):
            self._forget_symbols(where)
        *parents, last = key.split(".")
        node = self.values
        for parent in parents:
            inner = node.get(parent)
            if not isinstance(inner, dict):
                inner = node[parent] = {}
            node = inner
        if last in node and not isinstance(node[last], dict) and self.origins.get(key, where) != where:
            self.overridden.append((key, node[last], self.origins[key]))
        node[last] = value
        for known in [each for each in self.origins if each.startswith(f"{key}.")]:
            del self.origins[known]
        self.origins[key] = where

    def _forget_symbols(self, where: str) -> None:
        """Names and `all` choose together: whoever sets one of them replaces what an earlier layer chose."""
        for key in ("names", "all"):
            if self.origins.get(f"symbols.{key}", where) != where:
                value = self.values.get("symbols", {}).pop(key, None)
                self.overridden.append((f"symbols.{key}", value, self.origins.pop(f"symbols.{key}")))


def read_layers(path: Path | None, overrides: Mapping[str, Any], environ: Mapping[str, str], cwd: Path) -> Layers:
    """All layers, merged. Raises ConfigError for a file that cannot be read as what it is."""
    problems: list[str] = []

    def tried(file: Path, read: Any) -> Any:
        try:
            return read(file)
        except ConfigError as error:
            problems.append(str(error))
            return {}

    here = cwd / ".env"
    local = tried(here, read_env_file) if here.is_file() else {}
    chosen = path or environ.get(CONFIG) or local.get(CONFIG)
    if chosen:
        path = Path(chosen).expanduser()
    elif (cwd / "config.yaml").exists():
        path = Path("config.yaml")
    layers = Layers(path)
    file = cwd / path if path else None
    if path and file:
        layers.lay(tried(file, lambda file: read_yaml(file, str(path))), str(path))
        beside = file.parent / ".env"
        if beside.is_file() and beside.resolve() != here.resolve():
            local = tried(beside, read_env_file)
    if problems:
        raise ConfigError("\n".join(problems))
    named = [read_names(".env", local), read_names("environment", environ)]
    for names in named:
        layers.lay_names(names)
    _lay_legacy_sessions(layers, named)
    layers.lay(_nested({key: value for key, value in overrides.items() if value is not None}), "command line")
    return layers


_MOST_VALUES = 1_000_000
"""A few aliases of aliases are more values than any memory holds; no configuration has as many."""


def read_yaml(file: Path, name: str) -> dict[Any, Any]:
    """A YAML mapping; an empty file is an empty one. Raises ConfigError with the line and column."""
    try:
        text = file.read_text("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{name}: no such file; `coinmon config init` writes one") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{name}: not UTF-8 text") from None
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read ({error.strerror})") from None
    try:
        values = yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ConfigError(f"{name}{place}: {error.problem or error.context}{_slip(text, error)}") from None
    except RecursionError:
        raise ConfigError(f"{name}: nested too deeply") from None
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{name}: {' '.join(str(error).split()) or 'not YAML'}") from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        shape = "a list" if isinstance(values, list) else "a text"
        raise ConfigError(f"{name}: expected keys and values, not {shape}{_slip(text)}")
    waiting, count = [values], 0
    while waiting and count <= _MOST_VALUES:
        count += 1
        each = waiting.pop()
        waiting += each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
    if waiting:
        raise ConfigError(f"{name}: over {_MOST_VALUES:,} values: an alias (*) stands for too much, or for itself")
    return values


def _slip(text: str, error: yaml.MarkedYAMLError | None = None) -> str:
    """What is often meant where YAML does not understand."""
    if error and "escape" in f"{error.problem}":
        return "; in double quotes a backslash begins an escape: use single quotes, as in 'C:\\Users'"
    for number, line in enumerate(text.splitlines(), 1):
        if key := _FULL_WIDTH_COLON.match(line):
            return f"; line {number} has a full-width colon after {key[1]}: write {key[1]}: and a blank"
    return ""


_FULL_WIDTH_COLON = re.compile(r"\s*(\w+)\s*：")


class _Loader(yaml.SafeLoader):
    """A key that is there twice is an error: YAML would silently take the later one.

    Numbers are those of YAML 1.2: `060` is no octal 48 and `1:30` no 90, but text that the setting's own reader judges.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen and key.value != "<<":
                    raise yaml.constructor.ConstructorError(
                        None, None, f"{key.value} is there twice, first in line {node.start_mark.line + 1} or later",
                        key.start_mark,
                    )  # fmt: skip
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in several if tag != "tag:yaml.org,2002:int"]
    for first, several in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"[-+]?(?:0|[1-9][0-9_]*)\Z"), list("-+0123456789"))


def _lay_legacy_sessions(layers: Layers, named: list[Names]) -> None:
    if "sessions" in layers.values or not any(names.sessions for names in named):
        return
    given: dict[str, str] = {}
    for names in named:
        given.update(names.sessions)
    last = [names for names in named if names.sessions][-1]
    spans = {session: given.get(name, usual) for name, (session, usual) in LEGACY_SESSIONS.items()}
    layers.put("sessions", spans, f"{last.where} {next(iter(last.sessions))}")


def _nested(dotted: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key, value in dotted.items():
        *parents, last = key.split(".")
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
        node[last] = value
    return tree


def _without_none(value: Any) -> Any:
    """What is left empty is not set."""
    if not isinstance(value, Mapping):
        return value
    return {key: kept for key, each in value.items() if (kept := _without_none(each)) is not None}
