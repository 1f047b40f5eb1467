"""VWAP and its bands against a plain loop over Decimals."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinmon import DAY, MINUTE, Pair, View, iso, moment
from coinmon_indicators.profile.vwap import vwap
from coinmon_indicators.structure.structure import structure

PAIR = Pair("BTC", "USDT")


def spread(scene, minutes):
    """Exact sums over the minutes that count; sigma from trades where known, else from the minute's average."""
    counted = [minute for minute in minutes if minute.kind in ("trades", "klines", "no split")]
    rows = [[(ticks * scene.tick, lots * scene.lot) for ticks, lots, _ in minute.trades] for minute in counted]
    base = sum((amount for row in rows for _, amount in row), Decimal(0))
    quote = sum((price * amount for row in rows for price, amount in row), Decimal(0))
    if not base:
        return counted, base, quote, None, None
    average, square = quote / base, Decimal(0)
    for minute, row in zip(counted, rows, strict=True):
        if minute.kind != "trades" and row:
            total = sum(amount for _, amount in row)
            row = [(sum(price * amount for price, amount in row) / total, total)]
        square += sum(amount * (price - average) ** 2 for price, amount in row)
    return counted, base, quote, average, (square / base).sqrt()


@given(seed=st.integers(0, 10**6), count=st.integers(1, 30), kinds=st.sampled_from(["trades", "good", "all"]))
@settings(max_examples=120, deadline=None)
def test_vwap_and_bands_are_what_a_plain_loop_says(scene, seed, count, kinds):
    chosen = {"trades": ("trades",), "good": ("trades", "klines", "no split"), "all": scene.kinds}[kinds]
    minutes = scene.minutes(seed, count, chosen)
    result = vwap(scene.view(minutes))
    counted, base, quote, average, sigma = spread(scene, minutes)
    assert result.minutes == len(counted)
    if average is None:
        assert (result.vwap, result.sigma, result.upper_1) == (None, None, None)
        assert result.reason
        return
    assert result.vwap == pytest.approx(float(average), rel=1e-14)
    assert result.sigma == pytest.approx(float(sigma), rel=1e-6, abs=1e-9)
    assert result.upper_2 == pytest.approx(float(average + 2 * sigma))
    assert result.lower_1 == pytest.approx(float(average - sigma))
    assert result.volume == pytest.approx(float(base))
    assert result.quote_volume == pytest.approx(float(quote))
    if kinds == "trades":
        assert result.convention.endswith("sigma from traded prices")
        assert result.reason is None


def test_a_narrow_spread_at_a_high_price_does_not_cancel(scene):
    rows = [(10_000_000_000, 1, 1), (10_000_000_001, 1, -1)]
    result = vwap(scene.view([scene.Minute("trades", rows)] * 20))
    assert result.vwap == 100_000_000.005
    assert result.sigma == pytest.approx(0.005, rel=1e-6)


def test_sums_begin_with_the_utc_day_or_week_or_window(scene):
    friday, minutes = scene.start, scene.minutes(5, 30)
    # ten minutes of Thursday, twenty of Friday
    start = friday - 10 * MINUTE
    view = scene.view(minutes, start=start)
    day, week, window = (vwap(view, anchor=anchor, window=7) for anchor in ("day", "week", "window"))
    assert day.vwap == pytest.approx(float(spread(scene, minutes[10:])[3]))
    assert week.vwap == pytest.approx(float(spread(scene, minutes)[3]))
    assert window.vwap == window.window_vwap == pytest.approx(float(spread(scene, minutes[-7:])[3]))
    assert day.window_vwap == window.vwap
    assert (day.anchored_at.timestamp() * 1000, week.anchored_at.weekday()) == (friday, 0)
    assert week.anchored_at.timestamp() * 1000 == friday - 4 * DAY
    assert (day.coverage.minutes, window.coverage.minutes) == (20, 7)
    assert "not counted" in week.reason


def test_a_day_that_has_just_begun_has_no_vwap_yet(scene):
    result = vwap(scene.view(scene.minutes(1, 10), start=scene.start - 10 * MINUTE, now=scene.start + 30_000))
    assert result.vwap is None
    assert result.reason == "no minute has closed since 2024-08-09T00:00:00Z"
    assert result.window_vwap is not None


