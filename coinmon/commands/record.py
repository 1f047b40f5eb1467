"""`coinmon record`: what the exchanges really say, into a folder."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from coinmon.commands import Globals, typed_symbols
from coinmon.errors import ConfigError


def record(
    ctx: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where to: a new folder, or a recording to go on with.")
    ],
    symbols: Annotated[
        list[str] | None, typer.Argument(metavar="[SYMBOL]...", help="BTCUSDT, okx:ETH/USDT, ... (default: symbols)")
    ] = None,
    exchange: Annotated[list[str] | None, typer.Option(help="Only this exchange (repeatable).")] = None,
    lasting: Annotated[
        str | None, typer.Option("--for", help="How long: 90s, 30m, 2h (default: until Ctrl-C).")
    ] = None,
) -> None:
    """Write every frame and answer of the exchanges into a folder, byte for byte.

    It follows the markets by itself and writes to no database; it may run beside a scan. `coinmon scan --record DIR`
    records what a scan hears instead, without asking twice.
    """
    import asyncio

    from coinmon.commands.recording import record as run
    from coinmon.config.parsers import milliseconds
    from coinmon.report.terminal.background_stream import in_background

    config = (ctx.obj or Globals()).load(
        symbols__names=typed_symbols(symbols or ()) or None, exchanges=exchange or None
    )
    try:
        duration = milliseconds(lasting) if lasting else None
    except ValueError as error:
        raise ConfigError(f"--for: {error}") from None
    out = in_background(sys.stdout)

    def say(line: str) -> None:
        out.write(f"{line}\n")
        out.flush()

    asyncio.run(run(config, folder, duration, say))
