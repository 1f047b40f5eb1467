"""`coinmon backfill`: history into the store."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coinmon.commands import Globals, typed_symbols
from coinmon.commands.export import KindOption
from coinmon.errors import ConfigError

if TYPE_CHECKING:
    from coinmon.clock import Clock
    from coinmon.config.load import Config


class HistorySource(StrEnum):
    """Where history comes from."""

    auto = "auto"
    vision = "vision"
    rest = "rest"


def backfill(
    ctx: typer.Context,
    symbols: Annotated[list[str], typer.Argument(metavar="SYMBOL...", help="BTCUSDT, okx:ETH/USDT, BTCUSDT.P, ...")],
    exchange: Annotated[list[str] | None, typer.Option(help="Only this exchange (repeatable).")] = None,
    kind: Annotated[KindOption | None, typer.Option(help="Only spot or only perpetual.")] = None,
    since: Annotated[
        str | None, typer.Option("--from", help="First day or time, UTC (default: retention_days).")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="End, exclusive (default: now).")] = None,
    source: Annotated[
        HistorySource,
        typer.Option(help="vision: the venues' public files; rest: their API; auto: files, API for the rest."),
    ] = HistorySource.auto,
    file: Annotated[
        list[Path] | None, typer.Option(help="A file on disk instead: zip, csv or csv.gz (repeatable).")
    ] = None,
) -> None:
    """Bring history into the store; what is there already is not fetched again.

    Venues are read side by side, each within its limits. What it will come to is said first.
    """
    import asyncio

    from coinmon.collect.history.own_files import Wish
    from coinmon.collect.history.request import fill
    from coinmon.config.build import only
    from coinmon.log import start_log
    from coinmon.report.progress import progress
    from coinmon.run.monitor import clock_of
    from coinmon.store.database import open_database

    config: Config = (ctx.obj or Globals()).load()
    clock = clock_of(config)
    start_log(config, clock)
    start, end = _range(config, clock, since, until)
    if file and source is not HistorySource.auto:
        raise ConfigError("--source does not go with --file")
    wish = Wish(
        tuple(typed_symbols(symbols)), kind.value if kind else None, start, end, source.value, tuple(file or ())
    )
    database = open_database(config.db)
    try:
        with progress() as shown:
            for line in asyncio.run(fill(config, only(config, exchange or []), clock, database, wish, shown)):
                shown.step(line, done=False)
    finally:
        database.close()


def _range(config: "Config", clock: "Clock", since: str | None, until: str | None) -> tuple[int, int]:
    from coinmon.model.moment import DAY, floor, iso, parse_time

    now = clock.now()
    try:
        end = floor(parse_time(until)) if until else floor(now)
        start = floor(parse_time(since)) if since else floor(end - config.retention_days * DAY, DAY)
    except ValueError as error:
        raise ConfigError(f"--from/--to: {error}") from None
    if start >= now:
        raise ConfigError(f"--from: {iso(start)} has not come yet; it is {iso(now)}")
    if start >= end:
        raise ConfigError(f"--from {iso(start)} is not before --to {iso(end)}")
    return start, min(end, floor(now))
