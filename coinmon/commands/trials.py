"""`coinmon backtest --try`: several values of a setting, told apart from luck."""

import math
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from coinmon.commands import Globals
from coinmon.model.figures import with_sign

if TYPE_CHECKING:
    from coinmon.config.load import Config
    from coinmon.run.backtest import Replay
    from coinmon.run.trials import Trial, Walked


def try_values(
    where: Globals, config: "Config", text: str, signals: Sequence[str], replayed: Any, as_json: bool
) -> None:
    """Replay each value, and say what each would have been worth and what choosing by the past would have brought.

    replayed: makes the replay of a configuration.
    """
    from coinmon.run.backtest import only
    from coinmon.run.trials import setting_of, tried
    from coinmon.store.database import open_database
    from coinmon.store.history import History

    key, name, values = setting_of(config, text)
    wanted = list(signals) or ([name] if key.startswith("signals.") else [])
    configs = {value: only(where.load(**{key.replace(".", "__"): value}), wanted) for value in values}
    replays: dict[str, Replay] = {value: replayed(each) for value, each in configs.items()}
    told = {
        value: [each.event for each in replay.told if each.event["event"] == "signal"]
        for value, replay in replays.items()
    }
    pairs = [pair for replay in replays.values() for pair in replay.pairs]
    start, end = min(each.start for each in pairs), max(each.end for each in pairs)
    database = open_database(config.db, create=False)
    try:
        trials, walked = tried(configs, told, History(database), start, end)
    finally:
        database.close()
    if as_json:
        import orjson

        sys.stdout.buffer.write(orjson.dumps(_document(key, trials, walked), option=orjson.OPT_INDENT_2))
        return
    _show(key, trials, walked, config.reader_lang)


def _document(key: str, trials: "Sequence[Trial]", walked: "Sequence[Walked]") -> Mapping[str, Any]:
    from coinmon.run.records import row_of

    return {
        "setting": key,
        "family": sum(len(each.rows) for each in trials),
        "trials": [
            {"value": each.value, "signals": [row_of(row, str(row.record.verdict)) for row in each.rows]}
            for each in trials
        ],
        "walked_forward": [
            {
                "signal": each.signal, "direction": each.direction, "best_in_hindsight": each.best,
                "hindsight_pct": _known(each.hindsight), "forward_pct": _known(each.forward), "n": each.n,
                "chosen": dict(each.chosen),
            }
            for each in walked
        ],
    }  # fmt: skip


def _show(key: str, trials: "Sequence[Trial]", walked: "Sequence[Walked]", lang: str) -> None:
    from rich.console import Console

    from coinmon.commands.backtest import DIRECTIONS
    from coinmon.model.verdicts import verdict_words
    from coinmon.report.terminal.figures_table import figures_table

    zh, console = lang == "zh", Console(width=None if sys.stdout.isatty() else 200)
    heads = ("值", "信号", "方向", "次数", "可判", "超额", "结论") if zh else (
        "value", "signal", "direction", "told", "judged", "excess", "verdict"
    )  # fmt: skip
    rows = []
    for trial in trials:
        for row in trial.rows:
            verdict = str(row.record.verdict)
            rows.append(
                (
                    trial.value, row.signal, DIRECTIONS[row.direction] if zh else row.direction, str(row.told),
                    str(row.judged), _percent(row.record.excess.mean), verdict_words(verdict).say(lang),
                )
            )  # fmt: skip
        if not trial.rows:
            rows.append((trial.value, "-", "-", "0", "0", "-", "从未触发" if zh else "never told"))
    console.print(figures_table(heads, rows, console.width, words=(0, 1, 2, 6)))
    family = sum(len(each.rows) for each in trials)
    console.print(
        f"{key}: 共试 {len(trials)} 个值，{family} 次检验，结论按全部检验校正；事后最好的值多半是运气"
        if zh
        else f"{key}: {len(trials)} values, {family} tests; verdicts are corrected for all of them: the best of many "
        "is mostly luck",
        style="dim", highlight=False,
    )  # fmt: skip
    for each in walked:
        words = (
            "{} {}：事后最好 {} {}；逐月向前（只用过去选值）{}，{} 次"
            if zh
            else "{} {}: best in hindsight {} {}; walked forward (chosen by the past alone) {}, {} events"
        )
        way = DIRECTIONS[each.direction] if zh else each.direction
        shown = _percent(each.hindsight), _percent(each.forward)
        console.print(words.format(each.signal, way, each.best, *shown, each.n), highlight=False)


def _percent(value: float) -> str:
    return f"{with_sign(value, 2)} %" if math.isfinite(value) else "-"


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
