"""The command line: options that go with every command, errors as one line, exit codes."""

import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from coinmon.commands import Globals
from coinmon.errors import CoinmonError, ConfigError, NoDataError
from coinmon.plugin.catalog import add_commands

BAD_USAGE, NO_DATA, INTERRUPTED = 2, 3, 130

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


def main() -> None:
    """Run a command. Exit 0 done, 2 bad arguments or configuration, 3 no data could be had, 130 interrupted."""
    # SIGTERM and a terminal that is closed end a command as Ctrl-C does: what it began is put away
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    try:
        outcome = build()(_hoisted(arguments), prog_name="coinmon", standalone_mode=False)
    except NoDataError as error:
        return _complain(str(error), NO_DATA)
    except CoinmonError as error:
        return _complain(str(error), BAD_USAGE)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        # whoever read our output has seen enough; the interpreter must not complain about it at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        usage = getattr(error, "format_message", None)
        if usage is None:
            raise
        return _complain(" ".join(str(usage()).split()), BAD_USAGE)
    return outcome if isinstance(outcome, int) else 0


def build() -> typer.Typer:
    """The whole command line, plugins' commands included."""
    from coinmon.commands import (
        backfill,
        backtest,
        config,
        doctor,
        export,
        notify,
        plugins,
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
    app.command("signals")(signals.signals)
    app.command("scorecard")(scorecard.scorecard)
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


def _complain(text: str, code: int) -> int:
    for line in text.splitlines():
        print(f"coinmon: {line}", file=sys.stderr)  # noqa: T201
    return code
