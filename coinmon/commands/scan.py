"""`coinmon scan`: the monitor."""

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coinmon.commands import Globals, typed_symbols
from coinmon.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coinmon.clock import Clock
    from coinmon.config.load import Config
    from coinmon.run.reader import MarketReader


def scan(
    ctx: typer.Context,
    symbols: Annotated[
        list[str] | None, typer.Argument(metavar="[SYMBOL]...", help="BTCUSDT, okx:ETH/USDT, ...")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="One cycle, then stop.")] = False,
    interval: Annotated[str | None, typer.Option(help="Time between cycles: 60s, 5m.")] = None,
    exchange: Annotated[list[str] | None, typer.Option(help="Only this exchange (repeatable).")] = None,
    all_of: Annotated[
        str | None, typer.Option("--all", metavar="EXCHANGE", help="Every pair of this exchange.")
    ] = None,
    shard: Annotated[
        str | None, typer.Option(metavar="I/N", help="Only the I-th of N parts of the pairs: N scanners, one database.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON event a line on stdout, the log on stderr.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="With --json: print the JSON schema of the lines, and end.")
    ] = False,
    demo: Annotated[
        bool, typer.Option("--demo", help="Against the built-in emulator instead of the exchanges.")
    ] = False,
    tape: Annotated[list[Path] | None, typer.Option(help="With --demo: play this recording (repeatable).")] = None,
    scenario: Annotated[str | None, typer.Option(help="With --demo: the made-up market to play.")] = None,
    seed: Annotated[int | None, typer.Option(help="With --demo: another seed, another market.")] = None,
    speed: Annotated[float | None, typer.Option(help="With --demo: how fast its clock runs.")] = None,
    at: Annotated[str | None, typer.Option(help="With --demo: where its clock starts.")] = None,
    record_to: Annotated[
        Path | None, typer.Option("--record", help="Write what the exchanges say into this folder (docs/recording.md).")
    ] = None,
    desk: Annotated[
        bool, typer.Option("--desk", help="Serve the live desk too, as `coinmon serve` does, in place of the table.")
    ] = False,
    interactive: Annotated[
        bool,
        typer.Option("--interactive/--no-interactive", help="On a terminal: a table to sort, filter and open pairs."),
    ] = True,
    robots: Annotated[
        bool, typer.Option("--robots", help="With --demo: also group robots; print what arrives there.")
    ] = False,
) -> None:
    """Watch the market: every interval collect, compute, decide, tell."""
    if schema:
        if not as_json:
            raise ConfigError("--schema is of the lines of --json: coinmon scan --json --schema")
        print_schema()
        return
    from coinmon.commands.demo import pointed_at_demo
    from coinmon.run.demo import Demo

    settings: dict[str, Any] = {
        "symbols__names": typed_symbols(symbols or ()) or None,
        "symbols__all": all_of,
        "interval": interval,
        "shard": shard,
        "exchanges": exchange or None,
    }
    if desk:
        from coinmon.commands.serving import scan_with_desk

        if once or as_json or any((tape, scenario, seed, speed, at, robots, record_to)):
            raise ConfigError(
                "--desk goes on as long as it is looked at: it goes with neither --once, --json, --record nor a tape"
            )
        scan_with_desk(ctx, settings, demo=demo)
        return
    wanted = Demo(tuple(tape or ()), scenario, seed, speed, at, robots=robots) if demo else None
    with pointed_at_demo(
        ctx.obj or Globals(), wanted, given=(tape, scenario, seed, speed, at, robots or None)
    ) as where:
        run(where.load(**settings), once=once, as_json=as_json, record_to=record_to, interactive=interactive)


def print_schema() -> None:
    """The JSON schema of the events."""
    import json

    from coinmon.report.event_schema import event_schema

    typer.echo(json.dumps(event_schema(), indent=2))


def run(
    config: "Config", *, once: bool, as_json: bool, record_to: Path | None = None, interactive: bool = False
) -> None:
    """The scan in the foreground. interactive: with keys, where there is a terminal; one scan alone is only printed."""
    import asyncio

    from coinmon.report.terminal.screen import screen_for
    from coinmon.run.monitor import monitor

    store = None if once or not interactive else partial(stored_market, config)
    asyncio.run(
        monitor(
            config, screen_for(config, as_json=as_json, goes_on=not once, store=store), once=once, record_to=record_to
        )
    )


@contextmanager
def stored_market(config: "Config", clock: "Clock") -> "Iterator[MarketReader]":
    """What is stored, for whoever looks at it while the scan goes on."""
    from coinmon.run.reader import MarketReader
    from coinmon.store.database import open_database

    database = open_database(config.db)
    try:
        yield MarketReader(config, clock, database)
    finally:
        database.close()