def test_sums_begin_with_the_month_the_session_or_a_time(scene):
    minutes = scene.minutes(5, 400)
    view = scene.view(minutes)
    month = vwap(view, anchor="month")
    assert month.anchored_at.isoformat() == "2024-08-01T00:00:00+00:00"
    session = vwap(view, anchor="session")
    assert (session.anchored_at.hour, session.minutes) == (6, 40)
    assert session.vwap == pytest.approx(float(spread(scene, minutes[360:])[3]))
    past_midnight = vwap(scene.view(minutes[:10]), anchor="session", sessions="X=22:00-04:00")
    assert past_midnight.anchored_at.isoformat() == "2024-08-08T22:00:00+00:00"
    closed = vwap(view, anchor="session", sessions="X=22:00-04:00")
    assert (closed.vwap, closed.reason) == (None, "no session is going on")
    since = vwap(view, anchor="time", since="2024-08-09T06:30:20Z")
    assert since.vwap == pytest.approx(float(spread(scene, minutes[390:])[3]))
    assert vwap(view, anchor="time", since="2024-08-09 08:30", timezone="Europe/Berlin").vwap == since.vwap
    assert vwap(view, anchor="time").reason == "anchor time needs `since`"
    assert since.upper_3 == pytest.approx(since.vwap + 3 * since.sigma)


def test_klines_without_quote_volume_cannot_count_and_are_named(scene):
    result = vwap(scene.view([scene.Minute("no quote", [(10_000, 3, 1)])] * 4))
    assert (result.vwap, result.window_vwap, result.volume) == (None, None, None)
    assert "4 of 4 minutes" in result.reason
    assert "4 of them klines without quote volume" in result.reason
    assert result.last_price == 100.0


def test_a_minute_that_lost_trades_does_not_count(scene):
    minutes = [scene.Minute("trades", [(10_000, 3, 1)]), scene.Minute("gap", [(20_000, 3, 1)])]
    result = vwap(scene.view(minutes))
    assert (result.vwap, result.minutes) == (100.0, 1)
    assert result.reason.startswith("1 of 2 minutes")


def test_a_spread_from_minute_averages_says_so(scene):
    minutes = [scene.Minute("klines", [(10_000, 1, 1), (10_100, 1, 1)])] * 2
    result = vwap(scene.view([*minutes, scene.Minute("trades", [(10_050, 1, 1)])]))
    assert result.sigma == pytest.approx(0, abs=1e-9)
    assert result.convention.endswith("sigma from one-minute averages in 2 of 3 minutes, a floor")


@given(seed=st.integers(0, 10**6), cut=st.integers(1, 29), within=st.integers(0, MINUTE - 1))
@settings(max_examples=30, deadline=None)
def test_nothing_later_than_the_moment_is_looked_at(scene, seed, cut, within):
    minutes = scene.minutes(seed, 30, scene.kinds)
    now = scene.start + cut * MINUTE + within
    assert vwap(scene.view(minutes, now)) == vwap(scene.view(minutes[:cut], now))


@given(seed=st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_json_and_lines_have_no_nan(scene, seed):
    result = vwap(scene.view(scene.minutes(seed, 8, scene.kinds)))
    assert "NaN" not in result.model_dump_json()
    for lang in ("zh", "en"):
        assert "nan" not in result.line(lang)
        assert "None" not in result.line(lang)


def test_sums_begin_with_the_last_confirmed_swing(scene):
    """Up for ten minutes and down for ten: the top is a swing two closed candles later."""
    prices = [10_000 + 10 * min(i, 20 - i) for i in range(20)]
    minutes = [scene.Minute("trades", [(ticks, 1, 1)]) for ticks in prices]

    def anchored(count):
        def compute(name, subject):
            return structure(subject, timeframe="1m", bars=20, pivot_left=2, pivot_right=2)

        return vwap(replace(scene.view(minutes[:count]), compute=compute), anchor="swing")

    assert (anchored(12).vwap, anchored(12).reason) == (None, "no swing is confirmed")
    assert anchored(13).anchored_at == moment(scene.start + 10 * MINUTE)
    assert anchored(20).vwap == pytest.approx(sum(prices[10:]) / 10 / 100)


def test_sums_begin_with_the_last_signal_told(scene):
    minutes = scene.minutes(5, 30)
    told = [
        {"event": name, "time": iso(scene.start + second * 1000)}
        for name, second in (("signal", 300), ("signal", 615), ("whale", 700), ("signal", 1500))
    ]

    def anchored(now, told):
        return vwap(View(scene.instrument(), now, scene.view(minutes, told=told).source, None, PAIR), anchor="signal")

    result = anchored(scene.start + 20 * MINUTE, told)
    # the minute it was told in counts; what is told later is not known
    assert result.anchored_at == moment(scene.start + 10 * MINUTE)
    assert result.vwap == pytest.approx(float(spread(scene, minutes[10:20])[3]))
    assert anchored(scene.start + 20 * MINUTE, []).reason == "no signal was told in the last 7 days"
    assert anchored(scene.start + 8 * DAY, told[:1]).vwap is None
