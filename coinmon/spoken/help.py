"""A command line whose help is in Chinese: every text, heading and mark that it shows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.text import Text
from typer import rich_utils

from coinmon.spoken.phrases import Phrases


def in_chinese(command: Any, phrases: Phrases) -> None:
    """One command, its arguments and options; groups one after the other."""
    command.context_class = _Context
    command.options_metavar = phrases.say("[OPTIONS]")
    if getattr(command, "subcommand_metavar", None):
        command.subcommand_metavar = phrases.say("COMMAND [ARGS]...")
    for said in (command, *command.params, command.get_help_option(typer.Context(command))):
        for name in ("help", "short_help", "epilog"):
            if text := getattr(said, name, None):
                setattr(said, name, phrases.say(text))


@contextmanager
def marks_in_chinese(phrases: Phrases) -> Iterator[None]:
    """What the library itself writes around a command's texts, as long as a command runs."""
    names = ("ARGUMENTS_PANEL_TITLE", "OPTIONS_PANEL_TITLE", "COMMANDS_PANEL_TITLE", "REQUIRED_LONG_STRING")
    before = {name: getattr(rich_utils, name) for name in (*names, "DEFAULT_STRING", "_make_rich_text")}
    for name in names:
        setattr(rich_utils, name, phrases.say(before[name]))
    rich_utils.DEFAULT_STRING = phrases.say(rich_utils.DEFAULT_STRING.format("{}")).replace("{0}", "{}")
    made = before["_make_rich_text"]

    def folded(*given: Any, **named: Any) -> Any:
        """Chinese has no blanks to break a line at: without this the rest of a line is cut off."""
        text = made(*given, **named)
        if isinstance(text, Text):
            text.overflow = "fold"
        return text

    rich_utils._make_rich_text = folded
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(rich_utils, name, value)


_Library: Any = typer.Context.formatter_class


class _Formatter(_Library):  # type: ignore[misc]
    """Writes the line of the usage."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, "用法: " if prefix is None else prefix)


class _Context(typer.Context):
    formatter_class = _Formatter
