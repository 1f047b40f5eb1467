"""`coinmon backtest`: each signal's record on stored history."""

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coinmon.commands import Globals, meant_pairs
from coinmon.errors import ConfigError
from coinmon.model.figures import with_sign

if TYPE_CHECKING:
    from coinmon.config.load import Config
    from coinmon.evaluate.replay import Judgement
    from coinmon.run.backtest import Replay, ReplayedSignal, ReplayRecord
    from coinmon.run.parts.pair_jobs import ReplayTask

_HEAD = {"zh": ("信号", "方向", "次数"), "en": ("signal", "direction", "told")}
_NOTE = {
    "zh": "各时段后价格沿信号方向的平均变化，正确的比例，以及已知的次数；"
    "未扣成本，是否胜过随机看 coinmon scorecard --replayed",
    "en": "mean change of the price in the signal's direction after that time, share that was right, how many known; "
    "before costs: coinmon scorecard --replayed judges whether it is more than chance",
}
DIRECTIONS = {"bullish": "看涨", "bearish": "看跌", "neutral": "中性"}
"""In Chinese; in English they are said as they are."""


class AsOption(StrEnum):
    """What a replay may know."""

    complete = "complete"
    known = "known"


def backtest(
    ctx: typer.Context,
    symbols: Annotated[
        list[str] | None, typer.Argument(metavar="[SYMBOL]...", help="BTCUSDT, ...; every pair that is stored.")
    ] = None,
    signal: Annotated[list[str] | None, typer.Option(help="Only this signal (repeatable).")] = None,
    rule: Annotated[
        list[Path] | None, typer.Option(help="Only the rules of this file, before they are switched on (repeatable).")
    ] = None,
    since: Annotated[str | None, typer.Option("--from", help="First time, UTC.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="End, exclusive.")] = None,
    values: Annotated[
        str | None,
        typer.Option("--try", metavar="KEY=A,B", help="Values of a setting, as us_accumulation.min_net_flow=5e5,1e6."),
    ] = None,
    known: Annotated[
        AsOption, typer.Option("--as", help="With all that is stored now, or with what was known at each minute.")
    ] = AsOption.complete,
    jobs: Annotated[
        int, typer.Option(min=1, max=256, help="Processes that months are replayed in, side by side; not with --try.")
    ] = 1,
    dask: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="On the Dask cluster of this scheduler; not with --try."),
    ] = None,
    lake: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Over a lake of `coinmon export`; not with --as known."),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where computed months are kept, in place of `replay_cache.dir`."),
    ] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Compute all months again, and keep none.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Records and every signal told, as one JSON object.")] = False,
) -> None:
    """Replay the signals over stored history and say what the price did after each.

    Changes count in the signal's direction: positive is right. A handful of signals proves nothing.

    --as known leaves out what was read later (repairs, backfills over what a scan had seen; what had been stored before
    them stands in their place), and minutes that no scan looked at: it tells what a scan told.

    Months of a pair whose data, plugins and settings are as they were are taken from an earlier replay.

    --try replays each value, judges all as one family, and says what choosing by the past alone would have brought.
    """
    from coinmon.config.rules import written_in
    from coinmon.model.moment import parse_time
    from coinmon.run.backtest import only, records
    from coinmon.run.parts.keeping import kept_parts
    from coinmon.run.parts.pair_jobs import ReplayTask

    options: Globals = ctx.obj or Globals()
    options = replace(options, rules=(*options.rules, *(rule or ())))
    config = options.load()
    names = [name for each in rule or () for name in written_in(config, each)]
    whole, config = config, only(config, [*(signal or []), *names])
    try:
        start, end = (None if text is None else parse_time(text) for text in (since, until))
    except ValueError as error:
        raise ConfigError(f"--from/--to: {error}") from None
    if start is not None and end is not None and end <= start:
        raise ConfigError("--to is not after --from")
    if dask is not None and (jobs > 1 or values is not None):
        raise ConfigError("--dask goes neither with --jobs nor with --try")
    if lake is not None and known is AsOption.known:
        raise ConfigError("--lake goes not with --as known: a lake does not say when its rows could be known")
    if no_cache and cache is not None:
        raise ConfigError("--no-cache does not go with --cache")
    kept = None if no_cache else kept_parts(config, lake, cache)
    if values is not None:
        from coinmon.commands.trials import try_values

        def replayed(one: "Config") -> "Replay":
            with redirect_stdout(sys.stderr):
                return _replayed(one, symbols or [], ReplayTask(lambda: one, start, end, known.value, lake, kept))

        try_values(options, whole, values, [*(signal or []), *names], replayed, as_json)
        return
    with redirect_stdout(sys.stderr):
        # what a plugin prints is not the result
        chosen = [*(signal or []), *names]
        load = partial(_config_of, options if dask is None else _anywhere(options, whole), chosen)
        replay = _replayed(config, symbols or [], ReplayTask(load, start, end, known.value, lake, kept), dask or jobs)
    made = records(replay.told)
    if as_json:
        import orjson

        document = {
            **_scope(replay),
            "records": [_plain(each) for each in made],
            "signals": [_told(each) for each in replay.told],
        }
        sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        return
    _show_judgements(replay, config.reader_lang)
    # last, where it is seen: what is above it may be longer than the screen
    _show(made, config.reader_lang)


def _config_of(options: Globals, names: Sequence[str]) -> "Config":
    """The configuration with these signals alone; in any process."""
    from coinmon.run.backtest import only

    return only(options.load(), names)


