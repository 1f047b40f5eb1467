"""`coinmon signals`: which are on, which were, and why the others are silent."""

import sys
from collections.abc import Sequence
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
    for line in _lines(document, config.reader_lang):
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
    from coinmon.store.history import History

    history = History(database)
    pair = None
    if symbol is not None:
        universe = history.universe({each.venue for each in history.instruments}, config.quotes)
        pair = str(meant_pairs(universe, [symbol], config.exchanges)[0])
    found = history.signals(pair, now - round(hours * 3_600_000), now + 1)
    rows = [{**each, "ended": iso(each["ended"])} for each in found if each["event"] == "signal"]
    return {"as_of": iso(now), "pair": pair, "signals": sorted(rows, key=lambda each: each["ended"] is not None)}


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


_STATES = {
    "zh": {"on": "触发", "holds": "维持", "silent": "未触发", "waits": "等待数据"},
    "en": {"on": "on", "holds": "holds", "silent": "silent", "waits": "waits"},
}


def _lines(document: dict[str, Any], lang: str) -> Sequence[str]:
    from coinmon.model.signal import say

    if "explained" in document:
        lines = [f"{document['pair']} {document['as_of']}"]
        width = max(map(len, document["explained"]), default=0)
        for name, each in document["explained"].items():
            state = _STATES[lang][each["state"]]
            words = (
                [say(each["reason"], lang)] if each["reason"] else [_numbered(event, lang) for event in each["events"]]
            )
            lines += [f"{name:<{width}}  {state}  {text}" for text in words]
        return lines
    rows = document["signals"]
    if not rows:
        return ["没有信号" if lang == "zh" else "no signal"]
    until = "持续中" if lang == "zh" else "on"
    return [
        f"{each['time']}  {each['ended'] or until:<20}  {each['pair']:<10}  {_worded(each, lang)}  {each['id']}"
        for each in rows
    ]


def _worded(event: dict[str, Any], lang: str) -> str:
    if event["event"] != "signal":
        return f"{event['event']} {event.get('instrument', '')} {event.get('side', '')} {event.get('quote', 0):,.0f}"
    return f"[{event['grade']}] {event['title'][lang]}: {event['reading'][lang]}"


def _numbered(event: dict[str, Any], lang: str) -> str:
    """With the figures that it rests on."""
    evidence = event.get("evidence") or {}
    figures = [f"{name} {_figure(value)}" for name, value in evidence.items() if isinstance(value, int | float | str)]
    for venue, each in (evidence.get("venues") or {}).items():
        figures.append(f"{venue} " + " ".join(f"{k} {_figure(v)}" for k, v in each.items() if isinstance(v, float)))
    return f"{_worded(event, lang)} ({', '.join(figures)})" if figures else _worded(event, lang)


def _figure(value: Any) -> str:
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
