"""What `--demo` changes for a command: where the configuration comes from."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from coinmon.commands import Globals
from coinmon.errors import ConfigError
from coinmon.spoken.phrases import speaker

if TYPE_CHECKING:
    from coinmon.config.load import Config
    from coinmon.run.demo import Demo

DEMO_PARTS = ("plugins", "indicators", "signals", "outputs", "rules")
"""The sections of --config that go with --demo: an author tries a plugin in one command."""


@dataclass
class InDemo(Globals):
    """Global options in a demo: only the emulator's configuration and the command line count.

    Nobody's robots are told what happens in a made-up market: neither `config.yaml` nor the environment is read, but
    for what --config names.

    has_past: whether what was traded before the start is stored at once.
    """

    has_past: bool = False

    def load(self, **overrides: Any) -> "Config":
        from coinmon.config.load import load_config
        from coinmon.run.demo import past_of

        assert self.config is not None
        made = load_config(
            self.config, overrides=self._overrides(overrides), environ={}, cwd=self.config.parent, rules=self.rules
        )
        self._tell_strangers(made)
        return replace(made, demo_past=past_of(made)) if self.has_past else made

    def _tell_strangers(self, config: "Config") -> None:
        """An author's exchange takes part in every figure of all venues: that is said, for it may surprise."""
        from coinmon.config.sources import read_yaml

        assert config.path is not None
        emulated = read_yaml(config.path, str(config.path)).get("exchanges") or {}
        for name, chosen in config.exchanges.items():
            if name not in emulated:
                whose = f"exchange {name} of {chosen.offer.plugin} is not the emulator's"
                told = speaker()(f"{whose}: what it gives is counted with the demo's figures")
                typer.echo(f"coinmon: {told}", err=True)


@contextmanager
def pointed_at_demo(options: Globals, demo: "Demo | None", given: Sequence[Any] = ()) -> Iterator[Globals]:
    """The options to load the configuration with: those given, or those of an emulator that runs meanwhile."""
    if demo is None:
        if any(value not in (None, [], ()) for value in given):
            raise ConfigError("--tape, --scenario, --seed, --speed, --at and --robots go with --demo")
        yield options
        return
    from coinmon.run.demo import emulator

    given_parts = parts_of(options.config) if options.config else {}
    with emulator(demo) as path:
        if given_parts:
            _add_parts(Path(path), given_parts)
        rules = (*rules_beside(options.config, given_parts), *options.rules)
        yield InDemo(**{**vars(options), "config": Path(path), "rules": rules, "has_past": demo.has_past})


def rules_beside(config: Path | None, parts: dict[str, Any]) -> Iterator[Path]:
    """The files of rules that a configuration brings into a demo; its own where there are rules in it."""
    if config is None:
        return
    from coinmon.config.rules import RulesPlace

    for each in RulesPlace(config, config.parent).files():
        if each != config or "rules" in parts:
            yield each


def parts_of(path: Path) -> dict[str, Any]:
    """What of a configuration counts in a demo too: plugins, and the settings of all but exchanges.

    Raises ConfigError for a file that cannot be read, or that has nothing of it.
    """
    from coinmon.config.sources import read_yaml

    parts = {key: value for key, value in read_yaml(path, str(path)).items() if key in DEMO_PARTS and value}
    if not parts and not list(rules_beside(path, parts)):
        raise ConfigError(f"{path}: with --demo only {', '.join(DEMO_PARTS)} count, and none of them is set there")
    plugins = parts.get("plugins")
    if isinstance(plugins, dict) and plugins.get("dir"):
        parts["plugins"] = {**plugins, "dir": str(path.absolute().parent / Path(str(plugins["dir"])).expanduser())}
    return parts


def _add_parts(path: Path, parts: dict[str, Any]) -> None:
    """Into the emulator's configuration, whose own outputs (robots) stay."""
    import yaml

    whole = yaml.safe_load(path.read_text("utf-8")) or {}
    for key, value in parts.items():
        there = whole.get(key)
        if key == "rules":
            continue
        whole[key] = {**there, **value} if isinstance(there, dict) and isinstance(value, dict) else value
    path.write_text(yaml.safe_dump(whole, allow_unicode=True, sort_keys=False), "utf-8")
