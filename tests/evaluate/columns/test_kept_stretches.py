"""What a scan keeps of stretches that are over says the same as the store, whatever is written to it in between."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from coinmon.config.load import load_config
from coinmon.evaluate.evaluator import Evaluator
from coinmon.market.kept.stretches import KeptStretches
from coinmon.model.bars import COLUMNS, Bars, Coverage
from coinmon.model.derivatives import SAMPLED
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.moment import DAY, HOUR, MINUTE
from coinmon.store.bars import write_bars
from coinmon.store.database import open_database
from coinmon.store.history import History
from coinmon.store.instruments import sync_instruments
from coinmon.store.retention import forget

START = 29_000_000 * MINUTE // DAY * DAY
STORED, LOOKS = 1660, 24
PAIR = Pair("BTC", "USDT")


def market(venue):
    return Instrument(venue, "spot", "BTC", "USDT", "BTC", "BTC/USDT", Decimal("0.01"), Decimal("0.001"))


def minutes(rng, price):
    n = len(price)
    volume = np.round(rng.gamma(2.0, 3.0, n), 3)
    buy = np.round(volume * np.clip(0.5 + rng.normal(0, 0.2, n), 0, 1), 3)
    return Bars(
        Decimal("0.01"), START + np.arange(n) * MINUTE, price, price + 9, price - 9, price, volume,
        volume * price / 100, np.full(n, 9, np.int64), buy, buy * price / 100, np.zeros(n), np.zeros(n),
        np.full(n, Coverage.KLINES, np.uint8),
    )  # fmt: skip


@pytest.fixture
def stored(tmp_path):
    """Three venues' minutes in a database, and all that are still to come."""
    rng = np.random.default_rng(11)
    database = open_database(f"sqlite:///{tmp_path}/c.db")
    price = 4_000_000 + np.cumsum(rng.normal(0, 300, STORED + LOOKS)).astype(np.int64)
    found = {}
    for venue in ("binance", "okx", "coinbase"):
        rows = minutes(rng, price + rng.integers(-3, 4, len(price)))
        with database.write() as connection:
            ((number, own),) = sync_instruments(connection, [market(venue)], START).values()
            write_bars(connection, number, own, rows[:STORED])
        found[venue] = number, own, rows
    yield database, found
    database.close()


def look(evaluator, history, now, found):
    each = evaluator.market(PAIR, [own for _, own, _ in found.values()], history, now)
    flow = each.of("consensus")
    held = [(one.name, one.key, one.grade, one.begins, one.evidence) for one in evaluator.screened(each)]
    return held, [(one.net_flow, one.zscore, one.coverage) for one in flow.venues]


