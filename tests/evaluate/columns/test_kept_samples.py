"""The samples that a scan keeps side by side are those that are stored, and who is quiet by them says nothing."""

from collections import Counter
from decimal import Decimal

import numpy as np
import pytest

from coinmon.config.load import load_config
from coinmon.evaluate.evaluator import Evaluator
from coinmon.market.alone import Alone
from coinmon.market.kept.stretches import KeptStretches
from coinmon.model.bars import Bars, Coverage
from coinmon.model.derivatives import Funding, OpenInterest
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.moment import DAY, MINUTE
from coinmon.model.multiples import in_coins
from coinmon.store.bars import write_bars
from coinmon.store.database import open_database
from coinmon.store.history import History
from coinmon.store.instruments import sync_instruments
from coinmon.store.rows import read_rewritten
from coinmon.store.samples import write_samples, write_series
from coinmon_signals.derivatives._perpetuals import annualised, changes, growths

START = 29_000_000 * MINUTE // DAY * DAY
STORED, CYCLES, EVERY, HOURS = 1900, 40, 5, 60 * MINUTE
VENUES = ("binance", "okx", "bybit")
SIGNALS = ("oi_jump", "oi_quadrant_shift", "funding_extreme", "funding_squeeze")
EASY = {"oi_jump": {"min_times": 2.0, "max_move": 2.0}, "oi_quadrant_shift": {"dead_band": 1.2},
        "funding_squeeze": {"min_times": 1.0}}  # fmt: skip


def rows(rng, count):
    price = 40_000 + np.cumsum(rng.normal(0, 12, count)).astype(np.int64)
    there, n = rng.random(count) < 0.98, np.ones(count)
    whole = Bars(
        Decimal("0.01"), START + np.arange(count) * MINUTE, price, price, price, price, n, n * 400,
        np.full(count, 9), n / 2, n * 200, 0 * n, 0 * n, np.full(count, Coverage.KLINES, np.uint8),
    )  # fmt: skip
    return whole[there]


def sampled(rng, minute, base, rate):
    """One of a perpetual; a venue does not always say how long its interval is."""
    time = START + minute * MINUTE + int(rng.integers(0, 50_000))
    hours = None if rng.random() < 0.1 else int(rng.choice([4, 8])) * HOURS
    return OpenInterest(time, base), Funding(time, rate, None, hours)


def samples_of(rng):
    """Every five minutes and some of them not, until the last cycle."""
    count = (STORED + CYCLES) // EVERY + 1
    held = 50_000 * np.exp(np.cumsum(rng.normal(0, 0.002, count) * np.where(rng.random(count) < 0.05, 9, 1)))
    rates = 4e-4 * np.sin(np.arange(count) / 9 + rng.random() * 6)
    return [
        sampled(rng, i * EVERY, float(base), float(rate))
        for i, (base, rate) in enumerate(zip(held, rates, strict=True))
        if rng.random() < 0.95
    ]


@pytest.fixture
def stored(tmp_path):
    """Perpetuals of four coins, one of which trades in thousands; by row number what is still to come of each."""
    rng, found = np.random.default_rng(7), {}
    database = open_database(f"sqlite:///{tmp_path}/c.db")
    for base in ("BTC", "1000PEPE", "SOL", "NONE"):
        for venue in VENUES[: 1 if base == "SOL" else 3]:
            one = Instrument(venue, "perp", base, "USDT", base, f"{base}/USDT:USDT", Decimal("0.01"), Decimal("0.001"))
            bars, samples = rows(rng, STORED + CYCLES), [] if base == "NONE" else samples_of(rng)
            with database.write() as connection:
                ((number, own),) = sync_instruments(connection, [one], START).values()
                write_bars(connection, number, own, bars[bars.time < START + STORED * MINUTE])
                for several in zip(*(each for each in samples if each[0].time < START + STORED * MINUTE), strict=True):
                    write_series(connection, number, several, START)
            found[number] = own, bars, samples
    yield database, found
    database.close()


