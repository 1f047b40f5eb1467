"""`coinmon report`: one market, as of a moment."""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from coinmon.commands import Globals, check_venues, typed_symbols
from coinmon.errors import ConfigError, NoDataError

if TYPE_CHECKING:
    from coinmon.clock import Clock
    from coinmon.config.load import Config
    from coinmon.report.document import Report


class ReportFormat(StrEnum):
    """Report formats."""

    text = "text"
    json = "json"
    html = "html"


def report(
    ctx: typer.Context,
    symbol: Annotated[str, typer.Argument(help="BTCUSDT, okx:ETH/USDT, BTCUSDT.P, ...")],
    exchange: Annotated[str | None, typer.Option(help="Only this exchange.")] = None,
    at: Annotated[str | None, typer.Option(help="As of this time; with --demo also where its clock starts.")] = None,
    date: Annotated[str | None, typer.Option(help="As of the end of this day.")] = None,
    form: Annotated[
        ReportFormat, typer.Option("--format", help="text, json, or html: a page with charts.")
    ] = ReportFormat.text,
    full: Annotated[bool, typer.Option("--full", help="Every indicator of every instrument as well.")] = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Into this file instead of stdout.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Only what is stored; ask no exchange.")] = False,
    demo: Annotated[bool, typer.Option("--demo", help="Against the built-in emulator.")] = False,
    tape: Annotated[list[Path] | None, typer.Option(help="With --demo: play this recording (repeatable).")] = None,
    scenario: Annotated[str | None, typer.Option(help="With --demo: the made-up market to play.")] = None,
    seed: Annotated[int | None, typer.Option(help="With --demo: another seed, another market.")] = None,
    speed: Annotated[float | None, typer.Option(help="With --demo: how fast its clock runs.")] = None,
) -> None:
    """Look hard at one market: flows, levels, who is in control, and what is missing."""
    from coinmon.commands.demo import pointed_at_demo
    from coinmon.run.demo import Demo

    if at is not None and date is not None:
        raise ConfigError("--at and --date: give one of them")
    if full and form is not ReportFormat.text:
        raise ConfigError("--full goes with --format text; json and html always hold everything")
    if demo and offline:
        raise ConfigError("--offline does not go with --demo: the demo's database is new")
    (symbol,) = typed_symbols([symbol])
    wanted = Demo(tuple(tape or ()), scenario, seed, speed, at) if demo else None
    with pointed_at_demo(ctx.obj or Globals(), wanted, given=(tape, scenario, seed, speed)) as where:
        config = where.load(exchanges=None if exchange is None else [exchange])
        check_venues([symbol], config.exchanges)
        lang = config.reader_lang if form == "text" else config.lang
        terminal = output is None and sys.stdout.isatty()
        with _reports(config, symbol, at, date, offline) as make, redirect_stdout(sys.stderr):
            # what a plugin prints is not the report
            drawn = _computed(lambda: _drawn(make(), lang, form, terminal, full))
        _write(drawn, output)


def _computed(draw: Callable[[], "ShownReport"]) -> "ShownReport":
    """Drawn in a thread: a plugin that blocks is named and left out, and the rest is drawn anew without it."""
    import asyncio

    from coinmon.evaluate.computing import computed

    return asyncio.run(computed(lambda _: draw()))


@contextmanager
def _reports(
    config: "Config", symbol: str, at: str | None, date: str | None, offline: bool
) -> Iterator[Callable[[], "Report"]]:
    """Makes the report, and the database is open as long as it is looked at: panels read what they draw."""
    import asyncio

    from coinmon.log import start_log
    from coinmon.model.moment import MINUTE
    from coinmon.run.monitor import clock_of
    from coinmon.run.reader import MarketReader
    from coinmon.store.database import open_database

    clock = clock_of(config)
    start_log(config, clock)
    now, over = _moment(clock, config.timezone, at, date)
    if over:
        config = _of_the_day(config, date)
    database = open_database(config.db, create=not offline)
    universe, failed = None, None
    try:
        if offline:
            if not MarketReader(config, clock, database).has_data:
                raise NoDataError("nothing is stored yet: run `coinmon scan`, or leave out --offline")
        else:
            from coinmon.collect.once import collect_once

            watch, statuses, end = asyncio.run(collect_once(config, clock, database, symbol))
            if config.demo_past:
                from coinmon.collect.history.made_past import MadePast
                from coinmon.run.parts.made_weeks import record_weeks

                record_weeks(config, database, MadePast(config.demo_past), watch, now)
            down = {
                name: each.error or each.status for name, each in statuses.items() if each.status in ("down", "blocked")
            }
            universe, failed = watch.universe, {**down, **watch.failed}
            if at is None and date is None:
                # what was collected is the present; a minute that closed meanwhile was not
                now = min(clock.now(), end + MINUTE - 1)
        # a reader of its own each time: who is left in a plugin that blocks holds what it has read
        failures: dict[str, str] = {}
        yield lambda: MarketReader(config, clock, database, universe, failed, failures).report(symbol, now)
    finally:
        database.close()


