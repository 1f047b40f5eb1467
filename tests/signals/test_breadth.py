"""Breadth, which looks at all pairs: the same live, replayed and in columns, and never ahead of what was known."""

from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest

from coinmon.config.load import load_config
from coinmon.evaluate.audit import audit
from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.stored_markets import StoredMarkets
from coinmon.market.kept.stretches import KeptStretches
from coinmon.model.bars import Bars, Coverage
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.moment import MINUTE, iso
from coinmon.model.signal import Silent
from coinmon.run.backtest import backtest, only
from coinmon.run.judge import judge
from coinmon.run.parts.replay_parts import PairPlayer
from coinmon.store.bars import write_bars
from coinmon.store.database import open_database
from coinmon.store.history import History
from coinmon.store.instruments import sync_instruments

START, COUNT, EVENT, LASTS = 29_000_160 * MINUTE, 200, 90, 35
FIRST, LAST = 75, 175
COINS = ("ADA", "BTC", "DOGE", "ETH", "SOL", "TRX", "XRP")
LATE, BACK_AT = ("DOGE", "SOL"), 155
"""Whose rows from the event on were read at that minute only."""
BTC, ETH = Pair("BTC", "USDT"), Pair("ETH", "USDT")


def rows(seed, share):
    random = np.random.default_rng(seed)
    volume = random.gamma(2.0, 5.0, COUNT)
    close = 10_000 + np.cumsum(random.integers(-9, 10, COUNT))
    return Bars(
        Decimal("0.01"), START + np.arange(COUNT) * MINUTE, close, close + 5, close - 5, close, volume, volume * close,
        np.full(COUNT, 9, np.int64), volume * share, volume * share * close, np.zeros(COUNT), np.zeros(COUNT),
        np.full(COUNT, Coverage.TRADES, np.uint8),
    )  # fmt: skip


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Seven pairs, of which six are bought for a while and one is not; those of LATE came late."""
    folder = tmp_path_factory.mktemp("breadth")
    config = only(
        load_config(None, environ={}, cwd=folder, overrides={"db": f"sqlite:///{folder / 'coinmon.db'}"}), ["breadth"]
    )
    database = open_database(config.db)
    with database.write() as connection:
        for seed, coin in enumerate(COINS):
            each = Instrument("okx", "spot", coin, "USDT", coin, f"{coin}/USDT", Decimal("0.01"), Decimal("0.001"))
            ((number, one),) = sync_instruments(connection, [each], START).values()
            share = np.full(COUNT, 0.5)
            share[EVENT : EVENT + LASTS] = 0.5 if coin == "XRP" else 0.6
            every, late = rows(seed, share), range(EVENT, BACK_AT) if coin in LATE else range(0)
            came_late = np.isin(np.arange(COUNT), late)
            write_bars(connection, number, one, every[~came_late])
            write_bars(connection, number, one, every[came_late], known_at=START + BACK_AT * MINUTE + 3_000)
    yield config, database, History(database)
    database.close()


def replayed(config, history, pairs, known):
    universe = history.universe(config.exchanges, config.quotes)
    return backtest(config, history, universe, pairs, START + FIRST * MINUTE, START + LAST * MINUTE, known=known)


class AsOf(History):
    """By hand: the rows that had been read a few seconds after a minute's end; with `all`, those stored now."""

    def __init__(self, database, known):
        super().__init__(database)
        self.now, self._known, self._rows = START, known, {}

    def bars(self, instrument, start, end, *, levels=False):
        if instrument.id not in self._rows:
            span = instrument, START, START + COUNT * MINUTE
            self._rows[instrument.id] = super().bars(*span), self.known(*span)["bars"][1]
        found, known_at = self._rows[instrument.id]
        there = (known_at <= self.now + 5_000) | (self._known == "complete")
        return found[there & (found.time >= start) & (found.time < end)]


def states(config, history, minutes):
    """What breadth says at each of these minutes."""
    markets = StoredMarkets(config, history)
    found = []
    for minute in minutes:
        history.now = now = START + minute * MINUTE
        said = markets.evaluator.judge("breadth", markets.market("BTCUSDT", now))
        found.append("waits" if isinstance(said, Silent) and said.waits else [] if isinstance(said, Silent) else said)
    assert not markets.evaluator.failures
    return found


def test_it_is_told_once_for_the_market_with_how_many_of_how_many(stored):
    config, _, history = stored
    replay = replayed(config, history, [BTC, ETH], "complete")
    (told,) = [each.event for each in replay.told]
    assert (told["pair"], told["signal"], told["grade"], told["direction"]) == ("BTC/USDT", "breadth", "C", "bullish")
    figures = told["evidence"]
    assert (figures["pairs_in"], figures["pairs_out"]) == (6, 0)
    assert (figures["pairs_judged"], figures["pairs_followed"]) == (7, 7)
    assert iso(START + EVENT * MINUTE) < told["time"] < iso(START + (EVENT + LASTS) * MINUTE)


@pytest.mark.parametrize("known", ["complete", "known"])
def test_a_replay_tells_what_a_scan_said_minute_by_minute(stored, known):
    config, database, history = stored
    by_hand = states(config, AsOf(database, known), range(FIRST, LAST))
    says = [each not in ("waits", []) for each in by_hand]
    begins = [FIRST + i for i, each in enumerate(says) if each and by_hand[i][0].begins]
    (told,) = [each.event for each in replayed(config, history, [BTC], known).told]
    assert told["time"] == iso(START + begins[0] * MINUTE)
    # a part that begins without a lead-in: nothing was asked before it
    player = PairPlayer(config, history, history.universe(config.exchanges, config.quotes), BTC, known)
    judgement = player.alone(START + FIRST * MINUTE, START + LAST * MINUTE, False).judgements["breadth"]
    assert judgement.waited == by_hand.count("waits")
    # who came late was not known to be there, but too little of the market was
    assert (begins[0] < EVENT + LASTS, judgement.waited == 0) == (
        (True, True) if known == "complete" else (False, False)
    )


def test_columns_say_what_the_signal_says(stored):
    config, _, history = stored
    report = audit(config, history, history.universe(config.exchanges, config.quotes), [BTC], ["breadth"], 12)[0]
    assert not report.faults
    assert not report.raised
    assert report.comparisons > 40
    assert report.reach == 60, "other pairs are asked through the same source"


def test_a_scan_asks_of_all_pairs_that_are_stored(stored):
    config, _, history = stored
    universe = history.universe(config.exchanges, config.quotes)
    watch = SimpleNamespace(pairs=[BTC], universe=universe, kinds=("spot",))
    now = START + (EVENT + LASTS) * MINUTE
    kept, evaluator = KeptStretches(), Evaluator(config, list(config.exchanges))
    for keeps in (None, kept, kept):
        found = judge(config, evaluator, watch, history, now, {}, {}, kept=keeps).found
        (signal,) = found["BTC/USDT"]
        assert signal.evidence["pairs_in"] == 6
        now += MINUTE


def test_few_pairs_say_nothing(stored):
    config, _, history = stored
    markets = StoredMarkets(config, history)
    market = markets.market("BTCUSDT", START + (EVENT + LASTS) * MINUTE)
    ask = config.signals["breadth"]
    said = ask.offer.target(market, **{**ask.settings, "min_pairs": 8})
    assert isinstance(said, Silent)
    assert said.waits
    assert "8 pairs" in said.reason