def come(rng, connection, found, minute):
    """What a scan reads in that minute, and what turns out later."""
    for number, (own, bars, samples) in found.items():
        write_bars(connection, number, own, bars[bars.time == START + minute * MINUTE], known_at=0)
        for each in samples:
            if START + minute * MINUTE <= each[0].time < START + (minute + 1) * MINUTE:
                for sample in each:
                    write_samples(connection, {number: sample}, START + (minute + 1) * MINUTE)
        now, draw = START + (minute + 1) * MINUTE, rng.random()
        if samples and draw < 0.2:
            # of the last minutes or of long ago: another figure, or one of a moment that had none
            back = int(rng.choice([3, 9, 14, 100, 900]))
            for sample in sampled(rng, minute - back, float(rng.uniform(2e4, 9e4)), float(rng.normal(0, 6e-4))):
                if draw < 0.1:
                    write_samples(connection, {number: sample}, now)
                else:
                    write_series(connection, number, [sample], now, now)


def test_they_are_what_is_stored_and_who_is_quiet_says_nothing(stored, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    database, found = stored
    config = load_config(None, overrides={f"signals.{name}": each for name, each in EASY.items()}, environ={})
    evaluator, kept, rng = Evaluator(config, list(VENUES)), KeptStretches(), np.random.default_rng(3)
    quiet, said, figures = Counter(), Counter(), 0
    for minute in range(STORED, STORED + CYCLES):
        with database.write() as connection:
            come(rng, connection, found, minute)
        # a scan may look twice a minute, and a clock may be set back
        now = START + (minute + 1) * MINUTE + int(rng.integers(0, 59_000)) - (3 * MINUTE if minute % 17 == 0 else 0)
        pairs = {}
        for own, _, _ in found.values():
            pairs.setdefault(in_coins(own).base, []).append(in_coins(own))
        if minute % 7 == 0:
            del pairs["SOL"]
        with database.still() as still:
            keeping, plain = History(still), History(still)
            keeping.of_all_pairs(kept, now, list(pairs.values()))
            for base, several in pairs.items():
                ours, theirs = (
                    evaluator.market(Pair(base, "USDT"), several, history, now) for history in (keeping, plain)
                )
                for name, minutes in (("open_interest", 2160), ("funding", 30)):
                    both = [each.sampled(name, minutes) for each in (keeping.recent, Alone(list(theirs.perp.values())))]
                    mine = [list(keeping.recent.instruments).index(each) for each in several]
                    for i, row in enumerate(mine):
                        (a, b), (c, d) = (each.start[j : j + 2] for each, j in zip(both, (row, i), strict=True))
                        assert both[0].time[a:b].tolist() == both[1].time[c:d].tolist(), (minute, base, name)
                        for field, column in both[0].columns.items():
                            assert np.array_equal(column[a:b], both[1].columns[field][c:d], equal_nan=True), field
                for window in (50, 20):
                    told = changes(ours, window)
                    assert repr(told) == repr(changes(theirs, window))
                    figures += sum(map(is_as_told, told.values(), theirs.perp.values(), [window] * len(told)))
                most = growths(ours, 240)
                assert repr(most) == repr(growths(theirs, 240))
                for name, view in theirs.perp.items():
                    told = view.of("open_interest", window=240, limit=0)
                    assert not told.noise or most[name] >= (1 - 1e-9) * abs(told.change) / told.noise
                assert repr(annualised(ours, 30)) == repr(annualised(theirs, 30))
                for name in SIGNALS:
                    says = isinstance(evaluator.judge(name, theirs), list)
                    is_quiet = evaluator.is_quiet(name, ours)
                    assert not (is_quiet and says), (minute, base, name)
                    quiet[name] += is_quiet
                    said[name] += says
    assert not evaluator.failures
    assert figures > 500
    assert min(said[name] for name in SIGNALS) > 3, said
    # one that says nothing is mostly known to
    total = sum(len(pairs) for _ in range(CYCLES))
    assert all(quiet[name] + said[name] > 0.85 * total for name in SIGNALS), (quiet, said, total)
    # of a market that is not traded any more a venue says the same for days
    number, old = min(found), {min(found): OpenInterest(START + 7, 1.0)}
    counted = []
    for _ in range(2):
        with database.write() as connection:
            write_samples(connection, old, now)
            counted.append(read_rewritten(connection)[number])
    assert counted[0] == counted[1]


def is_as_told(told, view, window):
    """Whether there are figures, which have to be those of the indicator."""
    found = view.of("open_interest", window=window, limit=0)
    if found.noise is None:
        assert all(np.isnan(each) for each in told)
        return False
    expected = found.change, found.price_change_pct, found.noise, found.price_noise_pct
    assert told == pytest.approx(expected, rel=1e-12, abs=1e-12)
    return True
