"""What a plugin's command needs to answer questions: the stored market, opened for it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from coinmon.commands import Globals
from coinmon.errors import ConfigError

if TYPE_CHECKING:
    import typer

    from coinmon.run.reader import MarketReader


@contextmanager
def desk_for(
    options: Globals | None, *, demo: bool = False, at: str | None = None, **overrides: Any
) -> "Iterator[MarketReader]":
    """The desk of the configuration that the command's options name (`typer.Context.obj`).

    demo: against the built-in emulator, with a database of its own, whose clock starts at `at`. overrides: keys of the
    configuration with `__` for a dot (`serve__port=8022`), None is not set. The log goes to standard error.
    """
    from coinmon.allocator import settle_memory
    from coinmon.commands.demo import pointed_at_demo
    from coinmon.log import end_log, start_log
    from coinmon.report.terminal.background_stream import in_background
    from coinmon.run.demo import Demo
    from coinmon.run.monitor import clock_of
    from coinmon.run.reader import MarketReader
    from coinmon.store.database import open_database

    settle_memory()
    with pointed_at_demo(options or Globals(), Demo(at=at) if demo else None) as where:
        config = where.load(**overrides)
        clock = clock_of(config)
        start_log(config, clock, in_background(sys.stderr))
        database = open_database(config.db)
        try:
            yield MarketReader(config, clock, database)
        finally:
            database.close()
            end_log()


def scan_with_desk(ctx: "typer.Context", settings: dict[str, Any], *, demo: bool) -> None:
    """The plugins' `serve` command, with the scan's own settings on top. Raises ConfigError where there is none."""
    root = ctx.find_root()
    commands = getattr(root.command, "commands", {})
    if "serve" not in commands:
        raise ConfigError("--desk needs the command `serve`, and no plugin brings one: see `coinmon plugins`")
    options = root.obj or Globals()
    root.obj = options.with_settings(settings)
    arguments = ["--demo"] if demo else []
    with commands["serve"].make_context("serve", arguments, parent=root) as context:
        commands["serve"].invoke(context)
