"""`coinmon audit`: whether signals and indicators look ahead, remember, or say by columns what they do not say."""

import sys
from contextlib import redirect_stdout
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coinmon.commands import Globals, meant_pairs

if TYPE_CHECKING:
    from coinmon.config.load import Config
    from coinmon.evaluate.audit import AuditReport

_FAULTY = 1


def audit(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Signals and indicators; all that are on.")
    ] = None,
    pair: Annotated[
        list[str] | None, typer.Option(help="Only over this pair (repeatable; default: the first).")
    ] = None,
    moments: Annotated[int, typer.Option(min=1, help="Moments of each pair at which answers are compared.")] = 20,
    seed: Annotated[int, typer.Option(help="Which moments.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Ask plugins again with the future cut off, made nonsense, in another order and another process; compare columns.

    Over the last half day that is stored. Exit 0: all answers agree; 1: some do not, each told with both values.
    """
    from coinmon.evaluate.audit import audit as audited
    from coinmon.log import start_log
    from coinmon.run.monitor import clock_of
    from coinmon.store.database import open_database
    from coinmon.store.history import History

    options = ctx.obj or Globals()
    config = options.load()
    start_log(config, clock_of(config))
    database = open_database(config.db, create=False)
    try:
        with redirect_stdout(sys.stderr):
            history = History(database)
            universe = history.universe(config.exchanges, config.quotes)
            stored = {universe.pair_of(each) for each in history.with_bars() if each.venue in config.exchanges}
            pairs = meant_pairs(universe, pair or [], config.exchanges) or sorted(stored, key=str)[:1]
            reports = audited(
                config, history, universe, pairs, names or [], moments, seed, load=partial(_load, options)
            )
    finally:
        database.close()
    if as_json:
        import orjson

        document = {"pairs": list(map(str, pairs)), "moments": moments, "plugins": [_plain(each) for each in reports]}
        sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    else:
        _show(reports, config.reader_lang)
    if any(each.faults or each.raised for each in reports):
        raise typer.Exit(_FAULTY)


def _load(options: Globals) -> "Config":
    return options.load()


def _plain(report: "AuditReport") -> dict[str, Any]:
    from coinmon.model.moment import iso

    return {
        "name": report.name, "kind": report.kind, "comparisons": report.comparisons, "reach_minutes": report.reach,
        "raised": report.raised or None, "different": len(report.faults),
        "faults": [
            {"check": each.check, "pair": each.pair, "time": iso(each.at), "expected": each.expected, "got": each.got}
            for each in report.faults[:20]
        ],
    }  # fmt: skip


def _show(reports: "list[AuditReport]", lang: str) -> None:
    from rich.console import Console
    from rich.text import Text

    from coinmon.model.moment import iso

    console, zh = Console(width=None if sys.stdout.isatty() else 200), lang == "zh"
    for each in reports:
        bad = bool(each.faults or each.raised)
        counts = (
            f"{each.comparisons} 次比较，{len(each.faults)} 处不同，回看 {each.reach} 分钟"
            if zh
            else f"{each.comparisons} comparisons, {len(each.faults)} different, looks back {each.reach} minutes"
        )
        console.print(Text(f"{each.kind} {each.name}: {counts}"), style="red" if bad else None)
        if each.raised:
            console.print(Text(f"  {each.raised}"), style="red")
        for fault in each.faults[:3]:
            expected, got = _apart(fault.expected, fault.got)
            console.print(
                Text(f"  {fault.check}, {fault.pair} {iso(fault.at)}\n    {expected}\n    {got}"), style="red"
            )


def _apart(expected: str, got: str) -> tuple[str, str]:
    """The two answers from a little before where they part."""
    same = next((i for i, (a, b) in enumerate(zip(expected, got, strict=False)) if a != b), 0)
    begin = max(0, same - 40)
    dots = "..." if begin else ""
    return f"{dots}{expected[begin : begin + 140]}", f"{dots}{got[begin : begin + 140]}"
