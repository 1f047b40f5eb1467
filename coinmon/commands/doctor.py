"""`coinmon doctor`: is everything in order?"""

from typing import TYPE_CHECKING, Annotated

import typer

from coinmon.commands import Globals
from coinmon.spoken.phrases import speaker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import RenderableType

    from coinmon.config.load import Config
    from coinmon.run.doctor import Finding

_MARKS = {"ok": ("ok", "green"), "unknown": ("?", "dim"), "warning": ("!", "yellow"), "error": ("x", "red")}
"""From what is in order to what is worst."""


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
        console.print(on_terminal(findings, say))
    else:
        for each in findings:
            typer.echo("\t".join([each.status, each.subject, each.check, say(_told(each)), say(each.cure or "")]))
    raise typer.Exit(int(wrong))


def on_terminal(findings: "Sequence[Finding]", say: "Callable[[str], str]") -> "RenderableType":
    """What is in order first, and of a venue's budgets that are one line; what is not stands last, where it is seen,
    each with what to do below it."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold")
    for name in ("", "what", "check", "found"):
        table.add_column(say(name), overflow="fold")
    rows = sorted(_budgets_folded(findings), key=lambda each: list(_MARKS).index(each.status))
    for each in rows:
        mark, style = _MARKS[each.status]
        table.add_row(Text(mark, style), *(Text(say(text)) for text in (each.subject, each.check, _told(each))))
        if each.cure:
            table.add_row("", "", "", Text(f"→ {say(each.cure)}", style))
    bad = {status: sum(each.status == status for each in findings) for status in ("unknown", "warning", "error")}
    if not any(bad.values()):
        return Group(table, Text(say(f"all in order: {len(findings)} checks"), "green"))
    counted = f"{bad['error']} wrong, {bad['warning']} to look at, {bad['unknown']} unknown"
    return Group(table, Text(say(f"{counted}: they stand last, with what to do"), "red" if bad["error"] else "yellow"))


def _budgets_folded(findings: "Sequence[Finding]") -> "Iterator[Finding]":
    """Those of a venue that are in order as one, in the place of the first."""
    from dataclasses import replace

    told: set[str] = set()
    for each in findings:
        if each.status != "ok" or not each.check.startswith("budget "):
            yield each
        elif each.subject not in told:
            told.add(each.subject)
            many = sum(other.check.startswith("budget ") and other.status == "ok" for other in findings
                       if other.subject == each.subject)  # fmt: skip
            yield replace(each, check="budgets", detail=f"{many}, none used by more than 90 %")


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