def _anywhere(options: Globals, config: "Config") -> Globals:
    """The options as they mean the same in another folder of a machine that has the same files."""
    from coinmon.store.file_identity import file_of

    file, database = config.rules.config, file_of(config.db)
    db = f"sqlite:///{database.resolve()}" if database else config.db
    rules = tuple(each.resolve() for each in options.rules)
    return replace(options, config=file and file.resolve(), db=db, rules=rules)


def _there(whole: "ReplayTask", config: "Config") -> "ReplayTask":
    """As a cluster's workers are to do it: from whichever folder, and with our source."""
    from coinmon.run.parts.loaded_source import loaded_source

    return replace(whole, lake=whole.lake and whole.lake.resolve(), source=loaded_source(config).source)


def _replayed(config: "Config", symbols: list[str], whole: "ReplayTask", many: int | str = 1) -> "Replay":
    """many: how many processes, or the address of a cluster."""
    from rich.console import Console
    from rich.progress import Progress

    from coinmon.log import SPOKEN, start_log
    from coinmon.run.monitor import clock_of
    from coinmon.run.parts.pair_jobs import replayed_here, replayed_side_by_side
    from coinmon.run.parts.stored_rows import stored_rows

    start_log(config, clock_of(config))
    with stored_rows(config, whole.lake) as history:
        universe = history.universe(config.exchanges, config.quotes)
        stored = {universe.pair_of(each) for each in history.with_bars() if each.venue in config.exchanges}
    wanted = meant_pairs(universe, symbols, config.exchanges) or sorted(stored, key=str)
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task("", total=None)

        def moved(done: int, total: int) -> None:
            shown.update(task, completed=done, total=total)

        if isinstance(many, str):
            from coinmon.run.parts.cluster import replayed_on_cluster

            replay = replayed_on_cluster(many, _there(whole, config), wanted, moved)
        elif many > 1:
            replay = replayed_side_by_side(whole, wanted, many, moved)
        else:
            replay = replayed_here(whole, config, wanted, moved)
    if whole.kept is not None:
        computed = replay.parts - replay.taken
        SPOKEN.info("months of pairs: {} taken from earlier replays, {} computed", replay.taken, computed)
    return replay


def _show(made: "list[ReplayRecord]", lang: str) -> None:
    from rich.console import Console

    from coinmon.report.terminal.figures_table import figures_table
    from coinmon.run.backtest import HORIZONS

    console = Console(width=None if sys.stdout.isatty() else 200)
    if not made:
        console.print("没有信号" if lang == "zh" else "no signal was told")
        return
    rows = [
        [
            each.signal, DIRECTIONS[each.direction] if lang == "zh" else each.direction, str(each.told),
            *(_figures(each.horizons[horizon]) for horizon in HORIZONS),
        ]
        for each in made
    ]  # fmt: skip
    console.print(figures_table([*_HEAD[lang], *HORIZONS], rows, console.width, words=(0, 1)))
    console.print(_NOTE[lang], style="dim")


def _figures(horizon: Any) -> str:
    if not horizon["known"]:
        return "- (0)"
    return f"{with_sign(horizon['mean_pct'], 2)}% {horizon['right']:.0%} ({horizon['known']})"


def _plain(record: "ReplayRecord") -> dict[str, Any]:
    return {
        "signal": record.signal, "direction": record.direction, "told": record.told, "horizons": dict(record.horizons),
    }  # fmt: skip


def _told(each: "ReplayedSignal") -> dict[str, Any]:
    found = each.outcome
    return {
        **each.event, "price": each.price, "entry": found.entry, "change_pct": dict(found.after),
        "best_pct": dict(found.best), "worst_pct": dict(found.worst),
    }  # fmt: skip


def _scope(replay: "Replay") -> dict[str, Any]:
    """What the result is about: period, pairs, venues, coverage, and how much of it each signal could judge."""
    from coinmon.model.moment import iso

    return {
        "as": replay.known,
        "pairs": [
            {
                "pair": each.pair, "from": iso(each.start), "to": iso(each.end), "venues": list(each.venues),
                "coverage": dict(each.coverage),
                "judged": {name: _judgement(one) for name, one in each.judgements.items()},
            }
            for each in replay.pairs
        ],
        "judged": {name: _judgement(one) for name, one in replay.judgements().items()},
    }  # fmt: skip


def _judgement(one: "Judgement") -> dict[str, Any]:
    minutes = max(1, one.minutes)
    return {
        "minutes": one.minutes, "share": one.judged / minutes, "waited": one.waited / minutes,
        "failed": one.failed / minutes, "why_waited": one.why_waited or None, "why_failed": one.why_failed or None,
    }  # fmt: skip


def _show_judgements(replay: "Replay", lang: str) -> None:
    """The period and, a line each, the signals that could not be judged all the time, the most seldom judged first."""
    from rich.console import Console
    from rich.text import Text

    from coinmon.model.moment import iso
    from coinmon.model.signal import say

    console, zh = Console(width=None if sys.stdout.isatty() else 200), lang == "zh"
    for pair in replay.pairs:
        seen = ", ".join(f"{name} {share:.1%}" for name, share in pair.coverage.items())
        words = "覆盖" if zh else "covered:"
        console.print(Text(f"{pair.pair}  {iso(pair.start)} - {iso(pair.end)}  {words} {seen}"), style="dim")
    judged = [(each.judged / max(1, each.minutes), name, each) for name, each in replay.judgements().items()]
    for share, name, each in sorted(judged, key=lambda row: row[:2]):
        if each.judged == each.minutes:
            continue
        why = each.why_failed or each.why_waited
        words = f"{name}: 可判断 {share:.1%} 的分钟" if zh else f"{name}: could be judged in {share:.1%} of the minutes"
        console.print(Text(f"{words} ({say(why, lang)})" if why else words), style="red" if each.failed else "dim")
