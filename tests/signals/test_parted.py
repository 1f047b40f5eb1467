"""Signals of what parts: spot and perpetuals, the American price, positions and price, books. Planted, and on noise."""

from decimal import Decimal

import numpy as np
import pytest

from coinmon.config.load import load_config
from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.frame import ASK, HOLDS, SILENT, WAITS, Frame
from coinmon.evaluate.read_once import ReadOnce
from coinmon.model.bars import Bars, Coverage
from coinmon.model.book import Depth, Near
from coinmon.model.derivatives import Funding, OpenInterest
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.moment import DAY, MINUTE
from coinmon.model.signal import Silent

START = 29_000_160 * MINUTE
DAYS = 12
VENUES = ("binance", "okx", "coinbase")
NEW = ("funding_squeeze", "liquidity_vacuum", "oi_jump", "spot_perp_divergence", "us_premium")
EVENT = 9 * 1440
"""The minute at which something is planted: all is known for days before."""


def instrument(venue, kind):
    quote = "USD" if venue == "coinbase" else "USDT"
    symbol = f"BTC/{quote}" + (f":{quote}" if kind == "perp" else "")
    return Instrument(venue, kind, "BTC", quote, "BTC", symbol, Decimal("0.01"), Decimal("0.001"))


SPOT = [instrument(venue, "spot") for venue in VENUES]
PERP = [instrument(venue, "perp") for venue in VENUES[:2]]
ALL = (*SPOT, *PERP)


