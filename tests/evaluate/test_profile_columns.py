"""The columns of levels and profiles hold what the indicators themselves say of each minute."""

import math
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest

from coinmon.config.load import load_config
from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.frame import Frame
from coinmon.evaluate.read_once import ReadOnce
from coinmon.market.given import GivenInstrument, GivenSource
from coinmon.market.market import Market
from coinmon.market.view import View
from coinmon.model.bars import Bars, Coverage
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.levels import Levels
from coinmon.model.moment import DAY, MINUTE, parse_time
from coinmon_indicators.profile._area_columns import developing_area
from coinmon_indicators.profile._window import Shape

MIDNIGHT = parse_time("2026-01-15T00:00Z")
"""A Thursday."""
START, MINUTES, EACH = MIDNIGHT - 70 * MINUTE, 200, 11
TICK, LOT = Decimal("0.5"), Decimal("0.001")
CASES = [
    ("key_levels", {}, "UTC"),
    ("key_levels", {"bin_size": 1.5, "weight": "quote", "method": "one_row"}, "Asia/Shanghai"),
    ("key_levels", {"mode": "synthetic", "sessions": "X=22:50-00:30,Y=00:10-01:00"}, "UTC"),
    ("vwap", {}, "UTC"),
    ("vwap", {"anchor": "week"}, "Asia/Shanghai"),
    ("vwap", {"anchor": "window", "window": 30}, "UTC"),
    ("volume_profile", {}, "UTC"),
    ("volume_profile", {"period": "week", "naked_days": 0}, "America/New_York"),
    ("volume_profile", {"period": "previous_day", "bin_size": 0.5, "mode": "synthetic"}, "UTC"),
]  # fmt: skip
KNOWN = {
    "key_levels": {"day.vwap", "levels[pd high].distance_pct", "previous_week.low", "atr", "previous_day.poc"},
    "vwap": {"vwap", "sigma", "upper_3", "lower_1", "distance_pct"},
    "volume_profile": {"last_price", "poc", "vah", "profile_minutes", "position"},
}
MANY = {"key_levels": 100, "volume_profile": 12, "vwap": 16}


def minutes_of(rng, instrument, spans):
    """Minutes in the spans, with levels where every trade was seen, some without trades, some partial, some absent."""
    time = np.concatenate([np.arange(*each, MINUTE) for each in spans])
    n = len(time)
    price = 40_000 + np.cumsum(rng.integers(-9, 10, n))
    coverage = rng.choice([Coverage.TRADES, Coverage.KLINES, Coverage.PARTIAL], n, p=[0.9, 0.05, 0.05]).astype(np.uint8)
    still = rng.random(n) < 0.1
    sizes = np.where((coverage == Coverage.TRADES) & ~still, rng.integers(1, 9, n), 0)
    bar = np.repeat(np.arange(n), sizes)
    ticks = price[bar] + np.arange(len(bar)) - (np.cumsum(sizes) - sizes)[bar]
    buy, sell = (rng.integers(0, 5000, len(bar)) * float(LOT) for _ in range(2))
    bought, sold = (np.bincount(bar, each, n) for each in (buy, sell))
    paid, got = (np.bincount(bar, each * ticks * float(TICK), n) for each in (buy, sell))
    plain = (coverage != Coverage.TRADES) & ~still
    bought, sold = (np.where(plain, rng.integers(1, 900, n) * float(LOT), each) for each in (bought, sold))
    paid, got = (np.where(plain, each * price * float(TICK), money) for each, money in ((bought, paid), (sold, got)))
    rows = Bars(
        TICK, time, price, price + np.maximum(sizes - 1, 0), price, price + np.maximum(sizes - 1, 0), bought + sold,
        paid + got, np.full(n, 5, np.int64), np.where(coverage == Coverage.PARTIAL, np.nan, bought), paid,
        np.zeros(n), np.zeros(n), coverage, Levels(np.concatenate(([0], np.cumsum(sizes))), ticks, buy, sell),
    )  # fmt: skip
    return rows[rng.random(n) > 0.01]


@pytest.fixture(scope="module")
def stored():
    rng = np.random.default_rng(5)
    # the week before is known for some hours only, which is enough to have levels
    spans = [(MIDNIGHT - 9 * DAY, MIDNIGHT - 9 * DAY + 200 * MINUTE), (MIDNIGHT - 2 * DAY, MIDNIGHT + 200 * MINUTE)]
    listed = [Instrument(each, "spot", "BTC", "USDT", "BTC", "BTC/USDT", TICK, LOT) for each in ("binance", "okx")]
    return listed, {each.id: GivenInstrument(each, minutes_of(rng, each, spans)) for each in listed}


def figures(result, path=""):
    """The numbers of a result by the paths that rules write, lists by the names of their elements."""
    for name, value in result:
        if value is None or isinstance(value, int | float | str):
            yield f"{path}{name}", value
        elif isinstance(value, list):
            for each in value:
                if hasattr(each, "name"):
                    yield from figures(each, f"{path}{name}[{each.name}].")
        elif hasattr(type(value), "model_fields") and name != "coverage":
            yield from figures(value, f"{path}{name}.")


