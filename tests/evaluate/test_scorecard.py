"""`coinmon scorecard` over a made-up store: a planted edge is proven, noise is not, a burst is too few."""

import json
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest

from coinmon.config.schema import CostsConfig
from coinmon.model.bars import Bars, Coverage
from coinmon.model.instrument import Instrument
from coinmon.model.levels import Levels
from coinmon.model.moment import DAY, MINUTE, iso
from coinmon.model.symbols import Universe

NOW = 1_768_435_200_000
DAYS = 60
BASE = 30


@pytest.fixture(scope="module")
def stored():
    return made(np.random.default_rng(7))


def made(random):
    """Log returns of a minute, and where signals are: `edge` is followed by 0.6 % within the hour."""
    minutes = (BASE + DAYS) * 1440
    moves = random.standard_normal(minutes) * 0.03
    first = BASE * 1440
    edge = np.sort(random.choice(np.arange(first, minutes - 200), 120, replace=False))
    noise = np.sort(random.choice(np.arange(first, minutes - 200), 120, replace=False))
    burst = np.arange(first + 5000, first + 5129)
    for at in edge:
        moves[at + 2 : at + 62] += 0.01
    return moves, {"edge": edge, "noise": noise, "burst": burst}


class Stored:
    """What History gives."""

    def __init__(self, moves, signals):
        self.instruments = [
            Instrument(venue, "spot", "BTC", "USDT", "BTCUSDT", "BTC/USDT", Decimal("0.01"), Decimal("0.001"))
            for venue in ("binance", "okx")
        ]
        self.start = NOW - len(moves) * MINUTE
        self.close = np.rint(100_00 * np.exp(np.cumsum(moves) / 100)).astype(np.int64)
        self._signals = signals

    def universe(self, venues, quotes):
        return Universe([each for each in self.instruments if each.venue in venues], quotes)

    def bars(self, instrument, start, end, *, levels=False):
        low, high = (max(0, min(len(self.close), (at - self.start) // MINUTE)) for at in (start, end))
        n = high - low
        close, volume = self.close[low:high], np.full(n, 2.0 if instrument.venue == "okx" else 1.0)
        time = self.start + np.arange(low, high) * MINUTE
        columns = [close, close, close, close, volume, volume * 100, np.ones(n, np.int64), volume / 2, volume * 50]
        extremes = [np.zeros(n), np.zeros(n), np.full(n, Coverage.TRADES, np.uint8)]
        return Bars(instrument.tick_size, time, *columns, *extremes, Levels.empty(n))

    def signals(self, pair, start, end):
        return [
            {"event": "signal", "signal": name, "direction": "bullish", "pair": "BTC/USDT", "time": iso(at)}
            for name, minutes in self._signals.items()
            for at in (self.start + (minutes + 1) * MINUTE).tolist()
            if start <= at < end
        ]


Settings = SimpleNamespace(
    exchanges={"binance": None, "okx": None}, quotes={"USD": "USDT"}, signals={}, costs=CostsConfig()
)


def test_an_edge_is_proven_noise_is_not_and_a_burst_is_too_few(stored):
    from coinmon.run.scorecard import scorecard

    card = scorecard(Settings, Stored(*stored), NOW, DAYS, cost=0.13)
    found = {each.signal: each for each in card.rows}
    assert {name: str(each.record.verdict) for name, each in found.items()} == {
        "edge": "proven",
        "noise": "not proven",
        "burst": "too few",
    }
    assert card.rows[0].signal == "edge"
    edge = found["edge"]
    assert (edge.told, edge.judged) == (120, 120)
    assert edge.record.excess.mean == pytest.approx(0.6, abs=0.15)
    assert edge.record.net.mean == pytest.approx(edge.record.excess.mean - 0.13)
    assert found["burst"].record.excess.clusters == 1
    (one,) = scorecard(Settings, Stored(*stored), NOW, DAYS, 0.13, ["noise"]).rows
    assert one.record == found["noise"].record, "what is shown does not change the family"


def test_costs_larger_than_the_edge(stored):
    from coinmon.run.scorecard import scorecard

    (edge,) = scorecard(Settings, Stored(*stored), NOW, DAYS, 0.9, ["edge"]).rows
    assert str(edge.record.verdict) == "edge, not after costs"


def test_without_a_base_nothing_is_judged(stored):
    from coinmon.run.scorecard import scorecard

    moves, signals = stored
    young = {name: at - at.min() + 10 for name, at in signals.items()}
    card = scorecard(Settings, Stored(moves[: 15 * 1440], {"edge": young["edge"][:40]}), NOW, 14, 0.13)
    (row,) = card.rows
    assert (row.judged, str(row.record.verdict)) == (0, "too few")


def test_the_json_has_no_nan(stored):
    from coinmon.run.records import card_of
    from coinmon.run.scorecard import scorecard

    moves, _ = stored
    card = scorecard(Settings, Stored(moves, {"edge": np.array([BASE * 1440 + 5])}), NOW, DAYS, 0.13)
    document = json.loads(json.dumps(card_of(card, None), allow_nan=False))
    assert document["signals"][0]["verdict"] == "too few"
    assert document["from"] == iso(NOW - DAYS * DAY)


def test_each_signal_is_judged_at_its_own_horizon(stored):
    """0.6 % come within the hour: after five minutes a twelfth of it is there."""
    from coinmon.evaluate.horizons import horizon_of
    from coinmon.run.scorecard import scorecard

    offer = SimpleNamespace(horizon=5)
    settings = SimpleNamespace(**{**vars(Settings), "signals": {"edge": SimpleNamespace(offer=offer)}})
    (edge,) = scorecard(settings, Stored(*stored), NOW, DAYS, 0.0, ["edge"]).rows
    assert edge.horizon == 5
    assert edge.record.excess.mean == pytest.approx(0.05, abs=0.03)
    assert horizon_of("edge_change", {"edge": 5, "edg": 1}) == 5
    assert horizon_of("edges", {"edge": 5}) == 60


def test_costs_are_those_of_the_venues_that_price_the_pair(stored):
    from coinmon.run.scorecard import scorecard

    dear = CostsConfig(taker=0.05, spread=0.01, slippage=0.02, venues={"okx": {"taker": 0.1}})
    settings = SimpleNamespace(**{**vars(Settings), "costs": dear})
    (edge,) = scorecard(settings, Stored(*stored), NOW, DAYS, names=["edge"]).rows
    assert edge.cost == pytest.approx((0.13 + 0.23) / 2)


def test_what_comes_after_the_moment_is_not_looked_at(stored):
    """A verdict of a month's end is the same whenever it is made."""
    from coinmon.run.scorecard import scorecard

    moves, signals = stored
    early = NOW - 20 * DAY
    then = scorecard(Settings, Stored(moves, signals), early, 40, 0.13)
    changed = moves.copy()
    changed[-20 * 1440 :] *= -1
    store = Stored(changed, signals)
    assert scorecard(Settings, store, early, 40, 0.13) == then


def test_the_page_shows_each_signals_decay_months_and_calendar_and_loads_nothing(stored, tmp_path):
    from coinmon.run.records import card_of
    from coinmon.run.scorecard import scorecard
    from coinmon.run.scorecard_page import page_of

    rows = card_of(scorecard(Settings, Stored(*stored), NOW, DAYS, 0.13), None)["signals"]
    page = page_of(SimpleNamespace(**vars(Settings), lang="en"), Stored(*stored), NOW, DAYS, rows)
    assert page.count("<figure>") == 4 * 3
    assert "120 times in 60 days on BTC/USDT alone; after 1 h +0." in page
    assert "after costs: proven" in page
    assert "<title>2025-12-" in page, "a square a day, with its count"
    assert not [word for word in ("http", "src=", "<script", "url(", "@import") if word in page]
    decay = page.split("<svg")[1]
    assert decay.count("<circle") == 5
