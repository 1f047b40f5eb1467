"""`columns` of signals over candles, samples, orders and levels: at every minute what the signal itself says."""

from collections import Counter
from decimal import Decimal
from functools import cache

import numpy as np
import pytest

from coinmon.config.load import load_config
from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.frame import AS_BEFORE, ASK, HOLDS, SILENT, WAITS, Frame
from coinmon.evaluate.read_once import ReadOnce
from coinmon.evaluate.replay import evaluate, settled
from coinmon.model.bars import Bars, Coverage
from coinmon.model.book import Depth, Near
from coinmon.model.derivatives import Funding, Liquidation, OpenInterest, WhaleTrade
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.levels import Levels
from coinmon.model.moment import DAY, MINUTE
from coinmon.model.signal import Silent

START = 29_000_000 * MINUTE // DAY * DAY
STORED, FIRST, MINUTES = 3100, 2780, 200
WATCHED = (
    "absorption", "cvd_divergence", "derivative_hedge", "funding_extreme", "key_level_touch", "liquidation_cascade",
    "liquidity_sweep", "oi_quadrant_shift", "stacked_imbalance", "structure_break", "whale", "oi_jump",
    "funding_squeeze", "liquidity_vacuum",
)  # fmt: skip
EASY = {
    "absorption": {"lookback": 20, "min_share": 0.05},
    "cvd_divergence": {"timeframe": "3m", "pivots": 2, "bars": 40, "max_age": 4, "min_share": 0.0, "hidden": True},
    "derivative_hedge": {"min_zscore": 0.1, "oi_times": 0.1, "max_move": 500.0, "min_match": 0.0001},
    "funding_extreme": {"high": 0.1, "low": -0.1},
    "key_level_touch": {"away": 20, "approach": 1.2},
    "liquidation_cascade": {"events": 3, "min_total": 30_000.0, "max_age": 5},
    "liquidity_sweep": {"timeframe": "3m", "pivots": 2, "bars": 30},
    "oi_quadrant_shift": {"dead_band": 1.0, "window": 30},
    "stacked_imbalance": {"timeframe": "5m", "rows": 2, "ratio": 1.3, "max_age": 7},
    "structure_break": {"timeframe": "5m", "pivots": 2, "bars": 30, "max_age": 12},
    "oi_jump": {"window": 30, "min_times": 1.2, "max_move": 4.0, "min_venues": 1},
    "funding_squeeze": {"high": 0.1, "low": -0.1, "window": 30, "min_times": 0.7},
    "liquidity_vacuum": {"window": 3, "lookback": 60, "max_share": 0.7, "min_venues": 1},
    "whale": {"threshold": 150_000.0, "max_age": 9},
}
VENUES = ("binance", "okx", "bybit", "coinbase")


class Stored:
    """What a store would hold, by instrument."""

    def __init__(self):
        self.rows, self.samples, self.heard = {}, {}, {}

    def bars(self, instrument, start, end, *, levels=False):
        rows = self.rows[instrument.id]
        first, last = np.searchsorted(rows.time, (start, end)).tolist()
        found = rows[first:last]
        return found if levels else Bars(**{**{f: getattr(found, f) for f in found.__slots__}, "levels": None})

    def profile(self, instrument, start, end):
        return self.bars(instrument, start, end, levels=True).profile()

    def signals(self, pair, start, end):
        return []

    def heatmap(self, instrument, start, end):
        return []

    def liquidations_heard(self, instrument, start, end):
        return [each for each in self.heard.get(instrument.id, ()) if start <= each < end]

    def _of(self, kind):
        def found(instrument, start, end):
            return [each for each in self.samples.get((kind, instrument.id), ()) if start <= each.time < end]

        found.__name__ = kind
        return found

    def __getattr__(self, name):
        if name in ("open_interest", "funding", "whale_trades", "liquidations", "depth"):
            return self._of(name)
        raise AttributeError(name)


def instrument(venue, kind):
    quote = "USD" if venue == "coinbase" else "USDT"
    symbol = f"BTC/{quote}" + (f":{quote}" if kind == "perp" else "")
    return Instrument(venue, kind, "BTC", quote, "BTC", symbol, Decimal("0.01"), Decimal("0.001"))