def same(exact, found):
    if exact is None:
        return found is None or math.isnan(found)
    return exact == found if isinstance(exact, str) else math.isclose(exact, found, rel_tol=1e-9, abs_tol=1e-6)


@pytest.mark.parametrize(("name", "settings", "zone"), CASES)
@pytest.mark.parametrize("venue", ["okx", "all"])
def test_columns_equal_the_indicator(stored, name, settings, zone, venue, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    listed, given = stored
    chosen = load_config(None, overrides={f"indicators.{name}": settings | {"timezone": zone}}, environ={})
    evaluator = Evaluator(chosen, ["binance", "okx"])
    source = ReadOnce(GivenSource(given))

    def market_at(now):
        return evaluator.market(Pair("BTC", "USDT"), listed, source, now)

    frame = Frame(market_at(START), source, START, MINUTES, evaluator.indicator, market_at)
    lane = frame.whole("spot") if venue == "all" else frame.lanes("spot")[venue]
    indicator = chosen.indicators[name]
    columns = indicator.offer.columns(lane, **indicator.settings)
    compared = {}
    for i in range(0, MINUTES, EACH):
        result = lane.view(i).of(name)
        said = dict(figures(result)) | {"coverage": result.coverage.share}
        for path, column in columns.items():
            if column is not None:
                assert same(said.get(path), column[i]), (path, i)
                compared[path] = compared.get(path, 0) + (said.get(path) is not None)
    there = {path for path, times in compared.items() if times}
    assert there >= KNOWN[name]
    assert len(there) >= MANY[name]


def area_of(minutes, instrument, **changed):
    shape = Shape(**{"bin_size": None, "percent": 70.0, "method": "two_row", "weight": "base", "mode": "raw",
                     "seconds": 60} | changed)  # fmt: skip
    return developing_area(Levels.empty(1), minutes, instrument, shape)


def test_a_profile_that_sums_alone_cannot_tell_is_read_moment_by_moment(stored):
    listed, given = stored
    minutes = given[listed[0].id].bars[:60]
    known = area_of(minutes, listed[0])
    assert len(known["poc"]) == 61
    assert np.isfinite(known["poc"][-1])
    # of thirds of a lot the order of the sums decides which row has most
    thirds = replace(minutes.levels, buy=minutes.levels.buy + float(LOT) / 3)
    assert area_of(replace(minutes, levels=thirds), listed[0]) is None
    # sums beyond what floats count one by one
    many = replace(minutes.levels, buy=minutes.levels.buy * 1e12)
    assert area_of(replace(minutes, levels=many), listed[0]) is None
    # no multiple of the tick, and more rows than are worked out each minute
    assert area_of(minutes, listed[0], bin_size=0.3) is None
    wide = replace(minutes.levels, ticks=minutes.levels.ticks * 100)
    assert area_of(replace(minutes, levels=wide), listed[0], bin_size=0.5) is None


def test_what_the_columns_do_not_hold_is_left_to_the_indicator(stored, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    listed, given = stored
    chosen = load_config(None, environ={})
    evaluator, source = Evaluator(chosen, ["binance", "okx"]), ReadOnce(GivenSource(given))
    market = evaluator.market(Pair("BTC", "USDT"), listed, source, START)
    alone = Frame(market, source, START, 5, evaluator.indicator).lanes("spot")["okx"]
    levels = alone.of("key_levels")
    # prices come from minutes; a profile and a deviation from levels, which need the market of a moment
    assert levels["day.high"] is not None
    assert [levels["day.poc"], levels["levels[dPOC].price"], levels["levels[dPOC].distance_pct"]] == [None] * 3
    assert alone.of("vwap")["vwap"] is not None
    assert alone.of("vwap")["sigma"] is None
    assert levels.get("levels[d close].price") is None
    for other in ({"date": "2026-01-14"}, {"sessions": "pd=10:00-11:00"}):
        assert len(alone.of("key_levels", **other)) == 0
    for other in ({"period": "window"}, {"date": "2026-01-14"}):
        assert len(alone.of("volume_profile", **other)) == 0
    with pytest.raises(KeyError):
        alone.of("structure")


def test_columns_are_made_once_for_the_same_settings_of_any_kind(stored):
    listed, given = stored
    made = []

    def columns(lane, **settings):
        made.append(settings)
        return {"coverage": np.ones(lane.count)}

    offer = SimpleNamespace(columns=columns)
    chosen = SimpleNamespace(offer=offer, settings={"steps": [1, 2], "of": {"a": 1}})
    source = GivenSource(given)
    market = Market(Pair("BTC", "USDT"), START, ["okx"], [View(each, START, source) for each in listed])
    lane = Frame(market, source, START, 3, lambda name: chosen).lanes("spot")["okx"]
    assert lane.of("mine") is lane.of("mine", steps=[1, 2])
    lane.of("mine", steps=[2])
    assert [each["steps"] for each in made] == [[1, 2], [2]]