class Quiet:
    """Days of balanced noise in flow, prices, positions, funding and books; `plant` changes one of them."""

    def __init__(self, seed=1, plant="", days=DAYS):
        self.plant, self.n = plant, days * 1440
        random = np.random.default_rng(seed)
        n = self.n
        shared = 4_000_000 + np.cumsum(random.integers(-150, 151, n))
        self.rows, self.held, self.size = {}, {}, {}
        for each in ALL:
            volume = random.gamma(1.0, 5.0, n)
            share = np.clip(0.5 + 0.15 * random.standard_normal(n), 0, 1)
            close = shared + random.integers(-200, 201, n)
            if plant == "parted" and each.venue != "coinbase":
                share[EVENT : EVENT + 40] = 0.95 if each.kind == "spot" else 0.05
            if plant == "premium" and each.venue == "coinbase":
                close[EVENT : EVENT + 30] += 12_000
            if plant == "jump":
                close[EVENT - 5 : EVENT + 60] = close[EVENT - 6]
            rows = Bars(
                each.tick_size, START + np.arange(n) * MINUTE, close, close + 50, close - 50, close, volume,
                volume * close / 100, np.full(n, 9, np.int64), volume * share, volume * share * close / 100,
                np.zeros(n), np.zeros(n), np.full(n, Coverage.TRADES, np.uint8),
            )  # fmt: skip
            self.rows[each.id] = rows
            held = 1e5 + np.cumsum(random.standard_normal(n // 5) * 20)
            if plant in ("jump", "squeeze"):
                held[EVENT // 5 : EVENT // 5 + 8] += np.linspace(0, 8000, 8)
                held[EVENT // 5 + 8 :] += 8000
            self.held[each.id] = held
            size = 2e6 * np.exp(0.25 * random.standard_normal(n))
            if plant == "vacuum":
                size[EVENT : EVENT + 20] *= 0.15
            self.size[each.id] = size

    def bars(self, instrument, start, end, *, levels=False):
        rows = self.rows[instrument.id]
        first, last = np.searchsorted(rows.time, (start, end)).tolist()
        return rows[first:last]

    def open_interest(self, instrument, start, end):
        found = self.held[instrument.id]
        return [
            OpenInterest(START + i * 5 * MINUTE, float(found[i]))
            for i in range(
                max(0, -(-(start - START) // (5 * MINUTE))), min(len(found), -(-(end - START) // (5 * MINUTE)))
            )
        ]

    def funding(self, instrument, start, end):
        rate = 0.0006 if self.plant == "squeeze" else 0.0001
        at = (end - 1 - START) // (5 * MINUTE) * 5 * MINUTE + START
        return [Funding(at, rate, at + 60 * MINUTE, 8 * 60 * MINUTE)] if at >= start else []

    def depth(self, instrument, start, end):
        found = self.size[instrument.id]
        return [
            Depth(START + i * MINUTE, 1.0, 2.0, 5.0, 5.0, (Near(0.5, 1.0, float(found[i]), 1.0, float(found[i])),))
            for i in range(max(0, (start - START) // MINUTE), min(self.n, -(-(end - START) // MINUTE)))
        ]

    def nothing(self, instrument, start, end):
        return []

    whale_trades = liquidations = liquidations_heard = heatmap = signals = nothing


@pytest.fixture(scope="module")
def evaluator(tmp_path_factory):
    config = load_config(None, environ={}, cwd=tmp_path_factory.mktemp("config"))
    object.__setattr__(config, "signals", {name: config.signals[name] for name in NEW})
    return Evaluator(config, VENUES)


def said(evaluator, source, minute):
    market = evaluator.market(Pair("BTC", "USDT"), ALL, source, START + minute * MINUTE)
    found = evaluator.judged(market)
    assert not evaluator.failures
    return found


@pytest.mark.parametrize(
    ("plant", "name", "after", "direction"),
    [
        ("parted", "spot_perp_divergence", 40, "bullish"),
        ("premium", "us_premium", 20, "bullish"),
        ("jump", "oi_jump", 50, "neutral"),
        ("squeeze", "funding_squeeze", 60, "bearish"),
        ("vacuum", "liquidity_vacuum", 6, "neutral"),
    ],
)
def test_what_is_planted_is_found_and_was_not_there_before(evaluator, plant, name, after, direction):
    for seed in (1, 2, 3):
        source = Quiet(seed, plant)
        before = said(evaluator, source, EVENT - 10)[name]
        assert isinstance(before, Silent), before
        assert not before.waits
        (signal,) = said(evaluator, source, EVENT + after)[name]
        assert signal.begins
        assert (signal.name, signal.direction) == (name, direction)
        assert signal.grade in ("B", "C"), "new signals page nobody"


@pytest.mark.parametrize("name", ["spot_perp_divergence", "us_premium"])
def test_columns_equal_the_signal(evaluator, name):
    source = ReadOnce(Quiet(4, "parted" if name == "spot_perp_divergence" else "premium"))
    first, count = EVENT - 20, 100

    def market_at(now):
        return evaluator.market(Pair("BTC", "USDT"), ALL, source, now)

    start = START + first * MINUTE
    codes = evaluator.codes(name, Frame(market_at(start), source, start, count, evaluator.indicator))
    meant = {}
    for i in range(0, count, 2):
        answer, code = evaluator.judge(name, market_at(start + i * MINUTE)), int(codes[i])
        if isinstance(answer, Silent):
            assert code in (ASK, WAITS if answer.waits else SILENT), (i, answer)
        else:
            assert code == ASK or code >= HOLDS
            shown = [(each.key, each.begins) for each in answer]
            assert code == ASK or meant.setdefault(code, shown) == shown
    assert meant, "it was on for a while"


def test_what_is_not_known_yet_is_waited_for(evaluator):
    found = said(evaluator, Quiet(1, days=1), 100)
    for name in ("spot_perp_divergence", "us_premium", "oi_jump", "funding_squeeze", "liquidity_vacuum"):
        assert isinstance(found[name], Silent)
        assert found[name].waits, name


def test_false_alarms_on_noise_are_rare(evaluator):
    """In minutes on which something holds: at most one of ten days is touched."""
    touched = dict.fromkeys(NEW, 0)
    days = 0
    for seed in (11, 12):
        source = ReadOnce(Quiet(seed))
        begin, count = START + 2 * DAY, (DAYS - 2) * 1440
        days += DAYS - 2

        def market_at(now, source=source):
            return evaluator.market(Pair("BTC", "USDT"), ALL, source, now)

        frame = Frame(market_at(begin), source, begin, count, evaluator.indicator)
        for name in ("spot_perp_divergence", "us_premium"):
            on = evaluator.codes(name, frame) >= HOLDS
            touched[name] += len({int(i) // 1440 for i in np.flatnonzero(on)})
        # those of samples look now and then: every two hours
        for minute in range(2 * 1440, DAYS * 1440, 120):
            market = market_at(START + minute * MINUTE)
            for name in ("oi_jump", "funding_squeeze", "liquidity_vacuum"):
                touched[name] += any(each.begins for each in evaluator.judge(name, market))
        assert not evaluator.failures
    assert all(n <= days / 10 for n in touched.values()), touched
