"""`coinmon export`: the stored bars themselves."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coinmon.commands import Globals, meant_pairs, no_bars_stored, typed_symbols
from coinmon.errors import ConfigError

if TYPE_CHECKING:
    from coinmon.config.load import Config
    from coinmon.model.instrument import Instrument
    from coinmon.store.history import History


class ExportFormat(StrEnum):
    """File formats."""

    csv = "csv"
    json = "json"
    parquet = "parquet"


class KindOption(StrEnum):
    """Kinds of instrument."""

    spot = "spot"
    perp = "perp"


def export(
    ctx: typer.Context,
    symbols: Annotated[
        list[str] | None,
        typer.Argument(metavar="SYMBOL", help="BTCUSDT, okx:ETH/USDT, BTCUSDT.P, ...; with --lake any number."),
    ] = None,
    exchange: Annotated[str | None, typer.Option(help="Of this exchange.")] = None,
    kind: Annotated[KindOption | None, typer.Option(help="Spot or perpetual.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="First time, UTC.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="End, exclusive.")] = None,
    timeframe: Annotated[str, typer.Option(help="1m, 5m, 1h, 1d, 1w.")] = "1m",
    levels: Annotated[bool, typer.Option("--levels", help="With the volumes at each price (json, parquet).")] = False,
    form: Annotated[ExportFormat, typer.Option("--format", help="csv, json or parquet.")] = ExportFormat.csv,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Into this file instead of stdout.")] = None,
    lake: Annotated[
        Path | None,
        typer.Option(
            help="Bring this folder of Parquet files up to date: everything that is stored, or these symbols."
        ),
    ] = None,
) -> None:
    """Write stored bars as CSV, JSON or Parquet.

    --lake DIR: bars with levels, open interest, funding, whale trades and signals by venue, pair and month. Only months
    that changed are written again, and what the store has deleted since stays.
    """
    symbols = typed_symbols(symbols or ())
    if lake is not None:
        _export_lake(ctx, lake, symbols or [])
        return
    if len(symbols or []) != 1:
        raise ConfigError("export: name one SYMBOL, or --lake DIR for everything that is stored")
    (symbol,) = symbols or []
    from coinmon.model.moment import parse_time
    from coinmon.report.export import check_form, save, stored_bars, write
    from coinmon.store.database import open_database
    from coinmon.store.history import History

    config: Config = (ctx.obj or Globals()).load()
    try:
        start, end = (None if text is None else parse_time(text) for text in (since, until))
    except ValueError as error:
        raise ConfigError(f"--from/--to: {error}") from None
    if start is not None and end is not None and end <= start:
        raise ConfigError("--to is not after --from")
    check_form(form, timeframe, levels=levels)
    if exchange is not None:
        known_exchange(config, exchange)
    database = open_database(config.db, create=False)
    try:
        history = History(database)
        instrument = one_stored(history, config, symbol, exchange, kind)
        bars = stored_bars(history, instrument, start, end, timeframe, levels=levels)
    finally:
        database.close()
    data = write(bars, form, levels=levels)
    if output:
        save(data, output)
        return
    stream = typer.get_binary_stream("stdout")
    stream.write(data)
    stream.flush()


def _export_lake(ctx: typer.Context, root: Path, symbols: "list[str]") -> None:
    from rich.console import Console
    from rich.progress import Progress

    from coinmon.lake.tables import arrow
    from coinmon.lake.write import copy_to_lake
    from coinmon.store.database import open_database
    from coinmon.store.history import History

    for name, given in ctx.params.items():
        if given is not None and name not in ("symbols", "lake") and given != _default(ctx, name):
            raise ConfigError(f"--{_OPTION_NAMES.get(name, name)} does not go with --lake, which takes all there is")
    config: Config = (ctx.obj or Globals()).load()
    arrow()
    database = open_database(config.db, create=False)
    try:
        history = History(database)
        universe = history.universe([each.venue for each in history.instruments], config.quotes)
        stored = sorted({universe.pair_of(each) for each in history.with_bars()}, key=str)
        if not stored:
            raise no_bars_stored(symbols, config.exchanges)
        pairs = meant_pairs(universe, symbols, config.exchanges) or stored
        console = Console(stderr=True)
        with Progress(console=console, transient=True, disable=not console.is_terminal) as shown:
            task = shown.add_task("", total=len(pairs))
            done = copy_to_lake(
                root, history, universe, pairs, lambda made, total: shown.update(task, completed=made, total=total)
            )
    finally:
        database.close()
    words = (
        f"{root}：写入 {done.written} 个文件（{done.bytes / 1e6:.1f} MB），{done.unchanged} 个未变"
        if config.reader_lang == "zh"
        else f"{root}: {done.written} files written ({done.bytes / 1e6:.1f} MB), {done.unchanged} unchanged"
    )
    typer.echo(words)


_OPTION_NAMES = {"since": "from", "until": "to", "form": "format"}


def _default(ctx: typer.Context, name: str) -> object:
    return next((each.default for each in ctx.command.params if each.name == name), None)


def known_exchange(config: "Config", name: str) -> None:
    """Raises ConfigError where no exchange that is configured or can be is called so."""
    from coinmon.config.absent_plugin import near

    names = sorted({*config.exchanges, *(each.name for each in config.catalog.of("exchange"))})
    if name not in names:
        raise ConfigError(
            f"--exchange {name}: there is no exchange {name}{near(name, names)}; there are {', '.join(names)}"
        )


def one_stored(
    history: "History", config: "Config", symbol: str, exchange: str | None, kind: str | None
) -> "Instrument":
    """The one instrument with stored bars that is meant. Raises ConfigError where it is none or not clear which."""
    from coinmon.model.symbols import Universe

    stored = history.with_bars()
    if not stored:
        raise no_bars_stored([symbol], config.exchanges)
    universe = Universe(stored, config.quotes)
    wanted = universe.resolve(symbol)
    kind = kind or wanted.kind
    venue = exchange or wanted.venue
    found = [each for each in universe.by_pair[wanted.pair] if wanted.quote in (None, each.quote)]
    found = [each for each in found if each.venue == (venue or each.venue)]
    found = [each for each in found if each.kind == (kind or each.kind)]
    if not kind:
        # people who say BTCUSDT mean the spot market where there is one
        found = [each for each in found if each.kind == "spot"] or found
    if len(found) == 1:
        return found[0]
    if not found:
        there = ", ".join(sorted(each.id for each in universe.by_pair[wanted.pair]))
        raise ConfigError(f"{symbol}: not stored for that exchange and kind; stored are {there}")
    raise ConfigError(f"{symbol}: stored for {', '.join(each.id for each in found)}; choose with --exchange and --kind")
