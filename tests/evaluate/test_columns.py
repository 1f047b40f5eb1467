"""`columns` say of every minute what the signal says, through holes, restarts and two venues down."""

from collections import Counter
from decimal import Decimal

import numpy as np
import pytest

from coinmon.config.load import load_config
from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.frame import ASK, HOLDS, SILENT, WAITS, Frame
from coinmon.evaluate.read_once import ReadOnce
from coinmon.evaluate.replay import evaluate
from coinmon.model.bars import Bars, Coverage
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.moment import MINUTE
from coinmon.model.signal import Silent

START = 29_000_000 * MINUTE
STORED, FIRST, MINUTES = 700, 430, 200
WATCHED = (
    "accumulation", "consensus", "early_pump", "global_sync", "long_trap", "panic_dump", "steady_growth",
    "us_accumulation", "volume_spike",
)  # fmt: skip
EASY = {
    "accumulation": {"min_ratio": 1.15, "max_move": 2.0, "window": 20, "lookback": 160},
    "early_pump": {"min_move": 0.8, "min_ratio": 1.1, "min_zscore": 0.5, "lookback": 60},
    "panic_dump": {"min_move": 0.8, "min_ratio": 1.1, "min_zscore": 0.5, "lookback": 60},
    "volume_spike": {"min_zscore": 1.0, "min_times": 1.2, "lookback": 60},
    "steady_growth": {"min_move": 1.0, "min_up": 0.5, "min_ratio": 1.01, "steps": 6, "lookback": 60},
    "global_sync": {"bull_ratio": 1.04, "bearish": True, "bear_ratio": 0.96},
    "us_accumulation": {"min_net_flow": 100.0},
}


class Stored:
    """Bars of each instrument."""

    def __init__(self, rows):
        self._rows = rows

    def bars(self, instrument, start, end, *, levels=False):
        rows = self._rows[instrument.id]
        first, last = np.searchsorted(rows.time, (start, end)).tolist()
        return rows[first:last]


def spot(venue):
    quote = "USD" if venue == "coinbase" else "USDT"
    symbol = f"BTC/{quote}"
    return Instrument(venue, "spot", "BTC", quote, "BTC", symbol, Decimal("0.01"), Decimal("0.001"))


def rows_of(rng, instrument, price, pull, down):
    """Minutes of one venue: a shared price and mood, volumes with bursts, holes of some kinds, and a time down."""
    n = STORED
    volume = rng.gamma(0.8, 3.0, n) * np.where(rng.random(n) < 0.05, 6.0, 1.0)
    share = np.clip(0.5 + 0.25 * pull + 0.15 * rng.standard_normal(n), 0.0, 1.0)
    coverage = np.full(n, Coverage.TRADES, np.uint8)
    for _ in range(3):
        at = int(rng.integers(0, n))
        coverage[at : at + int(rng.integers(1, 6))] = rng.choice([Coverage.PARTIAL, Coverage.KLINES, Coverage.MISSING])
    coverage[down] = Coverage.MISSING
    close = price + rng.integers(-3, 4, n)
    still = rng.random(n) < 0.02
    volume[still] = 0.0
    buy = volume * share
    unknown = rng.random(n) < 0.002
    quote = volume * close / 100
    rows = Bars(
        Decimal("0.01"), START + np.arange(n) * MINUTE, close, close + 5, close - 5, close, volume, quote,
        np.full(n, 9, np.int64), buy, np.where(unknown, np.nan, buy * close / 100), np.zeros(n), np.zeros(n), coverage,
    )  # fmt: skip
    return rows[coverage != Coverage.MISSING]


def scenario(seed):
    rng = np.random.default_rng(seed)
    wave = np.cumsum(rng.standard_normal(STORED)) * 0.1
    pull = np.sin(np.arange(STORED) / 45 + seed) + np.clip(wave, -1, 1) * 0.3
    price = 4_000_000 + np.cumsum(60 * pull + 40 * rng.standard_normal(STORED)).astype(np.int64)
    venues = ("binance", "okx", "bybit", "coinbase")
    instruments = [spot(each) for each in venues][: 4 if seed % 3 else 3]
    nowhere, away = slice(0, 0), slice(520, 590)
    rows = {
        each.id: rows_of(rng, each, price, pull * (-1 if each.venue == "coinbase" and seed % 2 else 1),
                         away if each.venue in ("okx", "bybit") else nowhere)
        for each in instruments
    }  # fmt: skip
    return instruments, rows


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


@pytest.mark.parametrize(("seed", "easy"), [(1, EASY), (3, EASY), (4, {})])
def test_columns_equal_the_signal_at_every_minute(seed, easy, config):
    instruments, stored = scenario(seed)
    source = ReadOnce(Stored(stored))
    chosen = config(easy)
    evaluator = Evaluator(chosen, ["binance", "okx", "bybit", "coinbase"])
    start = START + FIRST * MINUTE

    def market_at(now):
        return evaluator.market(Pair("BTC", "USDT"), instruments, source, now)

    frame = Frame(market_at(start), source, start, MINUTES, evaluator.indicator)
    codes = {name: evaluator.codes(name, frame) for name in WATCHED}
    assert not evaluator.failures
    assert all(each is not None for each in codes.values())
    asked, on, silent = Counter(), Counter(), Counter()
    meant = {name: {} for name in WATCHED}
    for i in range(MINUTES):
        market = market_at(start + i * MINUTE)
        for name in WATCHED:
            code, said = int(codes[name][i]), code_of(evaluator.judge(name, market))
            if evaluator.is_quiet(name, market):
                silent[name] += 1
                assert not isinstance(said, list), (name, i, said)
            if code == ASK:
                asked[name] += 1
            elif code >= HOLDS:
                on[name] += 1
                runs = meant[name]
                assert isinstance(said, list), (name, i, said)
                assert runs.setdefault(code, said) == said, (name, i)
            else:
                assert said == code, (name, i, evaluator.judge(name, market))
    assert not evaluator.failures
    assert max(asked.values(), default=0) < 0.2 * MINUTES, asked
    if easy:
        assert sum(on.values()) > 60, on
    # each of those that know it does so somewhere, where there is no rise that goes on
    known = {name for name, each in chosen.signals.items() if each.offer.quiet is not None}
    assert len(known) >= 5
    assert known - set(silent) <= (set() if easy else {"steady_growth"}), silent


def test_a_replay_by_columns_finds_the_same_changes(config):
    instruments, stored = scenario(2)
    start = START + FIRST * MINUTE
    found = []
    for columns in (True, False):
        source = ReadOnce(Stored(stored))
        evaluator = Evaluator(config(EASY), ["binance", "okx", "bybit", "coinbase"])
        judgements = {}

        def market_at(now, evaluator=evaluator, source=source):
            return evaluator.market(Pair("BTC", "USDT"), instruments, source, now)

        changes = list(evaluate(evaluator, market_at, source, start, start + 90 * MINUTE, judgements, columns=columns))
        counted = {name: (each.minutes, each.judged, each.waited, each.failed) for name, each in judgements.items()}
        found.append(
            ([(at, [(s.name, s.key, s.grade, s.begins) for s in signals]) for at, signals in changes], counted)
        )
    assert found[0] == found[1]
    assert len(found[0][0]) > 10
