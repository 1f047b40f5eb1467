"""`get_scorecard`: the stored scorecard as it is, nothing where there is none, and a part where it is too long."""

import asyncio
from typing import Any

import pytest

from coinmon.model.moment import DAY, iso
from coinmon.store.scorecards import append_scorecard
from coinmon_mcp._edition import Edition
from coinmon_mcp._http.metrics import Metrics
from coinmon_mcp._tools.toolbox import CallFailed, Toolbox

from ..conftest import NOW, Stored


def ask(stored: Stored, **arguments: Any) -> Any:
    toolbox = Toolbox(stored.desk, Edition(stored.desk), Metrics())
    return asyncio.run(toolbox.call("get_scorecard", {"at": iso(NOW), **arguments}))


def row(signal: str, verdict: str | None) -> dict[str, Any]:
    return {
        "signal": signal, "direction": "bullish", "horizon_minutes": 60, "told": 63, "judged": 61,
        "days": 40,
        "pairs": 3, "clusters": 40, "independent": 58.2, "median_pct": 0.17, "base_pct": -0.02,
        "excess_pct": [0.19, 0.1, 0.28],
        "cost_pct": 0.13, "after_costs_pct": [0.06, 0.01, 0.15], "hit": [0.65, 0.58, 0.71], "p_value": 0.001,
        "verdict": verdict,
    }  # fmt: skip


def keep(stored: Stored, made: int, *rows: dict[str, Any]) -> str:
    until = made - made % DAY
    card = {"from": iso(until - 90 * DAY), "to": iso(until), "days": 90, "verdicts_of": iso(until), "signals": [*rows]}
    with stored.database.write() as connection:
        kept = append_scorecard(connection, made, until, False, card)
    assert kept is not None
    return kept.hash


def test_it_answers_with_the_newest_stored_row_as_of_the_moment(stored: Stored) -> None:
    older = keep(stored, NOW - 2 * DAY, row("surge", "not proven"))
    newer = keep(stored, NOW - DAY, row("surge", "proven"), row("slump", None))
    found = ask(stored)
    assert found["hash"] == newer
    assert found["made"] == iso(NOW - DAY)
    assert found["days"] == 90
    assert found["signals"] == [row("surge", "proven"), row("slump", None)]
    assert "no recommendation" in found["convention"]
    assert ask(stored, at=iso(NOW - 2 * DAY + 1000))["hash"] == older


def test_what_is_described_beside_the_verdict_comes_with_new_rows_and_old_ones_do_without(stored: Stored) -> None:
    described = {
        **row("surge", "proven"),
        "unjudged": {"no_base": 2, "not_over": 0},
        "mfe_pct": 0.4,
        "mae_pct": -0.2,
        "decay": [{"minutes": 5, "n": 61, "excess_pct": [0.02, None, None]}],
    }
    keep(stored, NOW - DAY, described, row("slump", None))
    new, old = ask(stored)["signals"]
    assert new == described
    assert "decay" not in old


def test_only_the_signals_asked_for(stored: Stored) -> None:
    keep(stored, NOW - DAY, row("surge", "proven"), row("slump", None))
    assert [each["signal"] for each in ask(stored, signals=["slump"])["signals"]] == ["slump"]
    assert ask(stored, signals=["nobody"])["signals"] == []


def test_where_nothing_is_stored_it_says_so(stored: Stored) -> None:
    found = ask(stored)
    assert found["signals"] == []
    assert (found["made"], found["hash"], found["verdictsOf"], found["days"]) == (None, None, None, None)


def test_a_long_one_is_cut_and_can_be_read_to_its_end(stored: Stored) -> None:
    names = [f"signal_{number}" for number in range(60)]
    keep(stored, NOW - DAY, *(row(name, "not proven") for name in names))
    found, cursor = [], None
    for _ in range(60):
        part = ask(stored, maxTokens=3000, **({} if cursor is None else {"cursor": cursor}))
        assert part["signals"]
        found += [each["signal"] for each in part["signals"]]
        cursor = part["cursor"]
        if cursor is None:
            break
    assert found == names, "best evidence first, each once"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"symbol": "BTCUSDT"}, "no such argument; get_scorecard takes maxTokens, cursor, at, signals"),
        ({"signals": "surge"}, "signals: Input should be a valid list"),
        ({"signals": ["x"] * 51}, "signals: List should have at most 50 items"),
        ({"at": "2031-01-01"}, "has not come yet"),
        ({"at": "yesterday"}, "is not a time"),
    ],
)
def test_a_bad_question_is_told_what_to_do(stored: Stored, arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(CallFailed, match=told):
        ask(stored, **arguments)
