"""What is told when, how much of it, and together with what."""

from datetime import UTC, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from coinmon.config.load import NotifyConfig
from coinmon.config.schema import RouteConfig
from coinmon.model.events import BothLanguages, SignalEvent, WhaleEvent
from coinmon.model.moment import MINUTE, iso
from coinmon.notify.batching import next_batch
from coinmon.notify.rate_limit import free, ms_to_next
from coinmon.notify.routing import Route, routes
from coinmon.plugin.catalog import load_catalog
from coinmon.store.deliveries import Waiting

WHEN = "2026-01-15T00:00:00Z"
WORDS = BothLanguages("涨", "up")


def event(grade, pair="BTC/USDT"):
    return SignalEvent("1", WHEN, pair, "surge", grade, "bullish", WORDS, WORDS, None, {})


A, B, GRAVEST = (event(grade) for grade in ("A", "B", "A+"))


def route(zone="UTC", digest=(), **policy):
    kinds = frozenset({"signal", "whale"})
    return Route(kinds, False, NotifyConfig(**policy), None, frozenset(digest), ZoneInfo(zone))


def at(text):
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(("time", "due"), [("10:00", "10:30"), ("10:29", "10:30"), ("10:30", "11:00")])
def test_grade_b_waits_for_the_digest_and_a_does_not(time, due):
    now = at(f"2026-01-15T{time}:00")
    assert route(digest=("B",)).due("x", B, now) == ("x", at(f"2026-01-15T{due}:00"), "digest")
    assert route(digest=("B",)).due("x", A, now) == ("x", now, None)
    assert route().due("x", B, now) == ("x", now, None)


@pytest.mark.parametrize(
    ("zone", "time", "end"),
    [
        ("UTC", "2026-01-15T23:00:00", "2026-01-16T07:00:00"),
        ("UTC", "2026-01-16T06:59:59", "2026-01-16T07:00:00"),
        ("UTC", "2026-01-16T07:00:00", None),
        ("UTC", "2026-01-16T22:59:00", None),
        ("Asia/Shanghai", "2026-01-15T15:30:00", "2026-01-15T23:00:00"),
        ("Asia/Shanghai", "2026-01-15T23:30:00", None),
        # the clocks go back this night: seven o'clock is an hour later
        ("Europe/Berlin", "2026-10-24T21:30:00", "2026-10-25T06:00:00"),
    ],
)
def test_quiet_hours_hold_back_until_they_end_in_the_outputs_zone(zone, time, end):
    now = at(time)
    expected = ("x", now, None) if end is None else ("x", at(end), "quiet")
    assert route(zone, quiet="23:00-07:00").due("x", A, now) == expected
    assert route(zone, quiet="23:00-07:00").due("x", GRAVEST, now) == ("x", now, None), "A+ is told all the same"


def test_quiet_hours_within_a_day():
    assert route(quiet="12:00-14:00").due("x", A, at("2026-01-15T13:00:00")).at == at("2026-01-15T14:00:00")
    assert route(quiet="12:00-14:00").due("x", A, at("2026-01-15T14:00:00")).gather is None


def test_each_output_has_its_own_rules_and_the_rest_from_notify():
    own = RouteConfig(grades=("A+",), pairs=("BTCUSDT",), whale=False, per_minute=5, digest=())
    chosen = {name: SimpleNamespace(events=None, route=each, settings={}) for name, each in
              {"own": own, "rest": RouteConfig()}.items()}  # fmt: skip
    config = SimpleNamespace(notify=NotifyConfig(grades=("A",)), outputs=chosen, timezone="UTC", catalog=load_catalog())
    robot = SimpleNamespace(wants=frozenset({"signal", "whale"}), digests=frozenset({"B"}))
    made = routes(config, {"own": robot, "rest": robot})
    assert (made["own"].policy.per_minute, made["rest"].policy.per_minute) == (5, 18)
    assert (made["own"].digest, made["rest"].digest) == (frozenset(), frozenset({"B"}))
    events = [event(grade, pair) for grade in ("A+", "A") for pair in ("BTC/USDT", "ETH/USDT")]
    assert [made["own"].takes(event) for event in events] == [True, False, False, False]
    assert [made["rest"].takes(event) for event in events] == [False, False, True, True]
    whale = WhaleEvent("2", WHEN, "BTC/USDT", "okx:BTC/USDT", "okx", "spot", "buy", 1.0, 1e9, 1e9, 7, 1)
    assert (made["own"].takes(whale), made["rest"].takes(whale)) == (False, True)


