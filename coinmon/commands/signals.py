"""`coinmon signals`: which are on, which were, and why the others are silent."""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coinmon.commands import Globals, meant_pairs, typed_symbols
from coinmon.errors import ConfigError

if TYPE_CHECKING:
    from coinmon.clock import Clock
    from coinmon.config.load import Config
    from coinmon.run.reader import MarketReader
    from coinmon.store.database import Database


_SCANS_MISSED = 3
"""After so many intervals without a scan, what is on is not known any more."""


def signals(
    ctx: typer.Context,
    symbol: Annotated[str | None, typer.Argument(metavar="[SYMBOL]", help="Only this pair.")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Why each signal is on or silent at that moment, with the numbers.")
    ] = False,
    hours: Annotated[float, typer.Option(min=0, max=1_000_000.0, help="How far back ended ones are listed.")] = 24.0,
    at: Annotated[str | None, typer.Option(help="As of this time; with --demo also where its clock starts.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
    demo: Annotated[bool, typer.Option("--demo", help="After one scan of the built-in emulator.")] = False,
    tape: Annotated[list[Path] | None, typer.Option(help="With --demo: play this recording (repeatable).")] = None,
    scenario: Annotated[str | None, typer.Option(help="With --demo: the made-up market to play.")] = None,
    seed: Annotated[int | None, typer.Option(help="With --demo: another seed, another market.")] = None,
) -> None:
    """List the signals that are on and those of the last hours; --explain says why one is silent.

    Only what is stored is looked at; no exchange is asked.
    """
    import asyncio

    from coinmon.commands.demo import pointed_at_demo
    from coinmon.evaluate.computing import computed
    from coinmon.log import start_log
    from coinmon.report.terminal.signals_listed import plain_lines, signals_explained, signals_listed
    from coinmon.run.demo import Demo
    from coinmon.run.monitor import clock_of
    from coinmon.run.reader import MarketReader
    from coinmon.store.database import open_database

    if explain and symbol is None:
        raise ConfigError("--explain: give a symbol, such as coinmon signals --explain BTCUSDT")
    typed_symbols([symbol] if symbol is not None else [])
    wanted = Demo(tapes=tuple(tape or ()), scenario=scenario, seed=seed, at=at) if demo else None
    with pointed_at_demo(ctx.obj or Globals(), wanted, given=(tape, scenario, seed)) as where:
        config = where.load()
        clock = clock_of(config)
        database = open_database(config.db, create=demo)
        try:
            if demo or explain:
                start_log(config, clock)
            if demo:
                MarketReader(config, clock, database).scan_once()
            now = _moment(clock, None if demo else at)
            if explain:
                with redirect_stdout(sys.stderr):
                    # what a plugin prints is not the answer; one that blocks is named and left out
                    failures: dict[str, str] = {}

                    def make(_: object) -> dict[str, Any]:
                        return _explained(
                            MarketReader(config, clock, database, failures=failures), database, str(symbol), now
                        )

                    document = asyncio.run(computed(make))
            else:
                document = _listed(config, database, symbol, now, hours)
        finally:
            database.close()
    if as_json:
        import orjson

        typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
        return
    if old := _not_judged_since(document, config):
        typer.echo(old, err=True)
    lang = config.reader_lang
    if sys.stdout.isatty() and (explain or document["signals"]):
        from rich.console import Console

        Console(highlight=False).print((signals_explained if explain else signals_listed)(document, lang))
        return
    for line in plain_lines(document, lang):
        typer.echo(line)


def _moment(clock: "Clock", at: str | None) -> int:
    from coinmon.model.moment import iso, parse_time

    now = clock.now()
    if at is None:
        return now
    try:
        moment = parse_time(at)
    except ValueError as error:
        raise ConfigError(f"--at: {error}") from None
    if moment > now:
        raise ConfigError(f"--at: {iso(moment)} has not come yet; it is {iso(now)}")
    return moment


def _listed(config: "Config", database: "Database", symbol: str | None, now: int, hours: float) -> dict[str, Any]:
    from coinmon.model.moment import iso
    from coinmon.model.signal import GRADES
    from coinmon.store.history import History

    history = History(database)
    pair = None
    if symbol is not None:
        universe = history.universe({each.venue for each in history.instruments}, config.quotes)
        pair = str(meant_pairs(universe, [symbol], config.exchanges)[0])
    found = history.signals(pair, now - round(hours * 3_600_000), now + 1)
    rows = [{**each, "ended": iso(each["ended"])} for each in found if each["event"] == "signal"]
    # what is on first, the newest of them first, of one moment the gravest
    rows.sort(key=lambda each: (each["ended"] is None, each["time"], GRADES.index(each["grade"])), reverse=True)
    return {"as_of": iso(now), "judged_until": iso(history.judged_until(now)), "pair": pair, "signals": rows}


def _not_judged_since(document: dict[str, Any], config: "Config") -> str:
    """What was on when a scan last looked may be over; empty where one looks, or where none wrote it down."""
    from coinmon.model.moment import parse_time

    last, now = document.get("judged_until"), parse_time(document["as_of"])
    if last is None or now - parse_time(last) <= _SCANS_MISSED * config.interval:
        return ""
    if config.reader_lang == "zh":
        return f"{last} 之后没有扫描：“持续中”是那时的情况"
    return f"no scan has looked since {last}: what is on was on then"


def _explained(desk: "MarketReader", database: "Database", symbol: str, now: int) -> dict[str, Any]:
    from coinmon.model.events import as_json
    from coinmon.model.moment import iso
    from coinmon.model.signal import Silent
    from coinmon.notify.events import signal_event, signal_id
    from coinmon.notify.record import RecordBook

    market = desk.market(symbol, now)
    worth = RecordBook.stored(database, now).of
    signals: dict[str, Any] = {}
    for name, said in desk.judged(market).items():
        if isinstance(said, Silent):
            signals[name] = {"state": "waits" if said.waits else "silent", "reason": said.reason, "events": []}
            continue
        # what is enough to go on, but not to begin, is on only where it began
        state = "on" if any(each.begins for each in said) else "holds"
        events = [as_json(signal_event(each, signal_id(each, now), now, None, worth(each))) for each in said]
        signals[name] = {"state": state, "reason": None, "events": events}
    return {"as_of": iso(now), "pair": str(market.pair), "explained": signals}