def made_rows(rng, price, mood, quiet, down, *, with_levels):
    n = STORED
    coverage = np.full(n, Coverage.TRADES if with_levels else Coverage.KLINES, np.uint8)
    for _ in range(2):
        at = int(rng.integers(FIRST, n))
        coverage[at : at + int(rng.integers(1, 4))] = rng.choice([Coverage.PARTIAL, Coverage.KLINES, Coverage.MISSING])
    coverage[down] = Coverage.MISSING
    count = np.full(n, 6)
    start = np.concatenate(([0], np.cumsum(count)))
    close = price + np.where(quiet, 0, rng.integers(-9, 10, n))
    ticks = (close[:, None] + np.arange(-3, 3)[None, :]).ravel()
    # rows of bursts to one side make stacks; whole lots keep the sums exact
    share = np.clip(0.5 + 0.3 * mood + 0.4 * np.repeat(rng.standard_normal(n // 4 + 1), 4)[:n], 0.02, 0.98)
    share = np.where(quiet, 0.95, share)
    lots = rng.integers(20, 900, (n, 6)) * np.where(quiet | (rng.random(n) < 0.08), 6, 1)[:, None]
    lots = np.where(rng.random(n)[:, None] < 0.01, 0, lots)
    buy_lots = np.rint(lots * share[:, None]).astype(np.int64)
    buy, sell = buy_lots / 1000, (lots - buy_lots) / 1000
    keep = np.repeat(coverage == Coverage.TRADES, 6)
    levels = Levels(
        np.concatenate(([0], np.cumsum(np.where(coverage == Coverage.TRADES, count, 0)))), ticks[keep],
        buy.ravel()[keep], sell.ravel()[keep],
    )  # fmt: skip
    assert start[-1] == len(ticks)
    volume, bought = lots.sum(axis=1) / 1000, buy_lots.sum(axis=1) / 1000
    wick = np.where(quiet, 1, rng.integers(3, 40, n))
    rows = Bars(
        Decimal("0.01"), START + np.arange(n) * MINUTE, close, close + wick, close - wick, close, volume,
        volume * close / 100, np.full(n, 9, np.int64), bought, bought * close / 100,
        np.zeros(n), np.zeros(n), coverage, levels,
    )  # fmt: skip
    return rows[coverage != Coverage.MISSING]


@cache
def scenario(seed):
    """Made once a process: nobody changes it."""
    rng = np.random.default_rng(seed)
    price = 40_000 + np.cumsum(rng.normal(0, 12, STORED) + 3 * np.sin(np.arange(STORED) / 90)).astype(np.int64)
    mood = np.sin(np.arange(STORED) / 25 + seed)
    quiet = np.arange(STORED) % 35 < 5
    price = price[np.maximum.accumulate(np.where(quiet, 0, np.arange(STORED)))]
    stored, instruments = Stored(), []
    for venue in VENUES[: 3 + seed % 2]:
        for kind in ("spot", "perp") if venue != "coinbase" else ("spot",):
            each = instrument(venue, kind)
            down = slice(2860, 2890) if venue == "okx" else slice(0, 0)
            stored.rows[each.id] = made_rows(
                rng,
                price,
                mood if kind == "spot" else -mood,
                quiet,
                down,
                with_levels=venue == "binance" or seed % 2 == 0,
            )
            instruments.append(each)
            sizes = rng.exponential(90_000.0, 9)
            stored.samples["whale_trades", each.id] = sorted((
                WhaleTrade(each.id, i, START + int(rng.integers((FIRST - 60) * MINUTE, STORED * MINUTE)),
                           1 if rng.random() < 0.5 else -1, 400.0, size / 400, float(size), 1)
                for i, size in enumerate(sizes)), key=lambda one: one.time)  # fmt: skip
            add_books(stored, np.random.default_rng(len(instruments) + 100 * seed), each)
            if kind == "perp":
                add_samples(stored, rng, each)
    return instruments, stored


def add_books(stored, rng, market):
    """Two samples a minute, some missing, some that do not reach half a percent; sizes that ebb now and then."""
    stored.samples["depth", market.id] = [
        Depth(START + i * 30_000 + int(rng.integers(0, 29_000)), 1.0, 1.0, reach, 2.0,
              (Near(0.1, 1.0, 1.0, 5.0, 5.0), Near(0.5, 9.0, 9.0, size, size)))
        for i in range(2 * (FIRST - 90), 2 * STORED)
        for ebb in [0.4 if i // 2 % 50 < 7 else 1.0]
        for reach, size in [(0.3 if rng.random() < 0.1 else 1.0, ebb * float(rng.gamma(4.0, 100.0)))]
        if rng.random() < 0.97 and not 5750 < i < 5766
    ]  # fmt: skip


def add_samples(stored, rng, perp):
    held, when = 5000.0, [i for i in range(200, STORED) if rng.random() > 0.1 and not 2900 < i < 2950]
    interest = []
    for i in when:
        held += 8 * np.sin(i / 25) + float(rng.normal(0, 4)) if rng.random() < 0.7 else 0.0
        interest.append(OpenInterest(START + i * MINUTE + int(rng.integers(0, 40_000)), held))
    stored.samples["open_interest", perp.id] = interest
    wave = 2e-4 * np.sin(np.arange(STORED) / 40 + rng.random())
    stored.samples["funding", perp.id] = [
        Funding(START + i * MINUTE + 7000, float(wave[i]), None, 8 * 60 * MINUTE if i % 70 else None,
                400.0 + float(rng.normal(0, 1)), 400.0)
        for i in range(STORED) if i % 3 == 0 and not 3000 < i < 3040
    ]  # fmt: skip
    forced = [
        Liquidation(START + at * MINUTE + int(rng.integers(0, MINUTE)), side, 400.0, float(rng.exponential(30.0)),
                    f"{at}-{i}")
        for at, side in zip(rng.integers(FIRST - 80, STORED, 16), (1, -1) * 8, strict=True)
        for i in range(int(rng.integers(1, 6)))
    ]  # fmt: skip
    stored.samples["liquidations", perp.id] = sorted(forced, key=lambda each: each.time)
    stored.heard[perp.id] = [START + i * MINUTE for i in range(2750, STORED) if not 2930 < i < 2945]


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def made(easy):
        whole = load_config(None, overrides={f"signals.{name}": each for name, each in easy.items()}, environ={})
        kept = {name: each for name, each in whole.signals.items() if name in WATCHED}
        assert set(kept) == set(WATCHED)
        object.__setattr__(whole, "signals", kept)
        return whole

    return made


def code_of(said):
    if isinstance(said, Silent):
        return WAITS if said.waits else SILENT
    return [(each.name, each.key, each.grade, each.begins) for each in said]


@pytest.mark.parametrize(("seed", "easy"), [(1, EASY), (2, EASY), (3, {})])
def test_columns_equal_the_signal_at_every_minute(seed, easy, config):
    instruments, stored = scenario(seed)
    source = ReadOnce(stored)
    chosen = config(easy)
    evaluator = Evaluator(chosen, list(VENUES))
    start = START + FIRST * MINUTE

    def market_at(now):
        return evaluator.market(Pair("BTC", "USDT"), instruments, source, now)

    frame = Frame(market_at(start), source, start, MINUTES, evaluator.indicator, market_at)
    codes = {name: settled(evaluator.codes(name, frame)) for name in WATCHED}
    assert not evaluator.failures
    assert all(each is not None for each in codes.values())
    asked, on, silent = Counter(), Counter(), Counter()
    meant = {name: {} for name in WATCHED}
    before = {}
    for i in range(MINUTES):
        market = market_at(start + i * MINUTE)
        for name in WATCHED:
            code, said = int(codes[name][i]), code_of(evaluator.judge(name, market))
            on[name] += isinstance(said, list)
            if evaluator.is_quiet(name, market):
                silent[name] += 1
                assert not isinstance(said, list), (name, i, said)
            if code == ASK:
                asked[name] += 1
            elif code == AS_BEFORE:
                assert said == before[name], (name, i)
            elif code >= HOLDS:
                assert isinstance(said, list), (name, i, said)
                assert meant[name].setdefault(code, said) == said, (name, i)
            else:
                assert said == code, (name, i, evaluator.judge(name, market))
            before[name] = said
    spot = [each for each in instruments if each.kind == "spot"]
    for i in range(0, MINUTES, 40):
        # and while a venue is down that may list the pair too
        down = {"kraken": "HTTP 451"} if i % 80 else {}
        market = evaluator.market(Pair("BTC", "USDT"), spot, source, start + i * MINUTE, down)
        for name in filter(lambda name: evaluator.is_quiet(name, market), WATCHED):
            silent[name] += 1
            assert isinstance(evaluator.judge(name, market), Silent), (name, i)
    assert not evaluator.failures
    if easy:
        assert min(on[name] for name in WATCHED) > 0, on
        assert max(asked.values(), default=0) < 0.6 * MINUTES, asked
    else:
        assert max(asked.values(), default=0) < 0.35 * MINUTES, asked
    # each of those that know it does so somewhere; there always is a zone where two rows are one, and a young order
    known = {name for name, each in chosen.signals.items() if each.offer.quiet is not None}
    assert len(known) >= 5
    assert known - set(silent) <= ({"stacked_imbalance"} if easy else {"whale"}), silent


def test_a_replay_by_columns_finds_the_same_changes(config):
    instruments, stored = scenario(2)
    start = START + (FIRST + 70) * MINUTE
    found = []
    for columns in (True, False):
        source, evaluator, judgements = ReadOnce(stored), Evaluator(config(EASY), list(VENUES)), {}

        def market_at(now, evaluator=evaluator, source=source):
            return evaluator.market(Pair("BTC", "USDT"), instruments, source, now)

        changes = list(evaluate(evaluator, market_at, source, start, start + 30 * MINUTE, judgements, columns=columns))
        counted = {name: (each.minutes, each.judged, each.waited, each.failed) for name, each in judgements.items()}
        found.append(
            ([(at, [(s.name, s.key, s.grade, s.begins) for s in signals]) for at, signals in changes], counted)
        )
    assert found[0] == found[1]
    assert len(found[0][0]) > 10


def test_as_before_is_the_code_before_or_the_answer_that_was_asked():
    given = np.array(
        [AS_BEFORE, AS_BEFORE, SILENT, AS_BEFORE, ASK, AS_BEFORE, AS_BEFORE, HOLDS, AS_BEFORE, WAITS], np.int8
    )
    meant = [ASK, AS_BEFORE, SILENT, SILENT, ASK, AS_BEFORE, AS_BEFORE, HOLDS, HOLDS, WAITS]
    assert settled(given).tolist() == meant
