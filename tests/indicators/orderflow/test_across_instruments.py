"""Open interest with the price, funding and basis across venues, and a market at a glance."""

from statistics import pstdev

import pytest

from coinmon import MINUTE, Funding, Market, OpenInterest, Pair, View
from coinmon_indicators.derivatives.basis import basis
from coinmon_indicators.derivatives.funding import funding
from coinmon_indicators.derivatives.funding_dispersion import funding_dispersion
from coinmon_indicators.derivatives.open_interest import open_interest
from coinmon_indicators.flow.market_snapshot import market_snapshot

HOUR = 60 * MINUTE
WINDOW = 10


def held(scene, price_last, interest_last, windows=10):
    """Windows that move by 10 ticks and 4 base units up and down, and a last one as given."""
    ticks, base = [10_000], [100.0]
    for k in range(windows):
        ticks.append(ticks[-1] + (10 if k % 2 else -10))
        base.append(base[-1] + (4 if k % 2 else -4))
    ticks.append(ticks[-1] + price_last)
    base.append(base[-1] + interest_last)
    # a window's last minute closes at its price
    minutes = [scene.Minute("trades", [(ticks[-(-(i + 1) // WINDOW)], 1, 1)]) for i in range(WINDOW * (windows + 1))]
    minutes = [scene.Minute("trades", [(ticks[0], 1, 1)])] * WINDOW + minutes
    end = scene.start + len(minutes) * MINUTE
    samples = [OpenInterest(end - (len(base) - 1 - k) * WINDOW * MINUTE, each) for k, each in enumerate(base)]
    return scene.view(minutes, kind="perp", interest=samples)


@pytest.mark.parametrize(
    ("price", "interest", "quadrant"),
    [
        (30, 9, "long_buildup"),
        (-30, 9, "short_buildup"),
        (30, -9, "short_covering"),
        (-30, -9, "long_unwinding"),
        (10, 9, "flat"),
        (30, 3, "flat"),
    ],
)
def test_quadrants_beyond_their_rolling_noise(scene, price, interest, quadrant):
    result = open_interest(held(scene, price, interest), window=WINDOW)
    assert (result.quadrant, result.quadrant_note) == (quadrant, None)
    assert (result.noise, result.change) == (4.0, interest)
    assert result.price_change_pct == pytest.approx(price / 100)
    assert result.price_noise_pct == pytest.approx(0.1, rel=0.01)


def test_without_earlier_windows_there_is_no_quadrant(scene):
    result = open_interest(held(scene, 30, 9, windows=3), window=WINDOW)
    assert result.quadrant is None
    assert result.quadrant_note == "no quadrant: what is usual needs 4 windows before this one, there are 3"
    assert result.change == 9


def test_history_takes_the_last_sample_of_each_closed_period(scene, plain):
    at = [(3, 10.0), (4, 11.0), (5, 12.0), (13, 14.0), (16, 15.0)]
    samples = [OpenInterest(scene.start + minute * MINUTE, base) for minute, base in at]
    now = scene.start + 17 * MINUTE
    result = open_interest(scene.view([], now, kind="perp", interest=samples), period="5m", limit=10)
    assert [((plain.ms(p.time) - scene.start) // MINUTE, p.open_interest, p.change) for p in result.history] == [
        (5, 12.0, None),
        (10, None, None),
        (15, 14.0, None),
    ]
    assert not open_interest(scene.view([], now, kind="perp", interest=samples), limit=0).history


def across(scene, fundings, spot=None, perp=None, down=()):
    """A pair: perps with their last funding sample; minutes of binance's spot and perp."""
    now = scene.start + 50 * MINUTE
    compute = lambda name, target: funding(target)  # noqa: E731
    views = []
    for venue, sample in fundings.items():
        traded = scene.instrument(venue, "perp")
        rows = {traded.id: scene.bars_of(perp or [])}
        views.append(View(traded, now, scene.Tape(rows, fundings=[sample] if sample else []), compute))
    if spot is not None:
        traded = scene.instrument("binance")
        views.append(View(traded, now, scene.Tape({traded.id: scene.bars_of(spot)}), compute))
    return Market(Pair("BTC", "USDT"), now, list(fundings), views, compute, dict(down))


def sample(scene, rate, hours, mark=None, index=None):
    interval = None if hours is None else hours * HOUR
    return Funding(scene.start + 49 * MINUTE, rate, scene.start + HOUR, interval, mark, index)


def test_funding_is_compared_a_year(scene):
    # the lower rate costs more, for it is due eight times as often
    market = across(scene, {"binance": sample(scene, 0.0002, 8), "okx": sample(scene, 0.0001, 1), "bybit": None})
    result = funding_dispersion(market)
    first, second = 0.0002 * 3 * 365, 0.0001 * 24 * 365
    assert (result.lowest_venue, result.highest_venue) == ("binance", "okx")
    assert result.spread == pytest.approx(second - first)
    assert result.mean == pytest.approx((first + second) / 2)
    assert result.deviation == pytest.approx(pstdev([first, second]))
    assert result.reason == "bybit: no funding was sampled in the last 120 minutes"


def test_a_missing_venue_is_null_not_zero(scene):
    market = across(
        scene, {"binance": sample(scene, 0.0002, 8), "okx": sample(scene, 0.0001, None)}, down={"bybit": "x"}
    )
    result = funding_dispersion(market)
    assert [each.annualised is None for each in result.venues] == [False, True]
    assert (result.mean, result.spread) == (None, None)
    assert "bybit is down" in result.reason
    assert "a comparison needs 2" in result.reason
    assert "None" not in result.line("en") + result.line("zh")


def test_basis_is_mark_against_the_index_of_the_same_reply(scene):
    market = across(scene, {"binance": sample(scene, 0, 8, 101.0, 100.0), "okx": sample(scene, 0, 8, 99.0, 100.0)})
    result = basis(market)
    assert [each.basis_pct for each in result.venues] == [1.0, -1.0]
    assert (result.basis_pct, result.lowest_pct, result.highest_pct) == (0.0, -1.0, 1.0)
    assert "okx: it has no spot market" in result.reason


def test_traded_basis_is_of_minutes_in_which_both_traded(scene, plain):
    def at(*prices):
        return [scene.Minute("trades", [(ticks, 1, 1)] if ticks else []) for ticks in prices]

    flat = [10_000] * 48
    market = across(scene, {"binance": None}, spot=at(*flat, 10_000, None), perp=at(*flat, 10_100, 10_200))
    (venue,) = basis(market, window=50).venues
    assert (venue.traded_pct, venue.traded_change_pct) == (1.0, 1.0)
    assert venue.traded_mean_pct == pytest.approx(1 / 49)
    assert plain.ms(venue.traded_at) == scene.start + 49 * MINUTE
    assert (venue.basis_pct, venue.mark) == (None, None)
    assert (venue.perp_quote, venue.spot_quote) == ("USDT", "USDT")
    assert "no mark and index price" in venue.note


def test_a_market_without_perps_has_no_basis(scene):
    result = basis(across(scene, {}, spot=[]))
    assert (result.basis_pct, result.reason) == (None, "no venue has a perp of the pair")


def test_a_snapshot_of_a_full_day(scene, plain):
    minutes = [scene.Minute("trades", [(10_000 + i, 10, 1), (10_000 + i, 4, -1)]) for i in range(1440)]
    extra = {"interest": [OpenInterest(scene.start + 1439 * MINUTE, 7.0)]}
    extra["fundings"] = [Funding(scene.start + 1439 * MINUTE, 0.0001, scene.start + 1500 * MINUTE, None, 114.0, 113.0)]
    result = market_snapshot(scene.view(minutes, kind="perp", **extra))
    assert (result.last_price, result.open_24h, result.high_24h, result.low_24h) == (114.39, 100.0, 114.39, 100.0)
    assert result.change_24h_pct == pytest.approx(14.39)
    quote = sum((10_000 + i) * 14 for i in range(1440)) / 100_000
    assert result.quote_volume_24h == pytest.approx(quote)
    assert result.delta_24h == pytest.approx(quote * 6 / 14)
    assert result.volume_24h == pytest.approx(1440 * 0.014)
    assert (result.mark_price, result.funding_rate, result.open_interest) == (114.0, 0.0001, 7.0)
    assert result.open_interest_value == pytest.approx(7 * 114.39)
    assert result.reason is None


def test_day_high_and_low_are_not_told_of_half_a_day(scene):
    result = market_snapshot(scene.view([scene.Minute("trades", [(100, 1, 1)])] * 700))
    assert (result.high_24h, result.low_24h, result.volume_24h) == (None, None, None)
    assert result.last_price == 1.0
    assert "prices of 700 of 1440 minutes are known" in result.reason


def test_day_volumes_are_told_of_klines_without_a_taker_split_and_the_delta_is_not(scene):
    result = market_snapshot(scene.view([scene.Minute("no split", [(100, 1000, 1)])] * 1440))
    assert (result.volume_24h, result.quote_volume_24h, result.delta_24h) == (1440.0, 1440.0, None)
    assert "the 24-hour delta needs 95%" in result.reason
