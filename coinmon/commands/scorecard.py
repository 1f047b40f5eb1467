"""`coinmon scorecard`: what the signals that were told were worth."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coinmon.commands import Globals
from coinmon.commands.backtest import DIRECTIONS, AsOption
from coinmon.errors import ConfigError
from coinmon.model.figures import with_sign

if TYPE_CHECKING:
    from coinmon.config.load import Config
    from coinmon.run.parts.replay_parts import As
    from coinmon.store.database import Database

_HEAD = {
    "zh": (
        "信号", "方向", "次数", "可判", "独立", "时段", "中位", "基准", "超额 (95%)", "命中 (95%)", "扣费后", "结论",
    ),
    "en": (
        "signal", "direction", "told", "judged", "independent", "after", "median", "base", "excess (95 %)",
        "hit (95 %)", "after costs", "verdict",
    ),
}  # fmt: skip
_TO = {"zh": "至", "en": "to"}
_REASONS = {
    "before_period": ("在评判时段开始之前", "from before the judged period"),
    "no_market": ("已启用的交易所没有该交易对", "of a pair that no venue switched on lists"),
    "not_over": ("时段尚未结束", "not over yet"),
    "no_entry_price": ("一分钟后没有价格", "without a price a minute later"),
    "no_exit_price": ("时段结束时没有价格", "without a price at the end"),
    "no_base": ("没有基准（此前不足 20 天 K 线）", "without a base (20 days of bars before it)"),
}
_NOTE = {
    "zh": "超额：信号方向上的涨跌减去同一币种同一小时的平均；置信区间按日聚类；"
    "结论已对全部信号做多重检验校正。docs/worth.md",
    "en": "excess: the move in the signal's direction less what that pair's hour of day usually does; intervals cluster"
    " by day; verdicts are corrected for the number of signals. docs/worth.md",
}
_SOURCES = {
    "stored": {"zh": "结论截至 {}，只在月末更新", "en": "verdicts as of {}; they change at month ends only"},
    "unjudged": {
        "zh": "尚无结论：只在月末评判",
        "en": "no verdicts yet: they are given at month ends only",
    },
    "own": {
        "zh": "按自选的天数或成本临时计算，不入库：反复试看会把噪声看成优势",
        "en": "computed now for days or costs of your own, and not stored: whoever looks often finds an edge in noise",
    },
    "replayed": {
        "zh": "对历史回放的信号，不是实盘播报过的",
        "en": "signals of a replay over stored history: none of them was told to anybody",
    },
}


def scorecard(
    ctx: typer.Context,
    name: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Only these signals.")] = None,
    days: Annotated[
        int | None, typer.Option(min=2, max=3650, help="How far back signals are judged; 90, and then it is stored.")
    ] = None,
    cost: Annotated[
        float | None,
        typer.Option(min=0, max=10, help="Of a round trip, in percent, instead of the configured `costs`."),
    ] = None,
    replayed: Annotated[
        bool, typer.Option("--replayed", help="Judge a replay over stored history, not what was told.")
    ] = False,
    known: Annotated[
        AsOption, typer.Option("--as", help="--replayed with all that is stored, or what was known at each minute.")
    ] = AsOption.complete,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check that no stored scorecard was changed; exit 2 if one was.")
    ] = False,
    noise: Annotated[
        bool, typer.Option("--noise", help="Say how often signals page on nothing, under each preset.")
    ] = False,
    html: Annotated[Path | None, typer.Option(help="Write each signal's record as a page to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Say what the told signals were worth: excess over the usual, its interval, and a verdict after costs.

    Only what is stored is looked at: signals told by scans, and the prices after them. A base needs 20 days of bars
    before a signal (see retention_days), so a young database honestly says "too few". Figures are as of the last
    midnight UTC, verdicts as of the last month's end: both are stored, in a chain of hashes that --verify checks.

    --noise replays the last --days (10) of your own history with each minute's buyers and sellers drawn by lot.
    """
    from coinmon.store.database import open_database

    config = (ctx.obj or Globals()).load()
    database = open_database(config.db, create=False)
    try:
        if verify:
            _verify(database, config.reader_lang)
            return
        if noise:
            _show_noise(ctx.obj or Globals(), database, 10 if days is None else days, as_json, config.reader_lang)
            return
        document = _document(config, database, name or [], days, cost, known.value if replayed else None)
        if html is not None:
            _write_page(config, database, document, html)
            return
    finally:
        database.close()
    if as_json:
        import orjson

        typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
        return
    _show(document, config.reader_lang)


