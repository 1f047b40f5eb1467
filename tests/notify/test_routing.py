"""Who is told what: the table of DESIGN 7, and what people may change."""

from types import SimpleNamespace

import pytest

from coinmon.config.load import NotifyConfig
from coinmon.config.schema import RouteConfig
from coinmon.notify.routing import routes


def takes(wants, event, policy=None, events=None, **route):
    """Whether an output that wants these gets an event."""
    chosen = SimpleNamespace(events=events, route=RouteConfig(**route), settings={})
    config = SimpleNamespace(notify=policy or NotifyConfig(), outputs={"out": chosen}, timezone="UTC")
    return routes(config, {"out": SimpleNamespace(wants=frozenset(wants))})["out"].takes(event)


ROBOT = {"signal", "whale"}
RECORD = {"signal", "whale", "flow", "venue"}


def signal(grade, name="surge"):
    return {"event": "signal", "grade": grade, "signal": name}


def whale(quote):
    return {"event": "whale", "quote": quote}


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
        ({"event": "flow"}, {}, False),
    ],
)
def test_people_are_told_what_is_worth_it_and_records_get_all(event, policy, told):
    assert takes(ROBOT, event, NotifyConfig(**policy)) == told
    assert takes(RECORD, event, NotifyConfig(**policy))


@pytest.mark.parametrize(("event", "told"), [(signal("A"), False), (whale(1e6), True), ({"event": "venue"}, False)])
def test_configured_events_are_the_only_ones(event, told):
    assert takes(ROBOT, event, events=frozenset({"whale"})) == told
    assert takes(RECORD, event, events=frozenset({"whale"})) == told


def test_an_event_that_nobody_wants_is_told_to_nobody():
    assert not takes(RECORD, {"event": "delivery"})
