"""`coinmon scorecard`: what the signals that were told were worth."""

import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coinmon.commands import Globals

if TYPE_CHECKING:
    from coinmon.run.scorecard import Scorecard, Scored

_HEAD = {
    "zh": (
        "信号", "方向", "次数", "可判", "独立", "1 小时后中位", "基准", "超额 (95%)", "命中 (95%)", "扣费后", "结论",
    ),
    "en": (
        "signal", "direction", "told", "judged", "independent", "median after 1 h", "base", "excess (95 %)",
        "hit (95 %)", "after costs", "verdict",
    ),
}  # fmt: skip
_VERDICTS = {
    "too few": "样本太少",
    "not proven": "未证实",
    "edge, not after costs": "有优势，但不够成本",
    "proven": "已证实",
    "worse than chance": "不如随机",
}
_NOTE = {
    "zh": "超额 = 信号方向上的涨跌减去同一币种同一小时的平均；置信区间按日聚类；"
    "结论已对全部信号做多重检验校正。docs/worth.md",
    "en": "excess: the move in the signal's direction less what that pair's hour of day usually does; intervals cluster"
    " by day; verdicts are corrected for the number of signals. docs/worth.md",
}


def scorecard(
    ctx: typer.Context,
    name: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Only these signals.")] = None,
    days: Annotated[int, typer.Option(min=2, max=3650, help="How far back signals are judged.")] = 90,
    cost: Annotated[
        float, typer.Option(min=0, max=10, help="Of a round trip, in percent: twice the taker fee, spread, slippage.")
    ] = 0.13,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Say what the told signals were worth: excess over the usual, its interval, and a verdict after costs.

    Only what is stored is looked at: signals told by scans, and the prices after them. A base needs 20 days of bars
    before a signal (see retention_days), so a young database honestly says "too few".
    """
    from coinmon.run.monitor import clock_of
    from coinmon.run.scorecard import scorecard as made
    from coinmon.store.database import open_database
    from coinmon.store.history import History

    config = (ctx.obj or Globals()).load()
    database = open_database(config.db, create=False)
    try:
        card = made(config, History(database), clock_of(config).now(), days, cost, name or [])
    finally:
        database.close()
    if as_json:
        import orjson

        typer.echo(orjson.dumps(_document(card, cost), option=orjson.OPT_INDENT_2).decode())
        return
    _show(card, config.lang)


def _document(card: "Scorecard", cost: float) -> dict[str, Any]:
    from coinmon.model.moment import iso
    from coinmon.run.scorecard import HORIZON_MINUTES

    return {
        "from": iso(card.start),
        "to": iso(card.end),
        "horizon_minutes": HORIZON_MINUTES,
        "cost_pct": cost,
        "signals": [_row(each) for each in card.rows],
    }


def _row(each: "Scored") -> dict[str, Any]:
    record = each.record
    return {
        "signal": each.signal,
        "direction": each.direction,
        "told": each.told,
        "judged": each.judged,
        "days": record.days,
        "pairs": record.pairs,
        "clusters": record.excess.clusters,
        "independent": _number(record.hits.independent),
        "median_pct": _number(record.median),
        "base_pct": _number(record.base),
        "excess_pct": [_number(record.excess.mean), _number(record.excess.low), _number(record.excess.high)],
        "after_costs_pct": [_number(record.net.mean), _number(record.net.low), _number(record.net.high)],
        "hit": [_number(record.hits.share), _number(record.hits.low), _number(record.hits.high)],
        "p_value": _number(record.p_value),
        "verdict": str(record.verdict),
    }


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _show(card: "Scorecard", lang: str) -> None:
    import sys

    from rich.console import Console
    from rich.table import Table

    from coinmon.model.moment import iso

    console = Console(width=None if sys.stdout.isatty() else 220)
    if not card.rows:
        console.print("没有已播报的信号" if lang == "zh" else "no signal was told", highlight=False)
        return
    table = Table(box=None, header_style="bold", pad_edge=False, title=f"{iso(card.start)} - {iso(card.end)}")
    for place, head in enumerate(_HEAD[lang]):
        table.add_column(head, justify="left" if place < 2 or place == 10 else "right", no_wrap=True)
    for each in card.rows:
        record = each.record
        verdict = _VERDICTS[record.verdict] if lang == "zh" else str(record.verdict)
        table.add_row(
            each.signal,
            each.direction,
            str(each.told),
            str(each.judged),
            f"{record.hits.independent:.0f}",
            _percent(record.median),
            _percent(record.base),
            _interval(record.excess.mean, record.excess.low, record.excess.high),
            _share(record.hits.share, record.hits.low, record.hits.high),
            _interval(record.net.mean, record.net.low, record.net.high),
            verdict,
        )
    console.print(table)
    console.print(_NOTE[lang], style="dim", highlight=False)


def _percent(value: float) -> str:
    return f"{value:+.2f} %" if math.isfinite(value) else "-"


def _interval(mean: float, low: float, high: float) -> str:
    if not math.isfinite(mean):
        return "-"
    return f"{mean:+.2f} %" + (f" ({low:+.2f} to {high:+.2f})" if math.isfinite(low) else "")


def _share(share: float, low: float, high: float) -> str:
    return f"{share:.0%} ({low:.0%}-{high:.0%})" if math.isfinite(share) else "-"