def _document(
    config: "Config",
    database: "Database",
    names: Sequence[str],
    days: int | None,
    cost: float | None,
    replayed: "As | None",
) -> dict[str, Any]:
    from coinmon.run.monitor import clock_of
    from coinmon.run.records import RECORD_DAYS, card_of, renew
    from coinmon.run.scorecard import scorecard as made
    from coinmon.store.history import History

    now = clock_of(config).now()
    if replayed or days is not None or cost is not None:
        history, span = History(database), RECORD_DAYS if days is None else days
        told = _replayed(config, history, now, span, replayed) if replayed else None
        card = card_of(made(config, history, now, span, cost, told=told), None)
        document = {"source": "replayed" if replayed else "own", "scorecard": None, **card}
    else:
        stored = renew(config, database, now)
        card = {"from": None, "to": None, "days": RECORD_DAYS, "verdicts_of": None, "signals": []}
        document = {"source": "stored", "scorecard": stored and stored.hash, **(stored.card if stored else card)}
    judged = {each["signal"] for each in document["signals"]}
    for name in names:
        if name not in config.signals and name not in judged:
            raise ConfigError(f"{name}: no such signal is on or was told; there is {', '.join(config.signals)}")
    return {**document, "signals": [each for each in document["signals"] if not names or each["signal"] in names]}


def _replayed(config: "Config", history: Any, now: int, days: int, known: "As") -> list[Mapping[str, Any]]:
    """What the configured signals would have said of every stored pair."""
    from coinmon.model.moment import DAY
    from coinmon.run.backtest import backtest

    universe = history.universe(config.exchanges, config.quotes)
    stored = {universe.pair_of(each) for each in history.with_bars() if each.venue in config.exchanges}
    replay = backtest(config, history, universe, sorted(stored, key=str), now - days * DAY, now, known=known)
    return [each.event for each in replay.told if each.event["event"] == "signal"]


def _verify(database: "Database", lang: str) -> None:
    from coinmon.store.scorecards import broken_links, count_scorecards, last_scorecard

    with database.read() as connection:
        problems, count, last = broken_links(connection), count_scorecards(connection), last_scorecard(connection)
    if problems:
        raise ConfigError("\n".join(f"scorecards: {each}" for each in problems))
    head = last.hash if last else "-"
    typer.echo(
        f"{count} 份记录，链条完整；最后一份的哈希 {head}"
        if lang == "zh"
        else f"{count} scorecard{'s' * (count != 1)}, the chain is whole; the last one's hash is {head}"
    )


def _write_page(config: "Config", database: "Database", document: Mapping[str, Any], to: Path) -> None:
    from coinmon.config.whole_file import write_whole
    from coinmon.run.monitor import clock_of
    from coinmon.run.scorecard_page import page_of
    from coinmon.store.history import History

    if document["source"] == "replayed":
        raise ConfigError("--html shows what was told to you; leave out --replayed")
    page = page_of(config, History(database), clock_of(config).now(), document["days"], document["signals"])
    try:
        write_whole(to, page.encode())
    except OSError as error:
        raise ConfigError(f"--html {to}: {error.strerror}") from None
    typer.echo(str(to))