def _of_the_day(config: "Config", date: str | None) -> "Config":
    """Indicators that show a day show this one: at its end the next one has begun."""
    from dataclasses import replace

    indicators = {
        name: replace(each, settings={**each.settings, "date": date})
        if "date" in each.offer.settings.model_fields
        else each
        for name, each in config.indicators.items()
    }
    return replace(config, indicators=indicators)


def _moment(clock: "Clock", timezone: str, at: str | None, date: str | None) -> tuple[int, bool]:
    """The moment asked for, never one that has not come; and whether it is the end of a day that is over."""
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    from coinmon.model.moment import iso, parse_time

    now = clock.now()
    try:
        if at is not None:
            moment = parse_time(at)
        elif date is not None:
            if not re.fullmatch(r"\d{4}-\d\d-\d\d", date):
                raise ValueError(f"{date!r} is not a day; write 2024-08-09, or a moment with --at")
            start = parse_time(date, ZoneInfo(timezone))
            # clocks may change on the day, so that it is longer or shorter
            moment = parse_time(f"{datetime.fromisoformat(date) + timedelta(days=1):%Y-%m-%d}", ZoneInfo(timezone))
            if start <= now < moment:
                return now, False
        else:
            return now, False
    except ValueError as error:
        raise ConfigError(f"--{'date' if at is None else 'at'}: {error}") from None
    if moment > now:
        typed = f"--at: {iso(moment)}" if at is not None else f"--date: {date}"
        raise ConfigError(f"{typed} has not come yet; it is {iso(now)}")
    return moment, at is None


class ShownReport(NamedTuple):
    """What is to be written, or printed on the terminal; and the name of its file, if it wants one."""

    data: bytes
    printed: Sequence[Any] = ()
    name: str | None = None


def _drawn(made: "Report", lang: str, form: ReportFormat, terminal: bool, full: bool) -> ShownReport:
    if form is ReportFormat.json:
        import orjson

        return ShownReport(orjson.dumps(made.document(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    if form is ReportFormat.html:
        from coinmon.report.page import page

        return ShownReport(page(made, lang), name=f"{made.market.pair.base}{made.market.pair.quote}.html")
    return _text(made, lang, terminal, full)


def _write(drawn: ShownReport, output: Path | None) -> None:
    from coinmon.report.export import save

    if drawn.printed:
        from rich.console import Console

        console = Console(highlight=False)
        for each in drawn.printed:
            console.print(each)
        return
    if output is None and drawn.name and sys.stdout.isatty():
        output = Path(drawn.name)
        typer.echo(output, err=True)
    if output:
        save(drawn.data, output)
    elif drawn.data:
        sys.stdout.buffer.write(drawn.data)
        sys.stdout.buffer.flush()


_PIPE = (100, 30)
"""Columns and lines that a summary is made for which no terminal shows."""
_UNCUT_COLUMNS = 10_000
"""Of a file or a pipe: what is longer than a screen is neither cut nor broken there."""


def _text(made: "Report", lang: str, terminal: bool, full: bool) -> ShownReport:
    """The text for a file or a pipe; on a terminal it is printed with colour."""
    import io

    from rich.console import Console

    from coinmon.report.phrases import WORDS
    from coinmon.report.text import details, render

    if terminal:
        first = render(made, lang, *Console().size)
        return ShownReport(b"", [first, details(made, lang) if full else f"[dim]{WORDS[lang]['full']}[/dim]"])
    text = io.StringIO()
    Console(file=text, width=_UNCUT_COLUMNS).print(render(made, lang, *_PIPE))
    if full:
        Console(file=text, width=_UNCUT_COLUMNS).print(details(made, lang))
    lines = [line.rstrip() for line in text.getvalue().splitlines()]
    return ShownReport(("\n".join(lines) + "\n").encode())
