"""What indicators and exchanges of somebody else's answer, and text that would command a terminal."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from pydantic import Field

from coinmon import Bilingual, Signal, Silent, Streamed, StreamedBook, Text, TradePage, Trades
from coinmon.collect.venue_answers import check_answer, check_batch
from coinmon.errors import CoinmonError, words_of
from coinmon.market.result import Result, SeenReport, moment
from coinmon.model.bars import Bars
from coinmon.model.book import Book
from coinmon.model.derivatives import Funding, OpenInterest
from coinmon.model.moment import MINUTE
from coinmon.plugin.answers import listed, mapping_of, result_of
from coinmon.plugin.border import NotAsAgreed, plain, signals_of
from coinmon.printable import is_printable
from coinmon.secrets import redacted
from tests.collect.conftest import instrument

ATTACK = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202etxt\rover"


class Mine(Result):
    """Of a plugin."""

    words: object = Field(default=None)


def mine(words):
    when = moment(0)
    seen = SeenReport(start=when, end=when, minutes=1, complete=1, share=1.0, kind="trades")
    return Mine(as_of=when, coverage=seen, convention="mine", words=words)


@pytest.mark.parametrize("said", [None, {"x": 1}, [], "text", 1.5, Mine, float("nan")])
def test_what_is_no_result_is_said(said):
    with pytest.raises(NotAsAgreed, match="not a Result"):
        result_of(said)


@pytest.mark.parametrize("words", [ATTACK, {ATTACK: 1}, [ATTACK], object(), b"bytes", [0] * 10_001, "x" * 1_000_000])
def test_a_result_that_cannot_be_shown_is_refused(words):
    with pytest.raises(NotAsAgreed):
        result_of(mine(words))


@pytest.mark.parametrize("words", [None, "涨 up\n", {"a": [1, 2.5, float("nan"), Decimal(3)]}])
def test_a_sound_result_passes(words):
    assert result_of(mine(words)).words is words


BARS = Bars.missing(Decimal("0.1"), MINUTE * np.arange(2))
NOUGHTS = np.zeros(2)
TRADES = Trades(np.arange(2), np.arange(2), np.arange(2), np.ones(2), np.array([1, -1], np.int8))
PAGE = TradePage(TRADES, joined=True)
BOOK = Book(0, np.ones((1, 2)), np.ones((1, 2)))
SOUND = {
    "bars": [BARS, BARS[:0]], "trades": [PAGE, TradePage(Trades.empty(), joined=False)], "earlier_trades": [PAGE],
    "book": [BOOK], "past_funding": [[], [Funding(0, 0.1)]], "past_open_interest": [(OpenInterest(0, 1.0),)],
    "server_time": [1_700_000_000_000], "instruments": [None], "tickers": [None],
}  # fmt: skip
ODD_BARS = {
    "time": [np.zeros(2, np.int64), np.arange(2), MINUTE * np.arange(2)[::-1], MINUTE * np.arange(2.0), [0, MINUTE]],
    "open": [np.ones(2), np.ones(3, np.int64), None], "volume": [-np.ones(2), np.full(2, np.inf), np.ones(2, int)],
    "coverage": [np.full(2, 4, np.uint8)],
}  # fmt: skip
ODD_TRADES = {
    "side": [np.zeros(2, np.int8), np.ones(2)], "qty": [-np.ones(2), np.full(2, np.nan), np.ones(3)],
    "ticks": [np.ones(2), np.array(["1", "2"])], "id": ["ab"],
}  # fmt: skip
ODD = {
    "bars": [None, [1, 2], {}, PAGE, *(replace(BARS, **{name: each}) for name in ODD_BARS for each in ODD_BARS[name])],
    "trades": [
        None, TRADES, [PAGE], replace(PAGE, trades=None),
        *(replace(PAGE, trades=replace(TRADES, **{name: each})) for name in ODD_TRADES for each in ODD_TRADES[name]),
    ],
    "book": [None, {}, replace(BOOK, bids=np.ones(2)), replace(BOOK, asks=[[1.0, 2.0]])],
    "past_funding": [None, "text", {}, [None], [OpenInterest(0, 1.0)]],
    "server_time": [None, 1.5, "now"],
}  # fmt: skip


@pytest.mark.parametrize(("method", "said"), [(name, each) for name in SOUND for each in SOUND[name]])
def test_what_an_exchange_answers_as_agreed_passes(method, said):
    check_answer(method, said)


@pytest.mark.parametrize(("method", "said"), [(name, each) for name in ODD for each in ODD[name]])
def test_an_answer_that_is_not_as_agreed_is_said(method, said):
    with pytest.raises(NotAsAgreed):
        check_answer(method, said)


def test_a_batch_of_a_stream_is_looked_at_too():
    check_batch([Streamed(instrument(), PAGE), StreamedBook(instrument(), BOOK)])
    for odd in (None, [None], PAGE, [PAGE], [Streamed(instrument(), TRADES)], [StreamedBook(instrument(), None)]):
        with pytest.raises(NotAsAgreed):
            check_batch(odd)


def test_one_odd_instrument_costs_itself():
    sound = instrument()
    odd = [
        replace(sound, base=ATTACK), replace(sound, symbol=""), replace(sound, native_id=7),
        replace(sound, tick_size=Decimal("NaN")), replace(sound, lot_size=Decimal(0)), replace(sound, tick_size=0.5),
        replace(sound, kind="option"), replace(sound, venue="other"), None, "BTC/USDT", {"symbol": "BTC/USDT"},
        replace(sound, quote="x" * 301), replace(sound, contract_size=Decimal("-1")),
    ]  # fmt: skip
    found, left_out = listed([*odd, sound], "acme")
    assert found == [sound]
    assert len(left_out) == len(odd)
    assert all(map(is_printable, left_out))


@pytest.mark.parametrize("said", [None, 7, "text", {"symbol": 1}])
def test_what_is_no_list_of_instruments_is_said(said):
    with pytest.raises(NotAsAgreed, match="expected a list"):
        listed(said, "acme")


@pytest.mark.parametrize("said", [None, [], "x", {"acme:BTC": 7.0}, {"acme:BTC": None}])
def test_what_is_no_mapping_of_samples_is_said(said):
    with pytest.raises(NotAsAgreed, match="open_interest returned"):
        mapping_of(said, "open_interest", OpenInterest)


def test_nothing_commands_a_terminal():
    """Errors of venues and plugins, what signals say, and why they are silent."""
    texts = [words_of(ValueError(ATTACK)), str(CoinmonError(ATTACK)), redacted(ATTACK), *plain({ATTACK: [ATTACK]})]
    text = Text(ATTACK, ATTACK)
    signal = Signal("mine", "BTC/USDT", "B", "bullish", text, text, {"n": ATTACK}, ATTACK, advice=text)
    (told,), _ = signals_of([signal], "mine", "BTC/USDT")
    texts += [told.title.zh, told.title.en, told.reading.zh, told.advice.en, told.key, told.evidence["n"]]
    silent, _ = signals_of(Silent(Bilingual(ATTACK, ATTACK)), "mine", "BTC/USDT")
    texts += [str(silent.reason), silent.reason.zh]
    assert not [each for each in texts if not is_printable(each)]
    assert redacted("a\tb\nc 涨 é") == "a\tb\nc 涨 é"