def test_never_more_in_any_minute_than_allowed():
    posts, now, made = [], 0, []
    for now in range(0, 10 * MINUTE, 500):
        while free(posts, now, 18):
            posts.append(now)
            made.append(now)
        assert 0 < ms_to_next(posts, now, 18) <= MINUTE
    assert max(sum(start <= each < start + MINUTE for each in made) for start in made) == 18
    assert len(made) == 180


def test_a_clock_that_was_set_back_does_not_stop_sending_for_longer_than_a_minute():
    posts = [10 * MINUTE] * 18
    assert free(posts, 5 * MINUTE, 18) == 0
    assert free(posts, 5 * MINUTE, 3) == 0, "a limit that was lowered since"
    assert ms_to_next(posts, 5 * MINUTE, 18) == MINUTE


def waiting(number, gather=None, message=None, time=0, attempts=0, part=0):
    event = {"event": "signal", "id": f"s{number}", "time": iso(number), "pair": "BTC/USDT"}
    return Waiting(number, attempts, gather, message, part, f"s{number}", time, event)


def ids(batch):
    return [row.id for row in batch.rows]


def test_one_by_one_while_there_is_room_and_together_when_there_is_not():
    few, many = [waiting(each) for each in range(15)], [waiting(each) for each in range(16)]
    assert ids(next_batch(few, 18, 18, 0)) == [0]
    batch = next_batch(many, 18, 18, 0)
    assert ids(batch) == list(range(16))
    assert (batch.event["event"], batch.event["reason"], len(batch.event["events"])) == ("digest", "busy", 16)
    assert batch.id == next_batch(many, 18, 18, 0).id, "the same rows are the same message"


def test_one_that_waits_is_itself_however_little_room_there_is():
    batch = next_batch([waiting(7)], 1, 18, 0)
    assert (batch.id, batch.event["event"]) == ("s7", "signal")


def test_a_message_that_was_begun_goes_on_as_it_was():
    rows = [waiting(1, message="d1"), waiting(2, message="d1"), waiting(3)]
    batch = next_batch(rows, 18, 18, 0)
    assert (batch.id, ids(batch)) == ("d1", [1, 2])
    # of which one is left, whatever it is: under its name
    batch = next_batch([waiting(1, message="d1")], 18, 18, 0)
    assert (batch.id, batch.event["event"]) == ("d1", "signal")


def test_what_is_late_is_told_with_all_that_waits_behind_it():
    rows = [waiting(1, time=5, attempts=3, message="s1"), waiting(2, time=99), waiting(3, time=99)]
    batch = next_batch(rows, 18, 18, 50)
    assert (ids(batch), batch.event["reason"]) == ([1, 2, 3], "late")


def test_what_arrived_in_part_is_not_told_again_however_late_the_rest_is():
    rows = [waiting(1, time=5, attempts=3, message="s1", part=1), waiting(2, time=99)]
    batch = next_batch(rows, 18, 18, 50)
    assert (batch.id, ids(batch), batch.part) == ("s1", [1], 1)


def test_digests_of_different_kinds_stay_apart():
    rows = [waiting(1, "digest"), waiting(2, "quiet"), waiting(3, "digest"), waiting(4)]
    assert ids(next_batch(rows, 18, 18, 0)) == [1, 3]
    assert ids(next_batch(rows[1:2] + rows[3:], 18, 18, 0)) == [2]
    for gather in ("digest", "quiet"):
        batch = next_batch([waiting(1, gather), waiting(2, gather)], 18, 18, 0)
        assert batch.event["reason"] == gather
