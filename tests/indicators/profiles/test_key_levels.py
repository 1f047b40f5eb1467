"""Key levels against plain loops over the trades of a day, the day before and the week before."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinmon import DAY, MINUTE, View
from coinmon_indicators.profile.key_levels import key_levels


def sparse(scene, seed, count):
    """A trade every now and then, so that weeks stay small."""
    chance, price, made = random.Random(seed), 10_000, []
    for _ in range(count):
        rows = []
        if chance.random() < 0.05:
            price += chance.randint(-30, 30)
            rows = [(price, chance.randint(1, 10**6), chance.choice((1, -1)))]
        made.append(scene.Minute("trades", rows))
    return made


@pytest.fixture(scope="module")
def ten_days(scene):
    """From Friday 2024-08-09 to Monday the 19th, 03:20; the week before is that of the 12th."""
    return sparse(scene, 11, 10 * 1440 + 200)


@pytest.fixture(scope="module")
def view(scene, ten_days):
    return scene.view(ten_days)


@pytest.fixture(scope="module")
def on_monday(view):
    return key_levels(view)


def test_each_stretch_is_what_a_plain_loop_says(scene, book, ten_days, on_monday):
    stretches = {
        "day": (on_monday.day, ten_days[14_400:]),
        "previous day": (on_monday.previous_day, ten_days[12_960:14_400]),
        "previous week": (on_monday.previous_week, ten_days[3 * 1440 : 10 * 1440]),
        "A": (on_monday.sessions[0], ten_days[14_400:]),
    }
    for name, (found, minutes) in stretches.items():
        trades = book.trades_of(scene, minutes)
        prices = [price for price, _, _ in trades]
        base, quote = sum(amount for _, amount, _ in trades), sum(price * amount for price, amount, _ in trades)
        assert (found.open, found.close) == (float(prices[0]), float(prices[-1])), name
        assert (found.high, found.low) == (float(max(prices)), float(min(prices))), name
        assert found.vwap == pytest.approx(float(quote / base), rel=1e-12), name
        step = book.usual_bin(trades, scene.tick)
        poc, top, bottom, _ = book.area_of(book.rows_of(trades, step), 70)
        assert (found.poc, found.vah, found.val) == (float(poc), float(top + step), float(bottom)), name
    first_hour = [price for price, _, _ in book.trades_of(scene, ten_days[14_400:14_460])]
    assert (on_monday.day.ib_high, on_monday.day.ib_low) == (float(max(first_hour)), float(min(first_hour)))
    assert on_monday.previous_week.ib_high is None
    assert [each.state for each in (on_monday.day, on_monday.previous_day)] == ["developing", "done"]


def test_the_ladder_is_every_level_with_its_distance(scene, book, ten_days, on_monday):
    last = book.trades_of(scene, ten_days)[-1][0]
    assert on_monday.last_price == float(last)
    named = {each.name: each for each in on_monday.levels}
    assert named["dPOC"].price == on_monday.day.poc
    assert named["pd high"].price == on_monday.previous_day.high
    assert named["pwVWAP"].price == on_monday.previous_week.vwap
    assert named["A POC"].price == on_monday.sessions[0].poc
    assert named["d IB high"].price == on_monday.day.ib_high
    assert "d close" not in named
    prices = [each.price for each in on_monday.levels]
    assert prices == sorted(prices, reverse=True)
    for each in on_monday.levels:
        assert each.distance_pct == pytest.approx(100 * (each.price / float(last) - 1), abs=1e-9)
        assert each.distance_atr == pytest.approx((each.price - float(last)) / on_monday.atr, abs=1e-9)


def test_a_higher_timeframe_bar_is_not_visible_before_it_closes(scene, book, ten_days, view, on_monday):
    """ATR is of closed hours: the twenty minutes after 03:00 are in no hour yet."""
    hours, close = [], None
    for i in range(10 * 24 + 3):
        prices = [price for price, _, _ in book.trades_of(scene, ten_days[i * 60 : i * 60 + 60])]
        high, low = (max(prices), min(prices)) if prices else (close, close)
        hours.append(max(high, close) - min(low, close) if close else None)
        close = prices[-1] if prices else close
    assert on_monday.atr == pytest.approx(float(sum(hours[-14:]) / 14), rel=1e-9)
    on_the_hour = View(view.instrument, scene.start + 10 * DAY + 180 * MINUTE, view.source)
    assert key_levels(on_the_hour).atr == on_monday.atr


def test_a_past_day_is_the_same_whenever_it_is_asked_about(scene, view):
    asked = [
        View(view.instrument, scene.start + ms, view.source) for ms in (6 * DAY, 6 * DAY + 5 * 60 * MINUTE, 9 * DAY)
    ]
    first, *later = (key_levels(each, date="2024-08-14") for each in asked)
    assert first.atr is not None
    assert [(each.atr, each.last_price, each.levels) for each in later] == [
        (first.atr, first.last_price, first.levels)
    ] * 2


def test_day_high_and_low_are_present_from_the_first_minute_on(scene):
    result = key_levels(scene.view([scene.Minute("trades", [(10_000, 1, 1), (10_050, 1, 1)])]))
    named = {each.name: each.price for each in result.levels}
    assert (named["d high"], named["d low"], named["dVWAP"]) == (100.5, 100.0, 100.25)
    assert result.atr is None
    assert "no ATR: it needs 14 closed hours" in result.reason
    assert result.previous_day.poc is None


def test_an_initial_balance_of_which_a_minute_is_missing_is_null(scene):
    minutes = [scene.Minute("trades", [(10_000, 1, 1)])] * 30 + [scene.Minute("missing", [])]
    assert key_levels(scene.view(minutes)).day.ib_high is None
    assert key_levels(scene.view(minutes[:30])).day.ib_high == 100.0


def test_a_past_day_is_asked_for_by_its_date(scene, view):
    past = key_levels(view, date="2024-08-18")
    then = key_levels(View(view.instrument, scene.start + 10 * DAY - MINUTE, view.source))
    assert (past.previous_day, past.day.state) == (then.previous_day, "done")
    assert past.previous_week == then.previous_week
    assert [each.name for each in past.sessions] == ["A", "L", "N", "E"]


@given(seed=st.integers(0, 10**6), cut=st.integers(1, 89), within=st.integers(0, MINUTE - 1))
@settings(max_examples=20, deadline=None)
def test_later_data_changes_nothing_as_of_a_moment(scene, seed, cut, within):
    minutes = scene.minutes(seed, 90, scene.kinds)
    now = scene.start + cut * MINUTE + within
    result = key_levels(scene.view(minutes, now))
    assert result == key_levels(scene.view(minutes[:cut], now))
    assert "NaN" not in result.model_dump_json()
    for lang in ("zh", "en"):
        assert not {"nan", "None"} & set(result.line(lang).split())
