"""What the core asks of indicators it asks by question, not by name: whoever answers is asked, and is checked."""

from dataclasses import replace

import pytest
from msgspec.structs import replace as changed

from coinmon.config.load import load_config
from coinmon.evaluate.evaluator import Evaluator
from coinmon.market.given import GivenSource
from coinmon.market.result import Result, SeenReport, moment
from coinmon.model.events import FlowEvent
from coinmon.model.instrument import Pair
from coinmon.model.moment import MINUTE, iso
from coinmon.notify.events import flow_event
from coinmon.plugin.members import QUESTIONS, SWITCHES, checked_options

NOW = 1_750_000_000_000 // MINUTE * MINUTE
SOUND = FlowEvent("?", "?", 1.5, "USDT", 7, {}, None, "mixed", None, 1.0)


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("config"))
        return load_config(None, environ={})


def asked(config, said, distribution="coinmon-acme"):
    """The event of a scan, its evaluator, where `tide` of somebody else's answers in place of the bundled indicator."""

    class Tide(Result):
        """Of a plugin."""

        def flow(self, subject):
            return said() if callable(said) else said

    def tide(market):
        when = moment(0)
        seen = SeenReport(start=when, end=when, minutes=1, complete=1, share=1.0, kind="trades")
        return Tide(as_of=when, coverage=seen, convention="tide")

    bundled = config.indicators["consensus"]
    offer = replace(bundled.offer, name="tide", target=tide, plugin="acme.tide", distribution=distribution)
    mine = replace(config, indicators={"tide": replace(bundled, offer=offer, settings={})})
    evaluator = Evaluator(mine, ["okx"])
    market = evaluator.market(Pair("BTC", "USDT"), [], GivenSource({}), NOW)
    return flow_event(market, 50, evaluator.flow), evaluator


def test_another_indicator_answers(config):
    event, evaluator = asked(config, SOUND)
    assert event == changed(SOUND, time=iso(NOW), pair="BTC/USDT")
    assert not evaluator.failures


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (None, "expected a FlowEvent"),
        ({"consensus": "mixed"}, "expected a FlowEvent"),
        (changed(SOUND, consensus="up"), "consensus"),
        (changed(SOUND, window="7"), "window"),
        (lambda: 1 / 0, "division by zero"),
    ],
)
def test_what_is_not_as_agreed_costs_its_column(said, why, config):
    event, evaluator = asked(config, said)
    assert event.consensus is None
    assert event.window == 50
    assert "flow of indicator tide (plugin acme.tide)" in event.consensus_reason
    assert why in event.consensus_reason
    assert list(evaluator.failures) == ["flow of indicator tide"]


def test_what_commands_a_terminal_is_made_printable(config):
    event, _ = asked(config, changed(SOUND, consensus=None, consensus_reason="\x1b[2Jwaits"))
    assert "\x1b" not in event.consensus_reason


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"answers": "weather"}, "nobody asks 'weather' of scope 'instrument'; expected levels, open_interest"),
        ({"answers": "flow"}, "nobody asks 'flow'"),
        ({"answers": ("levels",), "scope": "pair"}, "expected flow"),
        ({"switches": {"mine": "grades"}}, "mine is switched by 'grades'; expected consensus"),
        ({"switches": ["mine"]}, "not a dict"),
    ],
)
def test_what_nobody_asks_is_refused_at_registration(options, why):
    with pytest.raises(ValueError, match=why):
        checked_options("mine", lambda market: None, options)


def test_one_question_may_be_written_without_brackets():
    assert checked_options("mine", len, {"answers": "levels"})["answers"] == ("levels",)


def test_every_question_has_a_bundled_answer_and_every_switch_a_key(config):
    for question, scope in QUESTIONS.items():
        answering = config.indicators[Evaluator(config, []).answering(question)].offer
        assert answering.scope == scope
        assert question in answering.answers
    assert not [key for key in SWITCHES if not isinstance(getattr(config.notify, key), bool)]
