"""A code that always means the same is asked about once; what is told of it later is asked when it is told."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from coinmon.config.load import load_config
from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.held_signal import HeldSignal
from coinmon.evaluate.replay import evaluate
from coinmon.evaluate.signal_states import SignalStates, fold
from coinmon.model.bars import Bars
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.moment import MINUTE
from coinmon.model.signal import Signal, Silent, Text

START = 29_000_000 * MINUTE
WORDS = Text("x", "x")
# rises and falls: it begins, may go on, is over
STANDS = [2, 1, 0, 0, 1, 0, 2, 0] * 12
COOLDOWN = 3 * MINUTE


class Nothing:
    def bars(self, instrument, start, end, *, levels=False):
        return Bars.empty(Decimal("0.01"))


@pytest.fixture
def setting(tmp_path, monkeypatch):
    """An evaluator of one signal that stands as STANDS says, with its columns of a type; and the minutes asked at."""
    monkeypatch.chdir(tmp_path)
    whole = load_config(None, environ={})
    asked = []

    def stands(market):
        at = (market.now - START) // MINUTE
        asked.append(at)
        if not STANDS[at]:
            return Silent("no")
        return [
            Signal("mine", "BTC/USDT", "B", "bullish", WORDS, WORDS, {"at": at}, key="mine", begins=STANDS[at] == 2,
                   cooldown=COOLDOWN)
        ]  # fmt: skip

    def made(kind, stands=stands):
        def columns(frame):
            first = (frame.start - START) // MINUTE
            return np.array(STANDS[first : first + frame.count], kind)

        chosen = whole.signals["consensus"]
        offer = replace(chosen.offer, target=stands, columns=columns)
        config = replace(whole, signals={"mine": replace(chosen, offer=offer, settings={})})
        return Evaluator(config, ["binance"])

    return made, asked


def market_at(evaluator):
    instrument = Instrument("binance", "spot", "BTC", "USDT", "B", "BTC/USDT", Decimal("0.01"), Decimal("0.001"))
    return lambda now: evaluator.market(Pair("BTC", "USDT"), [instrument], Nothing(), now)


def replayed(evaluator, cuts=()):
    """What is told: its minute and evidence."""
    at = market_at(evaluator)
    changes = evaluate(evaluator, at, Nothing(), START, START + len(STANDS) * MINUTE, {}, cuts=cuts)
    told = []
    for step in fold(changes, SignalStates()):
        for each in step.told:
            signal = each.signal
            said = evaluator.asked(signal, at(signal.at)) if isinstance(signal, HeldSignal) else signal
            told.append((each.at, said.evidence["at"], said.begins))
    return told


def test_the_same_is_told_and_hardly_anything_asked(setting):
    made, asked = setting
    by_runs = replayed(made(np.int8))
    often = len(asked)
    asked.clear()
    assert replayed(made(np.int64)) == by_runs
    assert [START + at * MINUTE for _, at, _ in by_runs] == [at for at, _, _ in by_runs]
    # once for each of the two codes, and for all that is told but the first, which was one of them
    assert len(asked) == len(by_runs) + 1
    assert often == sum(bool(now) and now != before for now, before in zip(STANDS, [0, *STANDS], strict=False))
    assert often > 2 * len(asked)


def test_on_other_instruments_a_code_may_mean_something_else(setting):
    made, asked = setting
    replayed(made(np.int64))
    before = len(asked)
    asked.clear()
    replayed(made(np.int64), cuts=[START + 48 * MINUTE])
    # the first of the two codes comes within its cooldown, and is told no news with
    assert len(asked) == before + 2


def test_what_the_signal_does_not_say_itself_is_not_told(setting):
    made, _ = setting
    evaluator = made(np.int64, lambda market: Silent("never"))
    held = HeldSignal("mine", START, "mine", "mine", "B", "bullish", True, False, COOLDOWN)
    assert evaluator.asked(held, market_at(evaluator)(START)) is None
    assert "columns say mine" in evaluator.failures["columns of signal mine"]
