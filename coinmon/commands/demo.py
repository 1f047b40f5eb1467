"""What `--demo` changes for a command: where the configuration comes from."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coinmon.commands import Globals
from coinmon.errors import ConfigError

if TYPE_CHECKING:
    from coinmon.config.load import Config
    from coinmon.run.demo import Demo


@dataclass
class InDemo(Globals):
    """Global options in a demo: only the emulator's configuration and the command line count.

    Nobody's robots are told what happens in a made-up market: neither `config.yaml` nor the environment is read.
    """

    def load(self, **overrides: Any) -> "Config":
        from coinmon.config.load import load_config

        assert self.config is not None
        return load_config(self.config, overrides=self._overrides(overrides), environ={}, cwd=self.config.parent)


@contextmanager
def pointed_at_demo(options: Globals, demo: "Demo | None", given: Sequence[Any] = ()) -> Iterator[Globals]:
    """The options to load the configuration with: those given, or those of an emulator that runs meanwhile."""
    if demo is None:
        if any(value not in (None, [], ()) for value in given):
            raise ConfigError("--tape, --scenario, --seed, --speed, --at and --robots go with --demo")
        yield options
        return
    from coinmon.run.demo import emulator

    if options.config:
        raise ConfigError("--config does not go with --demo: the emulator brings its own; or run coinmon emulate")
    with emulator(demo) as path:
        yield InDemo(**{**vars(options), "config": Path(path)})
