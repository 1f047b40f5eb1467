"""Who is told what: the table of DESIGN 7, and what people may change."""

from types import SimpleNamespace

import pytest

from coinmon.config.load import NotifyConfig
from coinmon.config.schema import RouteConfig
from coinmon.model.events import (
    BothLanguages,
    DeliveryEvent,
    FlowEvent,
    PluginEvent,
    SignalEvent,
    VenueEvent,
    WhaleEvent,
)
from coinmon.notify.routing import routes
from coinmon.plugin.catalog import load_catalog

CATALOG = load_catalog()
"""Of what is bundled: a signal says there by which key of `notify` it is switched."""


def takes(wants, event, policy=None, events=None, **route):
    """Whether an output that wants these gets an event."""
    chosen = SimpleNamespace(events=events, route=RouteConfig(**route), settings={})
    config = SimpleNamespace(notify=policy or NotifyConfig(), outputs={"out": chosen}, timezone="UTC", catalog=CATALOG)
    return routes(config, {"out": SimpleNamespace(wants=frozenset(wants))})["out"].takes(event)


ROBOT = {"signal", "whale"}
RECORD = {"signal", "whale", "flow", "venue"}


WHEN, WORDS = "2026-01-15T00:00:00Z", BothLanguages("涨", "up")


def signal(grade, name="surge"):
    return SignalEvent("1", WHEN, "BTC/USDT", name, grade, "bullish", WORDS, WORDS, None, {})


def whale(quote):
    return WhaleEvent("2", WHEN, "BTC/USDT", "okx:BTC/USDT", "okx", "spot", "buy", 1.0, quote, quote, 7, 1)


FLOW = FlowEvent(WHEN, "BTC/USDT", None, "USDT", 50, {}, None, None, None, None)
VENUE = VenueEvent(WHEN, "okx", "down", 0, 0.0, 0, None, None)
STRONG = signal("C", "consensus_change")


@pytest.mark.parametrize(
    ("event", "policy", "told"),
    [
        *((signal(grade), {}, grade != "C") for grade in ("A+", "A", "B+", "B", "C")),
        (STRONG, {}, True),
        (STRONG, {"consensus": False}, False),
        (signal("B"), {"grades": ("A+",)}, False),
        (signal("C"), {"grades": ("C",)}, True),
        (whale(500_000.0), {}, True),
        (whale(499_999.0), {}, False),
        (whale(499_999.0), {"whale_threshold": 400_000}, True),
        (whale(5e9), {"whale": False}, False),
        (FLOW, {}, False),
    ],
)
def test_people_are_told_what_is_worth_it_and_records_get_all(event, policy, told):
    assert takes(ROBOT, event, NotifyConfig(**policy)) == told
    assert takes(RECORD, event, NotifyConfig(**policy))


@pytest.mark.parametrize(("event", "told"), [(signal("A"), False), (whale(1e6), True), (VENUE, False)])
def test_configured_events_are_the_only_ones(event, told):
    assert takes(ROBOT, event, events=frozenset({"whale"})) == told
    assert takes(RECORD, event, events=frozenset({"whale"})) == told


def test_an_event_that_nobody_wants_is_told_to_nobody():
    assert not takes(RECORD, DeliveryEvent(WHEN, "1", "1", "out", "sent", 1, None))


@pytest.mark.parametrize("name", ["burst", "zone"])
def test_an_event_of_a_plugin_is_told_to_who_wants_it(name):
    """Its evidence is its own, and says nothing of a signal that is over."""
    assert takes({name}, PluginEvent(name, "1", WHEN, "BTC/USDT", {"n": 1}))
    assert not takes(ROBOT, PluginEvent(name, "1", WHEN, "BTC/USDT", {"n": 1}))