def _show_noise(where: Globals, database: "Database", days: int, as_json: bool, lang: str) -> None:
    from coinmon.run.monitor import clock_of
    from coinmon.run.noise import PRESETS, false_alarms

    measured = []
    for preset in PRESETS:
        config = where.load(preset=preset)
        measured.append(false_alarms(config, preset, database, clock_of(config).now(), days))
    if as_json:
        import orjson

        document = {
            each.preset: {
                "pair_days": each.pair_days,
                "pages_per_pair_day": each.pages,
                "told": [{"signal": name, "grade": grade, "count": n} for (name, grade), n in each.told.items()],
            }
            for each in measured
        }
        typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
        return
    words = (
        "preset: {}  每交易对每天误报 A 级以上 {:.2f} 次（{:.1f} 交易对·天的纯噪声）{}"
        if lang == "zh"
        else "preset: {}  {:.2f} false pages (A and above) a day and pair, on {:.1f} pair days of noise{}"
    )
    for each in measured:
        names = ", ".join(f"{name} [{grade}] {n / each.pair_days:.2f}" for (name, grade), n in each.told.items())
        typer.echo(words.format(each.preset, each.pages, each.pair_days, f": {names}" if names else ""))


def _show(document: Mapping[str, Any], lang: str) -> None:
    import sys

    from rich.console import Console

    from coinmon.report.terminal.figures_table import figures_table

    console = Console(width=None if sys.stdout.isatty() else 220)
    if not document["signals"]:
        span = f"{document['from']} - {document['to']}"
        words = f"{span} 之间没有已播报的信号" if lang == "zh" else f"no signal was told in {span}"
        console.print(words, highlight=False)
        return
    rows = [_row(each, lang) for each in document["signals"]]
    title = f"{document['from']} - {document['to']}"
    console.print(figures_table(_HEAD[lang], rows, console.width, words=(0, 1, 11), title=title))
    for each in document["signals"]:
        if reasons := _reasons(each.get("unjudged") or {}, lang):
            console.print(f"{each['signal']} {_direction(each, lang)}: {reasons}", style="dim", highlight=False)
    at = document["verdicts_of"]
    source = _SOURCES["unjudged" if document["source"] == "stored" and at is None else document["source"]][lang].format(
        at
    )
    console.print(source, style="dim", highlight=False)
    console.print(_NOTE[lang], style="dim", highlight=False)


def _row(each: Mapping[str, Any], lang: str) -> list[str]:
    """The cells of a signal and direction, below `_HEAD`."""
    from coinmon.model.verdicts import verdict_words

    return [
        each["signal"], _direction(each, lang), str(each["told"]), str(each["judged"]), f"{each['independent']:.0f}",
        _duration(each["horizon_minutes"]), _percent(each["median_pct"]), _percent(each["base_pct"]),
        _interval(*each["excess_pct"], to=_TO[lang]), _share(*each["hit"]),
        _interval(*each["after_costs_pct"], to=_TO[lang]), verdict_words(each["verdict"]).say(lang),
    ]  # fmt: skip


def _direction(row: Mapping[str, Any], lang: str) -> str:
    return str(DIRECTIONS[row["direction"]] if lang == "zh" else row["direction"])


def _reasons(unjudged: Mapping[str, int], lang: str) -> str:
    """Why some could not be judged, the most frequent reason first; empty where all were, or an old row is silent."""
    counts = sorted(((count, reason) for reason, count in unjudged.items() if count), reverse=True)
    if not counts:
        return ""
    zh = lang == "zh"
    parts = (f"{count} 次{_REASONS[reason][0]}" if zh else f"{count} {_REASONS[reason][1]}" for count, reason in counts)
    return ("未能评判：" if zh else "not judged: ") + ("，" if zh else ", ").join(parts)


def _duration(minutes: int) -> str:
    for unit, length in (("d", 1440), ("h", 60)):
        if minutes % length == 0:
            return f"{minutes // length} {unit}"
    return f"{minutes} min"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{with_sign(value, 2)} %"


def _interval(mean: float | None, low: float | None, high: float | None, *, to: str) -> str:
    if mean is None:
        return "-"
    return f"{with_sign(mean, 2)} %" + (
        f" ({with_sign(low, 2)} {to} {with_sign(high, 2)})" if low is not None and high is not None else ""
    )


def _share(share: float | None, low: float | None, high: float | None) -> str:
    return "-" if share is None else f"{share:.0%} ({low:.0%}-{high:.0%})"
