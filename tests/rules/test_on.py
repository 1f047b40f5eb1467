"""`on(...)`: another signal, bundled or a rule, is on for the pair."""

import pytest

from coinmon.errors import ConfigError
from coinmon.model.signal import Silent


class Source:
    def __init__(self, told):
        self.told = told

    def signals(self, pair, start, end):
        return self.told


class View:
    def __init__(self, told):
        self.source = Source(told)


class Market:
    def __init__(self, pair="BTC/USDT", told=()):
        self.pair, self.now, self.views = pair, 0, [View(told)]


class Said:
    name, once = "consensus_change", False

    def __init__(self, begins):
        self.begins = begins


def asked(load, answer):
    """The rule that asks whether `consensus` is on, which answers that."""
    config = load("mine:\n  when: on(consensus)\n")
    rule = config.signals["mine"].offer.target
    (node,) = [each for each, _ in rule.begins.fields()]
    object.__setattr__(node.asked, "signal", lambda market: answer)
    return rule


def test_it_is_on_while_the_signal_begins_or_goes_on_where_it_was_told(load):
    assert len(asked(load, [Said(begins=True)])(Market())) == 1
    assert not asked(load, [])(Market()).waits
    goes_on = asked(load, [Said(begins=False)])
    assert isinstance(goes_on(Market()), Silent)
    told = {"event": "signal", "signal": "consensus_change", "ended": None}
    assert len(goes_on(Market(told=[told]))) == 1
    assert isinstance(goes_on(Market(told=[{**told, "ended": 5}])), Silent)


def test_a_signal_that_waits_or_fails_is_unknown(load):
    assert asked(load, Silent("no data", waits=True))(Market()).waits

    def fails():
        raise RuntimeError
        yield

    assert asked(load, fails())(Market()).waits


def test_rules_may_ask_rules_but_not_in_a_circle(load):
    config = load("a:\n  when: price > 1\nb:\n  when: on(a) and price > 2\n")
    assert {"a", "b"} <= config.signals.keys()
    with pytest.raises(ConfigError, match=r"rule a: .*circle"):
        load("a:\n  when: on(b)\nb:\n  when: on(c)\nc:\n  when: on(a)\n")
    with pytest.raises(ConfigError, match="there is no signal a"):
        load("a:\n  when: on(a)\n")
