"""The command line: options that go with every command, errors as one line, exit codes."""

import errno
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from coinmon.commands import Globals
from coinmon.errors import CoinmonError, ConfigError, NoDataError
from coinmon.plugin.catalog import add_commands
from coinmon.printable import is_printable, printable, printable_document
from coinmon.spoken.phrases import Phrases, language, plugin_packages

CANNOT_WRITE, BAD_USAGE, NO_DATA, INTERRUPTED = 1, 2, 3, 130

_NOT_WRITTEN = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF, errno.EROFS}
"""What the operating system says where nothing more can be written, to standard output above all."""

_ANYWHERE = {
    "--config": True,
    "--db": True,
    "--lang": True,
    "-v": False,
    "-vv": False,
    "--verbose": False,
    "--version": False,
}
"""Options of every command, and whether a value follows."""

_SHOWN = {
    "name", "opts", "secondary_opts", "help", "short_help", "epilog", "options_metavar", "subcommand_metavar",
    "metavar", "rich_help_panel",
}  # fmt: skip
"""Of a command and of what it takes: what its help shows."""


def main() -> None:
    """Run a command. Exit 0 done, 1 its output cannot be written, 2 bad arguments or configuration, 3 no data could
    be had, 130 interrupted."""
    _open_what_is_closed()
    # SIGTERM and a terminal that is closed end a command as Ctrl-C does: what it began is put away
    signal.signal(signal.SIGTERM, _as_ctrl_c)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # as behind a script's `&`: Ctrl-C stays another's, but by its handler alone an event loop ends at a pause
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
        signal.signal(signal.SIGHUP, _as_ctrl_c)
    sys.exit(run(sys.argv[1:]))


def _as_ctrl_c(number: int, frame: FrameType | None) -> None:
    """What Ctrl-C does now: while an event loop runs it cancels the work at its next pause, and not in its midst."""
    usual = signal.getsignal(signal.SIGINT)
    if callable(usual):
        usual(signal.SIGINT, frame)
    else:
        raise KeyboardInterrupt


def _open_what_is_closed() -> None:
    """Streams that whoever started us had closed: else a database's file gets their number, and is written to."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def run(arguments: list[str]) -> int:
    lang = language(arguments, os.environ)
    try:
        with ExitStack() as said:
            outcome = _command(lang, said)(_hoisted(arguments), prog_name="coinmon", standalone_mode=False)
        if sys.stdout is not None:
            # now, while a full disk can still be told in a line
            sys.stdout.flush()
    except NoDataError as error:
        return _complain(str(error), NO_DATA, lang)
    except CoinmonError as error:
        return _complain(str(error), BAD_USAGE, lang)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except (BrokenPipeError, SystemExit) as error:
        # click makes exit code 1 of a pipe whose reader has left
        if isinstance(error, SystemExit) and not isinstance(error.__context__, BrokenPipeError):
            raise
        # whoever read our output has seen enough; the interpreter must not complain about it at exit either
        _silence_output()
        return 0
    except Exception as error:
        known = _in_a_line(error, arguments)
        if known is None:
            raise
        return _complain(*known, lang)
    return outcome if isinstance(outcome, int) else 0


def _in_a_line(error: Exception, arguments: list[str]) -> tuple[str, int] | None:
    """What to say of an error that is no fault of the code, and the exit code; None where it is one."""
    usage = getattr(error, "format_message", None)
    if usage is not None:
        text = " ".join(str(usage()).split()).replace(": Value error, ", ": ")
        return (text + _of_plugins(arguments) if text.startswith("No such command") else text), BAD_USAGE
    if isinstance(error, ModuleNotFoundError) and error.name and not error.name.startswith("coinmon"):
        return (
            f"it needs {error.name}, which is not installed; install coinmon with the extra that brings it",
            BAD_USAGE,
        )
    if isinstance(error, OSError) and error.errno in _NOT_WRITTEN:
        _silence_output()
        return (
            f"cannot write{f' {error.filename}' if error.filename else ' the output'}: {error.strerror}",
            CANNOT_WRITE,
        )
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return (
            "the operating system gives no more threads: raise the limit (ulimit -u), or end other programs",
            BAD_USAGE,
        )
    return None


def _of_plugins(arguments: list[str]) -> str:
    """What plugins have to do with it: those that could not add their commands, and the files of `plugins.dir` that
    would, which is not where commands are taken from."""
    from coinmon.config.load import plugin_folder

    first = _hoisted(arguments)
    given = next((first[at + 1] for at, each in enumerate(first[:-1]) if each == "--config"), None)
    given = given or next((each.partition("=")[2] for each in first if each.startswith("--config=")), None)
    folder = plugin_folder(Path(given) if given else None)
    there = typer.Typer()
    broken = add_commands(there, folder)
    named = {each.name or getattr(each.callback, "__name__", "") for each in there.registered_commands}
    said = [f" Plugin {each.plugin} of {each.distribution} is broken: {each.why}." for each in broken]
    if folder and named & set(first):
        said.append(f" A file in {folder} has it: commands are taken from installed packages, not from plugins.dir.")
    return "".join(said)


def _silence_output() -> None:
    """The interpreter must not complain at exit about what it cannot write."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _command(lang: str, said_in: ExitStack) -> Any:
    """The command line as it is run: what plugins say of their commands moves no cursor and colours no screen."""
    whole = typer.main.get_command(build())
    if lang == "zh":
        from coinmon.spoken.help import in_chinese, marks_in_chinese

        phrases = Phrases(plugin_packages())
        said_in.enter_context(marks_in_chinese(phrases))
    waiting: list[Any] = [whole]
    while waiting:
        command = waiting.pop()
        waiting += getattr(command, "commands", {}).values()
        if lang == "zh":
            in_chinese(command, phrases)
        for said in (command, *command.params):
            for name, text in vars(said).items():
                if name in _SHOWN and text:
                    setattr(said, name, printable_document(text))
            if isinstance(default := getattr(said, "default", None), str) and not is_printable(default):
                said.show_default = printable(default)
    return whole


