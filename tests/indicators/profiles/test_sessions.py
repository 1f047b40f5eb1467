"""Sessions and their profiles against plain loops; days as clocks on the wall show them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinmon import MINUTE
from coinmon_indicators._days import day_span, session_spans
from coinmon_indicators.profile.session_levels import session_levels
from coinmon_indicators.profile.session_profile import session_profile

LEGACY = "TOKYO=00:00-09:00,LONDON=07:00-16:00,NY=13:00-22:00"
HOUR = 60 * MINUTE


def at(text):
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def of(result, name):
    return next(each for each in result.sessions if each.name == name)


@given(seed=st.integers(0, 10**6), count=st.integers(1, 30), size=st.sampled_from([None, "0.07"]))
@settings(max_examples=60, deadline=None)
def test_a_session_is_what_a_plain_loop_says(scene, book, seed, count, size):
    """Two sessions of ten and fifteen minutes, the second beginning five minutes before the first ends."""
    minutes = scene.minutes(seed, count)
    sessions = {"X": (0, 10), "Y": (5, 20)}
    result = session_profile(
        scene.view(minutes), sessions="X=00:00-00:10,Y=00:05-00:20", bin_size=size and float(size), interval="5m"
    )
    light = session_levels(scene.view(minutes), sessions="X=00:00-00:10,Y=00:05-00:20")
    assert [each.name for each in result.sessions] == [name for name, (a, _) in sessions.items() if a <= count]
    for found, plain in zip(result.sessions, light.sessions, strict=True):
        a, b = sessions[found.name]
        trades = book.trades_of(scene, minutes[a:b])
        assert found.state == ("done" if count >= b else "developing")
        assert found.minutes == min(b, count) - a
        assert plain.model_dump() == {
            key: value for key, value in found.model_dump().items() if key in type(plain).model_fields
        }
        if not trades:
            assert (found.vwap, found.poc) == (None, None)
            continue
        prices = [price for price, _, _ in trades]
        quote = sum(price * amount for price, amount, _ in trades)
        assert (found.open, found.close) == (float(prices[0]), float(prices[-1]))
        assert (found.high, found.low) == (float(max(prices)), float(min(prices)))
        assert found.quote_volume == pytest.approx(float(quote), rel=1e-12)
        delta = sum(side * price * amount for price, amount, side in trades)
        assert found.delta_quote == pytest.approx(float(delta), abs=1e-9 * float(quote))
        assert found.vwap == pytest.approx(float(quote / sum(amount for _, amount, _ in trades)), rel=1e-12)
        step = Decimal(size) if size else book.usual_bin(trades, scene.tick)
        poc, top, bottom, _ = book.area_of(book.rows_of(trades, step), 70)
        assert (found.poc, found.vah, found.val) == (float(poc), float(top + step), float(bottom))
        assert sum(each.quote_volume or 0 for each in found.candles) == pytest.approx(found.quote_volume)


def test_a_session_that_has_not_begun_is_absent_and_one_in_progress_is_developing(scene):
    result = session_profile(scene.view(scene.minutes(3, 420)))
    assert [(each.name, each.state) for each in result.sessions] == [("A", "done"), ("L", "developing")]
    assert [each.name for each in result.pd_sessions] == ["A", "L", "N", "E"]
    assert result.pd_sessions[0].poc is None
    begun = session_levels(scene.view(scene.minutes(3, 360), now=scene.start + 360 * MINUTE + 5_000))
    assert [(each.name, each.minutes) for each in begun.sessions] == [("A", 360), ("L", 0)]
    # a letter says nothing to who has not read the settings
    for found in (begun, result):
        assert (found.line("zh")[:3], found.line("en")[:5]) == ("亚洲 ", "Asia ")
    assert begun.line("zh").endswith("伦敦… -  (伦敦时段尚无收盘的分钟)")
    assert begun.line("en").endswith("London… -  (no minute of session London has closed)")


def test_overnight_sessions_belong_to_the_day_they_begin_on(scene):
    minutes = [scene.Minute("trades", [(10_000 + i // 60, 1, 1)]) for i in range(26 * 60)]
    result = session_levels(scene.view(minutes), sessions="LATE=20:00-00:00,NIGHT=22:00-04:00")
    assert result.date == "2024-08-10"
    assert result.sessions == []
    late, night = result.pd_sessions
    assert (late.low, late.high, late.state, late.minutes) == (100.20, 100.23, "done", 240)
    assert (night.low, night.high, night.state, night.minutes) == (100.22, 100.25, "developing", 240)


def test_dst_days():
    """On the day clocks go forward a day has 23 hours, on the day they go back 25."""
    spring, autumn = date(2024, 3, 31), date(2024, 10, 27)
    spans = [day_span(day, "Europe/Berlin") for day in (spring, autumn, date(2024, 7, 1))]
    assert [(span.end - span.start) // HOUR for span in spans] == [23, 25, 24]
    assert spans[0].start == at("2024-03-30T23:00")
    night, rest = session_spans(spring, "NIGHT=00:00-06:00,REST=06:00-24:00", "Europe/Berlin")
    assert (night.end - night.start, rest.end - rest.start) == (5 * HOUR, 18 * HOUR)
    assert night.end == rest.start == at("2024-03-31T04:00")
    (longer,) = session_spans(autumn, "NIGHT=00:00-06:00", "Europe/Berlin")
    assert longer.end - longer.start == 7 * HOUR


def test_dst_days_have_as_many_minutes_as_their_clocks(scene):
    start = at("2024-03-30T23:00")
    minutes = [scene.Minute("trades", [(10_000, 1, 1)])] * (23 * 60)
    result = session_levels(
        scene.view(minutes, start=start), date="2024-03-31", timezone="Europe/Berlin", sessions="DAY=00:00-24:00"
    )
    assert [(each.minutes, each.complete, each.state) for each in result.sessions] == [(1380, 1380, "done")]


def test_legacy_sessions_overlap(scene):
    minutes = [scene.Minute("trades", [(10_000 + i // 60, 1, 1)]) for i in range(24 * 60)]
    result = session_levels(scene.view(minutes, now=scene.start + 24 * HOUR - 1), sessions=LEGACY)
    ranges = {each.name: (each.low, each.high) for each in result.sessions}
    assert ranges == {"TOKYO": (100.0, 100.08), "LONDON": (100.07, 100.15), "NY": (100.13, 100.21)}


def test_one_session_or_one_window(scene):
    view = scene.view([scene.Minute("trades", [(10_000 + i // 60, 1, 1)]) for i in range(13 * 60)])
    assert [each.name for each in session_profile(view, session="L").sessions] == ["L"]
    unknown = session_profile(view, session="Z")
    assert (unknown.sessions, unknown.reason) == ([], "there is no session Z; there are A, L, N, E")
    window = session_profile(view, start=scene.start + 90 * MINUTE, end=scene.start + 150 * MINUTE)
    assert [(each.name, each.low, each.high) for each in window.sessions] == [("window", 100.01, 100.02)]
    assert window.pd_sessions == []


def test_an_open_or_a_close_that_was_not_seen_is_null(scene):
    traded, hole = scene.Minute("trades", [(10_000, 1, 1)]), scene.Minute("missing", [])
    first, second = session_levels(
        scene.view([hole, traded, traded, hole]), sessions="X=00:00-00:02,Y=00:02-00:04"
    ).sessions
    assert (first.open, first.high, first.close) == (None, 100.0, 100.0)
    assert (second.open, second.low, second.close) == (100.0, 100.0, None)
    assert first.complete == 1


def test_the_forming_minute_is_never_treated_as_closed(scene):
    minutes = scene.minutes(4, 11)
    forming = session_profile(scene.view(minutes, now=scene.start + 10 * MINUTE + 59_999))
    assert forming.sessions == session_profile(scene.view(minutes[:10], now=scene.start + 10 * MINUTE)).sessions


@given(seed=st.integers(0, 10**6), cut=st.integers(1, 29), within=st.integers(0, MINUTE - 1))
@settings(max_examples=30, deadline=None)
def test_later_data_changes_nothing_as_of_a_moment(scene, seed, cut, within):
    minutes = scene.minutes(seed, 30, scene.kinds)
    now = scene.start + cut * MINUTE + within
    asked = {"sessions": "X=00:00-00:10,Y=00:05-00:20"}
    for indicator in (session_profile, session_levels):
        assert indicator(scene.view(minutes, now), **asked) == indicator(scene.view(minutes[:cut], now), **asked)
        result = indicator(scene.view(minutes, now), **asked)
        assert "NaN" not in result.model_dump_json()
        for lang in ("zh", "en"):
            assert not {"nan", "None"} & set(result.line(lang).split())


def test_a_sessions_poc_is_naked_until_it_is_traded_again(scene):
    at_100, at_101 = (scene.Minute("trades", [(ticks, 1, 1)]) for ticks in (10_000, 10_100))
    quiet = scene.Minute("trades", [])

    def told(minutes):
        spans = "X=00:00-00:02,Y=00:02-00:04,Z=00:04-00:06"
        return {each.name: each.naked for each in session_profile(scene.view(minutes), sessions=spans).sessions}

    assert told([at_100, at_100, at_101, at_101, quiet]) == {"X": True, "Y": True, "Z": None}
    assert told([at_100, at_100, at_101, at_101, at_100]) == {"X": False, "Y": True, "Z": None}
    assert told([quiet, quiet, at_101, at_101])["X"] is None
