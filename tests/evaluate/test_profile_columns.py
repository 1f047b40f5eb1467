"""The columns of levels and profiles hold what the indicators themselves say of each minute."""

import math
from decimal import Decimal

import numpy as np
import pytest

from coinmon.config.load import load_config
from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.frame import Frame
from coinmon.evaluate.read_once import ReadOnce
from coinmon.market.given import GivenInstrument, GivenSource
from coinmon.model.bars import Bars, Coverage
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.levels import Levels
from coinmon.model.moment import DAY, MINUTE, parse_time

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