def test_a_scan_that_keeps_says_what_one_that_reads_all_says(stored, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    database, found = stored
    easy = {"key_level_touch": {"approach": 0.3}, "us_premium": {"min_zscore": 1.0, "min_bps": 0.1},
            "structure_break": {"timeframe": "5m", "pivots": 2}, "liquidity_sweep": {"timeframe": "5m", "pivots": 2},
            "cvd_divergence": {"timeframe": "5m", "pivots": 2, "min_share": 0.0}}  # fmt: skip
    config = load_config(None, overrides={f"signals.{name}": each for name, each in easy.items()}, environ={})
    evaluator, asked = Evaluator(config, list(found)), Evaluator(config, list(found))
    monkeypatch.setattr(asked, "is_quiet", lambda name, market: False)
    kept, rng, said = KeptStretches(), np.random.default_rng(3), set()
    for i in range(LOOKS):
        now = START + (STORED + i) * MINUTE
        for venue, (number, own, rows) in found.items():
            with database.write() as connection:
                if i:
                    write_bars(connection, number, own, rows[STORED + i - 1 : STORED + i], known_at=now)
                # and the last one of a candle that was looked at, which nobody counts
                ended = i % 10 == 8 and venue == "binance"
                if ended or rng.random() < 0.2:
                    # a minute of the last ones, of the hours before or of the day before turns out to be otherwise
                    reach = (9, 240, STORED - 1)[int(rng.integers(3))] if venue != "okx" else 9
                    at = STORED + i - 4 if ended else STORED + i - 1 - int(rng.integers(reach))
                    price = rows.close[at : at + 1] + (9000 if ended else int(rng.integers(-4000, 4000)))
                    other = replace(rows[at : at + 1], high=price + 9, low=price - 9, close=price, open=price)
                    volume = other.volume * 2 + 1
                    other = replace(other, volume=volume, quote_volume=volume * 41_000, buy_quote=volume * 30_000)
                    write_bars(connection, number, own, other, known_at=now, corrects=True)
        with database.still() as still:
            keeping = History(still)
            keeping.of_all_pairs(kept, now, [[own for _, own, _ in found.values()]])
            ours, theirs = look(evaluator, keeping, now, found), look(asked, History(still), now, found)
        assert repr(ours) == repr(theirs), i
        said |= {each[0] for each in ours[0]}
    assert not evaluator.failures
    assert {"key_level_touch", "us_premium", "structure_break"} <= said


class NothingStored:
    """Markets of which no minute is stored."""

    def bars(self, instrument, start, end):
        return Bars.empty(instrument.tick_size)

    def lately(self, wanted, start, end):
        return [], {name: np.empty(0, np.int64) for name in (*COLUMNS, "known_at")}

    def sampled_lately(self, name, wanted, start, end):
        return [], {each: np.empty(0, np.int64) for each in ("time", *SAMPLED[name])}

    def sums(self, start, end):
        return {}


def test_what_is_kept_goes_with_its_instrument_its_age_and_a_clock_that_is_set_back():
    a, b = (market(venue) for venue in ("binance", "okx"))
    kept, counts, stored = KeptStretches(), {a.id: 0, b.id: 0}, NothingStored()
    now = START + DAY
    for id, entries in kept.as_of(now, [[a, b]], counts, stored).items():
        entries["young", now, now + HOUR] = id
        entries["old", now, now + MINUTE] = id
    counts = {**counts, b.id: 1}
    again = kept.as_of(now + MINUTE, [[a, b]], counts, stored)
    assert again == {a.id: {("young", now, now + HOUR): a.id}, b.id: {}}
    assert kept.as_of(now + 2 * MINUTE, [[a, b]], counts, stored) == again
    assert kept.as_of(now + 3 * MINUTE, [[a]], counts, stored).keys() == {a.id}
    assert kept.as_of(now + 2 * MINUTE, [[a, b]], counts, stored) == {a.id: {}, b.id: {}}


def test_a_few_markets_with_other_minutes_are_no_reason_to_ask_of_all():
    many = [replace(market("okx"), base=f"C{i}", native_id=f"C{i}", symbol=f"C{i}/USDT") for i in range(40)]
    counts, kept = {each.id: 0 for each in many}, KeptStretches()

    def asked(now, counts, lasts):
        kept.as_of(now, [[each] for each in many], counts, NothingStored())
        return [len(kept.recent.of(each, "k", lambda all_: range(len(all_.instruments)), now, lasts)) for each in many]

    assert asked(START, counts, True) == [1] * 40
    assert asked(START + MINUTE, counts | {many[3].id: 1}, True) == [1] * 3 + [0] + [1] * 36
    assert asked(START + 2 * MINUTE, counts, False) == [1] * 40
    assert asked(START + 3 * MINUTE, {each.id: 2 for each in many}, True) == [1] * 40


def test_what_is_given_of_pairs_is_given_to_who_has_all_markets_of_one():
    a, b, c = (market(venue) for venue in ("binance", "coinbase", "okx"))
    d = replace(a, kind="perp", symbol="BTC/USDT:USDT")
    other, never = replace(a, base="ETH", symbol="ETH/USDT"), replace(c, base="SOL", symbol="SOL/USDT")
    recent = KeptStretches().recent
    counts = {each.id: 0 for each in (a, b, c, d, other)}
    recent.as_of(START, [[never], [a, b, c, d], [other]], counts, NothingStored())

    def given(*markets, at=START):
        return recent.of_pair(list(markets), "k", lambda many: [f"from {row}" for row in many.pairs], at)

    assert (given(a, b, c), given(d), given(other)) == (["from 0"], ["from 3"], ["from 4"])
    for some in ((a,), (a, b), (b, c), (a, b, c, d), (d, other), (never,), (replace(other, base="X"),)):
        assert not given(*some), some
    assert not given(a, b, c, at=START - MINUTE)
    shared = [recent.once("k", lambda value=value: [value]) for value in (1, 2)]
    recent.as_of(START + MINUTE, [[a]], counts, NothingStored())
    assert [*shared, recent.once("k", lambda: [3])] == [[1], [1], [3]]
    with pytest.raises(TypeError):
        shared[0].append(4)


def counted(database):
    with database.read() as connection:
        return connection.exec_driver_sql("SELECT sum(rewritten) FROM instruments").scalar()


def test_minutes_count_as_rewritten_once_they_were_over_for_a_while(stored):
    database, found = stored
    number, own, rows = found["okx"]
    before = counted(database)
    known_at = int(rows.time[STORED - 1]) + MINUTE
    with database.write() as connection:
        write_bars(connection, number, own, rows[STORED - 10 : STORED], known_at=known_at)
    assert counted(database) == before
    with database.write() as connection:
        write_bars(connection, number, own, rows[STORED - 11 : STORED], known_at=known_at)
    assert counted(database) == before + 1
    with database.write() as connection:
        # history may be of any time
        write_bars(connection, number, own, rows[STORED : STORED + 1])
        # prices of another grid are other numbers
        sync_instruments(connection, [replace(own, tick_size=Decimal("0.001"))], known_at)
    assert counted(database) == before + 3
    # as old as what is deleted by default nothing is that is kept
    forget(database, known_at, 15, 3)
    assert counted(database) == before + 3
    forget(database, known_at, 14, 14)
    assert counted(database) == before + 3 + len(found)
    forget(database, known_at, 15, 1)
    assert counted(database) == before + 3 + 2 * len(found)
