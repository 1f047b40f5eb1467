"""The line of an alert that says what such alerts have been worth, in every channel, and routes that ask for it."""

import json
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest

from coinmon.config.load import NotifyConfig
from coinmon.config.schema import Requirement
from coinmon.model.events import as_json
from coinmon.notify.events import signal_event
from coinmon.notify.record import RecordBook, line
from coinmon.notify.routing import Route
from coinmon.store.scorecards import StoredScorecard
from coinmon_outputs._facts import pages_everyone
from coinmon_outputs._lines import line as log_line
from coinmon_outputs._writer import Writer

from .conftest import NOW, signal

PROVEN = {
    "signal": "surge", "direction": "bullish", "horizon_minutes": 60, "told": 63, "judged": 63, "days": 40, "pairs": 2,
    "clusters": 40, "independent": 61.2, "median_pct": 0.17, "base_pct": -0.02, "excess_pct": [0.19, 0.1, 0.28],
    "cost_pct": 0.13, "after_costs_pct": [0.06, 0.01, 0.11], "hit": [0.65, 0.58, 0.71], "p_value": 0.001,
    "verdict": "proven",
}  # fmt: skip
FEW = {**PROVEN, "told": 4, "judged": 3, "verdict": "too few", "median_pct": None, "hit": [None, None, None]}


def book(row=PROVEN):
    return RecordBook(StoredScorecard(7, NOW, NOW, False, "live", {"days": 90, "signals": [row]}, "ab" * 32))


def struct(row=PROVEN, **changes):
    said = signal(**changes)
    return signal_event(said, "id1", NOW, None, book(row).of(said))


def event(row=PROVEN, **changes):
    return as_json(struct(row, **changes))


def test_the_line_says_how_often_what_came_of_it_and_how_sure_that_is():
    assert line(PROVEN, 90, "en") == (
        "63 times in 90 days; after 1 h +0.17 % median, base -0.02 %; "
        "hit 65 % (95 % 58-71, 61 independent); after costs: proven"
    )
    assert line(PROVEN, 90, "zh") == (
        "90 天内 63 次；1 小时后中位 +0.17 %，基准 -0.02 %；命中 65 %（95 % 区间 58-71，独立 61 次）；扣费后：已证实"
    )
    many, one = ({**PROVEN, **each} for each in ({"told_pairs": 12}, {"told_pairs": 1, "only_pair": "BTC/USDT"}))
    assert line(many, 90, "en").startswith("63 times in 90 days on 12 pairs; after 1 h +0.17 %")
    assert line(many, 90, "zh").startswith("90 天内在 12 个交易对上 63 次；1 小时后")
    assert line(one, 90, "en").startswith("63 times in 90 days on BTC/USDT alone; ")
    assert line(one, 90, "zh").startswith("90 天内仅在 BTC/USDT 上 63 次；")
    neutral = {**PROVEN, "direction": "neutral", "median_pct": 0.41, "base_pct": 0.3, "horizon_minutes": 15}
    assert "after 15 min a move of 0.41 % median, usual 0.30 %" in line(neutral, 90, "en")
    days = [line({**PROVEN, "horizon_minutes": each}, 90, "en") for each in (1440, 1439, 2880)]
    assert [each.split("; ")[1].split(" +")[0] for each in days] == ["after 1 d", "after 1439 min", "after 2 d"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (FEW, "4 times in 90 days, 3 of them judged, too few to say"),
        ({**FEW, "told": 1, "judged": 1}, "1 time in 90 days, too few to say"),
        ({**FEW, "judged": 4, "told_pairs": 3}, "4 times in 90 days on 3 pairs, too few to say"),
        ({**FEW, "judged": 4, "only_pair": "A/B"}, "4 times in 90 days on A/B alone, too few to say"),
        ({**FEW, "told": 999, "judged": int("999")}, "999 times in 90 days, too few to say"),
    ],
)
def test_too_few_is_said_without_figures_that_would_mean_nothing(row, said):
    assert line(row, 90, "en") == said
    assert "太少" in line(row, 90, "zh")


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("not proven", "not proven"),
        ("worse than chance", "worse than chance"),
        ("edge, not after costs", "not after costs"),
        (None, "no verdict before the month's end"),
    ],
)
def test_other_verdicts_in_plain_words(verdict, said):
    assert said in line({**PROVEN, "verdict": verdict}, 90, "en")


def test_the_first_of_its_kind_and_an_empty_database():
    assert event(name="other")["record"]["text"]["en"] == "none in 90 days"
    assert event(name="other")["record"]["told"] == RecordBook().of(signal()).told == 0
    assert event(name="other")["record"]["judged"] == RecordBook().of(signal()).judged == 0
    assert RecordBook().of(signal()).text.en == "none yet"
    assert RecordBook().of(signal()).verdict == "too few"
    assert RecordBook().of(signal(grade=None)) is None


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_channel_has_it(lang):
    told = event()
    said = told["record"]["text"][lang]
    assert said in log_line(told, lang)
    assert said in Writer("x", lang, None, None).text(told)
    digest = {"event": "digest", "id": "d", "time": told["time"], "reason": "digest", "events": [told]}
    assert said in Writer("x", lang, None, None).text(digest)
    assert json.loads(json.dumps(told, allow_nan=False))["record"]["scorecard"] == "ab" * 8


def route(require: Requirement = "any", at_all: Requirement = "any", record=False):
    policy = NotifyConfig(require=require, at_all_requires=at_all)
    return Route(frozenset({"signal", "whale"}), record, policy, None, frozenset(), ZoneInfo("UTC"))


@pytest.mark.parametrize(
    ("verdict", "passes"),
    [
        ("proven", {"any", "not_worse", "proven"}),
        ("too few", {"any", "not_worse"}),
        (None, {"any", "not_worse"}),
        ("worse than chance", {"any"}),
    ],
)
def test_routes_may_ask_for_a_record(verdict, passes):
    made = struct({**PROVEN, "verdict": verdict})
    told = as_json(made)
    assert {each for each in ("any", "not_worse", "proven") if route(each).takes(made)} == passes
    paged = {each for each in ("any", "not_worse", "proven") if pages_everyone(route(at_all=each).addressed(told), "A")}
    assert paged == passes
    assert route("proven", record=True).takes(made), "a record gets all there is"


def test_a_digest_pages_by_each_of_its_events():
    bad, good = event({**PROVEN, "verdict": "worse than chance"}), event()
    digest = {"event": "digest", "events": [bad]}
    assert not pages_everyone(route(at_all="not_worse").addressed(digest), "A")
    assert pages_everyone(route(at_all="not_worse").addressed({"event": "digest", "events": [bad, good]}), "A")


def test_it_is_a_look_into_a_table():
    """5 ms are asked for; nothing is computed where an alert is made."""
    held, said = book(), signal()
    began = perf_counter()
    for _ in range(100):
        held.of(said)
    assert (perf_counter() - began) / 100 < 0.005
