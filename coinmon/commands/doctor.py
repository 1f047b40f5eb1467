"""`coinmon doctor`: is everything in order?"""

from typing import Annotated

import typer

from coinmon.commands import Globals

_MARKS = {"ok": ("ok", "green"), "warning": ("!", "yellow"), "error": ("x", "red")}


def doctor(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
    exchange: Annotated[list[str] | None, typer.Option(help="Only this exchange (repeatable).")] = None,
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

    config = (ctx.obj or Globals()).load(exchanges=exchange or None)
    clock = clock_of(config)
    start_log(config, clock)
    findings = asyncio.run(examine(config, clock))
    wrong = any(finding.status == "error" for finding in findings)
    if as_json:
        document = {"ok": not wrong, "findings": [finding.as_json() for finding in findings]}
        typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
        raise typer.Exit(int(wrong))
    console = Console()
    if console.is_terminal:
        table = Table(box=None, header_style="bold")
        for name in ("", "what", "check", "found", "what to do"):
            table.add_column(name, overflow="fold")
        for each in findings:
            mark, style = _MARKS[each.status]
            table.add_row(Text(mark, style), each.subject, each.check, Text(each.detail), Text(each.cure or ""))
        console.print(table)
    else:
        for each in findings:
            typer.echo("\t".join([each.status, each.subject, each.check, each.detail, each.cure or ""]))
    raise typer.Exit(int(wrong))