def build() -> typer.Typer:
    """The whole command line, plugins' commands included."""
    from coinmon.commands import (
        audit,
        backfill,
        backtest,
        config,
        doctor,
        exchanges,
        export,
        notify,
        plugins,
        record,
        report,
        scan,
        scorecard,
        signals,
    )  # fmt: skip

    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_globals)
    app.command("scan")(scan.scan)
    app.command("report")(report.report)
    app.command("export")(export.export)
    app.command("backfill")(backfill.backfill)
    app.command("backtest")(backtest.backtest)
    app.command("audit")(audit.audit)
    app.command("signals")(signals.signals)
    app.command("scorecard")(scorecard.scorecard)
    app.command("exchanges")(exchanges.exchanges)
    app.command("record")(record.record)
    app.command("doctor")(doctor.doctor)
    app.add_typer(plugins.app, name="plugins")
    app.add_typer(config.app, name="config")
    app.add_typer(notify.app, name="notify")
    add_commands(app)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"coinmon {version('coinmon')}")
        raise typer.Exit


def _globals(
    ctx: typer.Context,
    config: Annotated[Path | None, typer.Option(help="The configuration (default: ./config.yaml).")] = None,
    db: Annotated[str | None, typer.Option(help="The database (default: sqlite:///./data/coinmon.db).")] = None,
    lang: Annotated[str | None, typer.Option(help="zh or en.")] = None,
    verbose: Annotated[int, typer.Option("-v", "--verbose", count=True, help="Say more; -vv says everything.")] = 0,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """Where the money flows across crypto exchanges, and when it matters.

    --config, --db, --lang and -v may stand before or after the command.
    """
    ctx.obj = Globals(config, db, lang, verbose)


def _hoisted(arguments: list[str]) -> list[str]:
    """The same arguments with the options of every command first, where the parser expects them."""
    first, rest = [], []
    waiting = iter(arguments)
    for argument in waiting:
        name, equals, _ = argument.partition("=")
        if argument == "--":
            rest += [argument, *waiting]
        elif name in _ANYWHERE:
            first.append(argument)
            if _ANYWHERE[name] and not equals:
                value = next(waiting, None)
                if value is None:
                    raise ConfigError(f"{name}: a value is missing")
                first.append(value)
        else:
            rest.append(argument)
    return first + rest


def _complain(text: str, code: int, lang: str) -> int:
    phrases = Phrases(plugin_packages()) if lang == "zh" else None
    for line in text.splitlines():
        print(f"coinmon: {phrases.say(line) if phrases else line}", file=sys.stderr)  # noqa: T201
    return code
