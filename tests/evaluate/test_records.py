"""Stored scorecards: only added to, verdicts at month ends alone, and whoever touches one is found out."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, insert, update

from coinmon.evaluate.score import Record, Verdict
from coinmon.evaluate.statistics.intervals import Estimate, HitRate
from coinmon.model.moment import DAY, iso
from coinmon.notify.record import RecordBook
from coinmon.run import records
from coinmon.run.scorecard import Scorecard, Scored
from coinmon.spoken.phrases import Phrases
from coinmon.store.database import open_database
from coinmon.store.schema import scorecards, signals
from coinmon.store.scorecards import append_scorecard, broken_links, count_scorecards, last_scorecard


def at(month, day, hour=6):
    return round(datetime(2026, month, day, hour, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture
def database(tmp_path):
    opened = open_database(f"sqlite:///{tmp_path / 'coinmon.db'}")
    yield opened
    opened.close()


@pytest.fixture
def verdict(monkeypatch):
    """What the judges would say; the moments that they were asked about are kept."""
    said = {"now": Verdict.PROVEN, "asked": []}

    def made(config, history, now, days, rest):
        said["asked"].append(now)
        found = Record(40, 30, 2, 0.17, -0.02, Estimate(0.19, 0.1, 0.28, 40, 30), Estimate(0.06, 0.01, 0.15, 40, 30),
                       HitRate(0.65, 0.58, 0.71, 40, 38.0), 0.001, said["now"])  # fmt: skip
        return Scorecard(now - days * DAY, now, [Scored("surge", "bullish", 60, 63, 40, 0.13, found)])

    monkeypatch.setattr(records, "scorecard", made)
    return said


def shown(stored):
    return stored.card["signals"][0]["verdict"]


def test_verdicts_change_at_month_ends_only(database, verdict):
    first = records.renew(None, database, at(3, 10))
    assert verdict["asked"] == [at(3, 1, 0), at(3, 10, 0)], "as of the month's beginning, and of the day's"
    assert (first.card["verdicts_of"], shown(first)) == (iso(at(3, 1, 0)), "proven")
    verdict["now"] = Verdict.NOT_PROVEN
    assert records.renew(None, database, at(3, 10, 20)) == first, "once a day"
    for day in (11, 31):
        assert shown(records.renew(None, database, at(3, day))) == "proven"
    april = records.renew(None, database, at(4, 2))
    assert (april.card["verdicts_of"], shown(april)) == (iso(at(4, 1, 0)), "not proven")
    with database.read() as connection:
        assert broken_links(connection) == []
        assert count_scorecards(connection) == 6


def test_what_no_month_end_has_judged_has_no_verdict_and_too_few_is_said_at_once(database, verdict):
    verdict["now"] = Verdict.TOO_FEW
    assert shown(records.renew(None, database, at(3, 10))) == "too few"
    verdict["now"] = Verdict.PROVEN
    assert shown(records.renew(None, database, at(3, 11))) is None
    verdict["now"] = Verdict.TOO_FEW
    assert shown(records.renew(None, database, at(3, 12))) == "too few"


def fill(database, verdict):
    for day in (10, 11, 12):
        records.renew(None, database, at(3, day))
    with database.read() as connection:
        quoted = last_scorecard(connection).hash[:16]
    event = {"event": "signal", "record": {"scorecard": quoted}}
    row = {"id": "abc", "key": "k", "pair": "BTC/USDT", "name": "surge", "grade": "A", "time": 1, "event": event}
    with database.write() as connection:
        connection.execute(insert(signals), row)


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (update(scorecards).where(scorecards.c.number == 2).values(card="{}"), "row 2 was changed"),
        (update(scorecards).where(scorecards.c.number == 3).values(made=5), "row 3 was changed"),
        (update(scorecards).where(scorecards.c.number == 3).values(hash="0" * 64), "row 4 does not follow"),
        (delete(scorecards).where(scorecards.c.number == 2), "row 2 is missing"),
        (delete(scorecards).where(scorecards.c.number == 4), "alert abc quotes scorecard"),
        (delete(scorecards), "alert abc quotes scorecard"),
    ],
)
def test_tampering_is_found(database, verdict, tamper, found):
    fill(database, verdict)
    with database.read() as connection:
        assert broken_links(connection) == []
    with database.write() as connection:
        connection.execute(tamper)
    with database.read() as connection:
        problems = broken_links(connection)
    assert any(found in each for each in problems), problems
    # as the command says it in Chinese, but for names
    said = [Phrases(["coinmon"]).say(f"scorecards: {each}") for each in problems]
    assert all("记录链" in each for each in said)
    assert not re.search(r"\b(row|scorecards?|alert|was|is)\b", " ".join(said)), said


def test_a_day_is_stored_once_whoever_makes_it_and_live_and_replayed_are_apart(database):
    with database.write() as connection:
        assert append_scorecard(connection, 1, 2, True, {"signals": []})
        assert append_scorecard(connection, 1, 2, True, {"signals": []}) is None
        assert append_scorecard(connection, 1, 2, True, {"signals": [1]}, "replayed")
    with database.read() as connection:
        assert last_scorecard(connection).card == {"signals": []}
        assert last_scorecard(connection, source="replayed").card == {"signals": [1]}


def test_a_look_at_the_past_has_the_records_of_then(database, verdict):
    for day in (10, 11):
        records.renew(None, database, at(3, day))
    then = RecordBook.stored(database, at(3, 10, 23))
    now = RecordBook.stored(database)
    assert then._stored.until == at(3, 10, 0)
    assert now._stored.until == at(3, 11, 0)
    assert RecordBook.stored(database, at(3, 9))._stored is None


HASH_OF_AN_OLD_ROW = "95e3990bb66438466aec3833951c7f572e48512470ac21e2127f8edd0e6a85d1"


def test_rows_stored_before_more_was_described_stay_valid_among_new_ones(database, verdict):
    """Their hashes hold, alerts quote them, and the next row follows."""
    old = {
        "signal": "surge", "direction": "bullish", "horizon_minutes": 60, "told": 63, "judged": 40, "days": 30,
        "pairs": 2, "clusters": 30, "independent": 38.0, "median_pct": 0.17, "base_pct": -0.02,
        "excess_pct": [0.19, 0.1, 0.28], "cost_pct": 0.13, "after_costs_pct": [0.06, 0.01, 0.15],
        "hit": [0.65, 0.58, 0.71], "p_value": 0.001, "verdict": "proven",
    }  # fmt: skip
    card = {"from": iso(0), "to": iso(at(3, 1, 0)), "days": 90, "verdicts_of": iso(at(3, 1, 0)), "signals": [old]}
    with database.write() as connection:
        kept = append_scorecard(connection, at(3, 1), at(3, 1, 0), True, card)
    assert kept.hash == HASH_OF_AN_OLD_ROW, "what was hashed then is what is hashed now"
    assert RecordBook.stored(database)._rows["surge", "bullish"]["hit"] == [0.65, 0.58, 0.71]
    new = records.renew(None, database, at(3, 10))
    assert shown(new) == "proven"
    assert {"unjudged", "mfe_pct", "mae_pct", "decay"} <= set(new.card["signals"][0])
    with database.read() as connection:
        assert broken_links(connection) == []
        assert last_scorecard(connection, judged=True).card["signals"] == [old]
        assert count_scorecards(connection) == 2
