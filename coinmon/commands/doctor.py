"""`coinmon doctor`: is everything in order?"""

from typing import TYPE_CHECKING, Annotated

import typer

from coinmon.commands import Globals
from coinmon.spoken.phrases import speaker

if TYPE_CHECKING:
    from coinmon.config.load import Config
    from coinmon.run.doctor import Finding

_MARKS = {"ok": ("ok", "green"), "warning": ("!", "yellow"), "error": ("x", "red"), "unknown": ("?", "dim")}


def doctor(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
    exchange: Annotated[list[str] | None, typer.Option(help="Only this exchange (repeatable).")] = None,
    deep: Annotated[
        bool,
        typer.Option("--deep", help="Compare what each exchange says with what coinmon believes (about a minute)."),
    ] = False,
) -> None:
    """Check venues, limits, clocks, proxies, configuration, database and disk. Exit 1 if something is wrong."""
    import asyncio

    import orjson
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from coinmon.log import start_log
    from coinmon.run.doctor import examine
    from coinmon.run.monitor import clock_of

    where = ctx.obj or Globals()
    config = where.load(exchanges=exchange or None)
    clock = clock_of(config)
    start_log(config, clock, warns=False)
    findings = asyncio.run(examine(config, clock, deep=deep))
    if not exchange:
        findings += _noise(where, config, clock.now())
    wrong = any(finding.status == "error" for finding in findings)
    if as_json:
        document = {"ok": not wrong, "findings": [finding.as_json() for finding in findings]}
        typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
        raise typer.Exit(int(wrong))
    console, say = Console(), speaker()
    if console.is_terminal:
        table = Table(box=None, header_style="bold")
        for name in ("", "what", "check", "found", "what to do"):
            table.add_column(say(name), overflow="fold")
        for each in findings:
            mark, style = _MARKS[each.status]
            told = (each.subject, each.check, _told(each), each.cure or "")
            table.add_row(Text(mark, style), *(Text(say(text)) for text in told))
        console.print(table)
    else:
        for each in findings:
            typer.echo("\t".join([each.status, each.subject, each.check, say(_told(each)), say(each.cure or "")]))
    raise typer.Exit(int(wrong))


def _noise(where: Globals, config: "Config", now: int) -> "list[Finding]":
    """False pages on the user's own history; nothing where there is no database, which is said elsewhere."""
    from coinmon.errors import CoinmonError
    from coinmon.run.doctor import noise_finding
    from coinmon.store.database import open_database

    try:
        database = open_database(config.db, create=False)
    except CoinmonError:
        return []
    try:
        return [noise_finding(lambda preset: where.load(preset=preset), database, now, config.preset)]
    finally:
        database.close()


def _told(finding: "Finding") -> str:
    """What was found; where it is not as expected also what was."""
    if finding.expected is None or finding.status == "ok":
        return finding.detail
    return f"{finding.detail} (expected: {finding.expected})"
