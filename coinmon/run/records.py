"""Scorecards kept: figures are renewed each day, verdicts at the ends of months only, and nothing is written over.

Who looks every day and stops when it pleases finds something in noise: a verdict that is given at fixed moments cannot
be waited for.
"""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from coinmon.config.load import Config
from coinmon.model.moment import DAY, floor, iso
from coinmon.run.scorecard import Scorecard, Scored, scorecard
from coinmon.store.database import Database
from coinmon.store.history import History
from coinmon.store.scorecards import StoredScorecard, append_scorecard, last_scorecard

RECORD_DAYS = 90
"""How far back signals are judged: what alerts quote, whatever `coinmon scorecard --days` looks at."""


def renew(
    config: Config, database: Database, now: int, rest: Callable[[float], None] = lambda _worked: None
) -> StoredScorecard | None:
    """The scorecard of today, which is made as of the day's first moment UTC unless it is there; None: nothing stored.

    The first one of a month also judges what was told up to the month's beginning; it is kept until the next one.
    """
    today, month = floor(now, DAY), month_start(now)
    with database.read() as connection:
        judged, newest = last_scorecard(connection, judged=True), last_scorecard(connection)
    if newest is not None and newest.until >= today:
        return newest
    history = History(database)
    if judged is None or judged.until < month:
        made = card_of(scorecard(config, history, month, RECORD_DAYS, rest=rest), None)
        if made["signals"]:
            with database.write() as connection:
                append_scorecard(connection, now, month, True, made)
                judged = last_scorecard(connection, judged=True)
    verdicts = None if judged is None else (judged.until, verdicts_of(judged.card))
    made = card_of(scorecard(config, history, today, RECORD_DAYS, rest=rest), verdicts or (None, {}))
    if today == month and judged is not None and judged.until == month:
        return judged
    with database.write() as connection:
        append_scorecard(connection, now, today, False, made)
        return last_scorecard(connection)


def month_start(now: int) -> int:
    """ms UTC of the first moment of the month that `now` is in."""
    day = datetime.fromtimestamp(floor(now, DAY) / 1000, UTC)
    return round(day.replace(day=1).timestamp() * 1000)


def verdicts_of(card: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    return {(row["signal"], row["direction"]): row["verdict"] for row in card["signals"]}


def card_of(card: Scorecard, settled: tuple[int | None, Mapping[tuple[str, str], str]] | None) -> dict[str, Any]:
    """A scorecard as JSON. settled: verdicts of the last month's end and when that was; None: as they are judged now.

    A signal on which no month's end has judged yet has the verdict None, or "too few".
    """
    judged_at = card.end if settled is None else settled[0]
    rows = []
    for each in card.rows:
        verdict: str | None = str(each.record.verdict)
        if settled is not None and verdict != "too few":
            verdict = settled[1].get((each.signal, each.direction))
            verdict = None if verdict == "too few" else verdict
        rows.append(row_of(each, verdict))
    return {
        "from": iso(card.start),
        "to": iso(card.end),
        "days": round((card.end - card.start) / DAY),
        "verdicts_of": None if judged_at is None else iso(judged_at),
        "signals": rows,
    }


def row_of(each: Scored, verdict: str | None) -> dict[str, Any]:
    """One signal and direction, JSON-ready; what is not known is None.

    Rows that older versions stored have no `told_pairs`, `only_pair`, `unjudged`, `mfe_pct`, `mae_pct` and `decay`.
    """
    record = each.record
    return {
        "signal": each.signal,
        "direction": each.direction,
        "horizon_minutes": each.horizon,
        "told": each.told,
        "told_pairs": len(each.told_of),
        "only_pair": next(iter(each.told_of)) if len(each.told_of) == 1 else None,
        "judged": each.judged,
        "unjudged": {str(reason): count for reason, count in each.unjudged.items()},
        "days": record.days,
        "pairs": record.pairs,
        "clusters": record.excess.clusters,
        "independent": _number(record.hits.independent),
        "median_pct": _number(record.median),
        "base_pct": _number(record.base),
        "excess_pct": [_number(record.excess.mean), _number(record.excess.low), _number(record.excess.high)],
        "cost_pct": _number(each.cost),
        "after_costs_pct": [_number(record.net.mean), _number(record.net.low), _number(record.net.high)],
        "hit": [_number(record.hits.share), _number(record.hits.low), _number(record.hits.high)],
        "mfe_pct": _number(each.mfe),
        "mae_pct": _number(each.mae),
        "decay": [
            {"minutes": minutes, "n": at.n, "excess_pct": [_number(at.mean), _number(at.low), _number(at.high)]}
            for minutes, at in each.decay.items()
        ],
        "p_value": _number(record.p_value),
        "verdict": verdict,
    }


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
