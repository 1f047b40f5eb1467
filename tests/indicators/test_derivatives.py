"""Open interest and funding: what is known, and what is not made up."""

import pytest

from coinmon import MINUTE, Funding, OpenInterest
from coinmon_indicators.derivatives.funding import funding
from coinmon_indicators.derivatives.open_interest import open_interest

HOUR = 60 * MINUTE


def perp(scene, **samples):
    minutes = [scene.Minute("trades", [(10_000, 1, 1)])] * 50
    return scene.view(minutes, kind="perp", now=scene.start + 50 * MINUTE + 20_000, **samples)


def at(scene, minute, base, value=None):
    return OpenInterest(scene.start + minute * MINUTE, base, value)


def test_open_interest_and_its_change_over_the_window(scene):
    samples = [at(scene, -30, 70.0), at(scene, -2, 80.0, 8e3), at(scene, 20, 90.0), at(scene, 50, 100.0, 11e3)]
    result = open_interest(perp(scene, interest=samples))
    assert (result.open_interest, result.value, result.value_from, result.age) == (100.0, 11e3, "venue", 20.0)
    assert (result.change, result.change_pct, result.change_seconds) == (20.0, 25.0, 52 * 60.0)
    assert result.reason is None
    assert result.line("en") == "open interest 100 BTC ($11k)  50 min +20 (+25.00%)"


def test_a_venue_that_gives_no_value_is_valued_at_the_last_close(scene):
    result = open_interest(perp(scene, interest=[at(scene, 50, 3.0)]))
    assert (result.value, result.value_from) == (300.0, "last close")


def test_a_value_is_unknown_without_a_price(scene):
    view = scene.view([], now=scene.start + MINUTE, kind="perp", interest=[at(scene, 0, 3.0)])
    result = open_interest(view)
    assert (result.value, result.value_from) == (None, None)
    assert "no price is known" in result.reason


def test_without_a_sample_about_a_window_ago_there_is_no_change(scene):
    result = open_interest(perp(scene, interest=[at(scene, 30, 90.0), at(scene, 50, 100.0)]))
    assert (result.open_interest, result.change, result.change_pct) == (100.0, None, None)
    assert result.reason == "no sample about 50 minutes before the latest"


def test_a_change_from_nothing_has_no_percentage(scene):
    result = open_interest(perp(scene, interest=[at(scene, 0, 0.0), at(scene, 50, 100.0)]))
    assert (result.change, result.change_pct) == (100.0, None)


def test_no_sample_is_not_zero(scene):
    result = open_interest(perp(scene, interest=[at(scene, 51, 5.0)]))
    assert (result.open_interest, result.value, result.age) == (None, None, None)
    assert "no open interest was sampled" in result.reason


@pytest.mark.parametrize(("hours", "annual"), [(1, 0.876), (2, 0.438), (4, 0.219), (8, 0.1095)])
def test_funding_is_annualised_by_its_own_interval(scene, hours, annual):
    now = scene.start + 50 * MINUTE
    sample = Funding(now, 0.0001, now + HOUR, hours * HOUR, 42_000.5, 42_001.0)
    result = funding(perp(scene, fundings=[sample]))
    assert (result.rate, result.interval_hours, result.mark, result.index) == (0.0001, hours, 42_000.5, 42_001.0)
    assert result.annualised == pytest.approx(annual)
    assert result.reason is None


def test_an_interval_is_never_assumed(scene):
    result = funding(perp(scene, fundings=[Funding(scene.start + 49 * MINUTE, -0.0003)]))
    assert (result.rate, result.interval_hours, result.annualised, result.next_time) == (-0.0003, None, None, None)
    assert "does not say the interval" in result.reason
    assert result.line("en").startswith("funding -0.0300% / - h")


def test_a_sample_from_before_the_settlement_says_so(scene):
    now = scene.start + 50 * MINUTE
    result = funding(perp(scene, fundings=[Funding(now - MINUTE, 0.0001, now, 8 * HOUR)]))
    assert "before the latest settlement" in result.reason


def test_old_and_later_samples_are_not_used(scene):
    now = scene.start + 50 * MINUTE + 20_000
    samples = [Funding(now - 31 * MINUTE, 0.1), Funding(now + 1, 0.2)]
    result = funding(perp(scene, fundings=samples), max_age=30)
    assert (result.rate, result.time) == (None, None)
    assert result.reason == "no funding was sampled in the last 30 minutes"
