"""What a signal of somebody else's may give: it is told as JSON in both databases, or costs itself and is named."""

import json
import os
import signal
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from pydantic import BaseModel

from coinmon import Bilingual, Signal, Silent, Text
from coinmon.config.build import make
from coinmon.errors import ConfigError, our_stop, words_of
from coinmon.plugin.border import NotAsAgreed, plain, signals_of
from coinmon.plugin.members import check_members
from coinmon.run.pages import pages_of
from coinmon.store.database import open_database
from coinmon.store.outbox import read_signals, write_signals

SOUND = Signal("mine", "BTC/USDT", "B", "bullish", Text("标题", "title"), Text("读", "reading"), {"n": 1}, "mine BTC")


class Colour(Enum):
    RED = "red"


class Model(BaseModel):
    at: datetime = datetime(2026, 1, 2, tzinfo=UTC)


@dataclass
class Point:
    x: float = 1.5


EVIDENCE = [
    (np.float32(1.5), 1.5),
    (np.int64(7), 7),
    (np.bool_(True), True),
    (np.array([1.0, np.nan]), [1.0, None]),
    (Decimal("1.25"), 1.25),
    (Decimal("NaN"), None),
    (Fraction(1, 4), 0.25),
    (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
    ({3, 1}, [1, 3]),
    (2**70, float(2**70)),
    (10**400, None),
    ({1: "a", None: "b"}, {"1": "a", "None": "b"}),
    ("\ud800x", "?x"),
    ("a\x00b", "ab"),
    (float("nan"), None),
    (float("-inf"), None),
    ((1, 2), [1, 2]),
    (Colour.RED, "red"),
    (Model(), {"at": "2026-01-02T00:00:00+00:00"}),
    (Point(), {"x": 1.5}),
    (Bilingual("中", "en"), "en"),
]


@pytest.mark.parametrize(("given", "wanted"), EVIDENCE, ids=[repr(each[0])[:30] for each in EVIDENCE])
def test_evidence_becomes_json(given, wanted, database):
    (signal,), left_out = signals_of([replace(SOUND, evidence={"x": given})], "mine", "BTC/USDT")
    assert not left_out
    assert signal.evidence == {"x": wanted}
    json.dumps(signal.evidence, allow_nan=False).encode("utf-8")
    row = {"id": "1", "key": "k", "pair": "BTC/USDT", "name": "mine", "grade": "B", "time": 1, "ended": None}
    with database.write() as connection:
        write_signals(connection, [{**row, "event": dict(signal.evidence)}], {})
    with database.read() as connection:
        assert read_signals(connection, None, 0, 10)[0]["x"] == wanted


class Nothing:
    pass


def deep():
    value = []
    for _ in range(50):
        value = [value]
    return value


BAD = {
    "no signal": "text",
    "grade S": replace(SOUND, grade="S"),
    "a list for a grade": replace(SOUND, grade=["A"]),
    "direction up": replace(SOUND, direction="up"),
    "cooldown None": replace(SOUND, cooldown=None),
    "cooldown below 0": replace(SOUND, cooldown=-1),
    "another pair": replace(SOUND, pair="ETH/USDT"),
    "no key": replace(SOUND, key=""),
    "key is no text": replace(SOUND, key=7),
    "name is no text": replace(SOUND, name=None),
    "title is a number": replace(SOUND, title=5),
    "title of numbers": replace(SOUND, title=Text(1, 2)),
    "evidence is a list": replace(SOUND, evidence=[1]),
    "evidence of objects": replace(SOUND, evidence={"x": Nothing()}),
    "evidence without end": replace(SOUND, evidence={"x": deep()}),
    "too much evidence": replace(SOUND, evidence={"x": list(range(20_000))}),
    "bytes": replace(SOUND, evidence={"x": b"x"}),
    "a forged event": replace(SOUND, grade=None, name="scan_finished"),
    "an event of others": replace(SOUND, grade=None, name="whale"),
    "a key of a megabyte": replace(SOUND, key="x" * 1_000_000),
}


@pytest.mark.parametrize("signal", BAD.values(), ids=BAD)
def test_a_bad_signal_costs_itself_alone(signal):
    sound, (why,) = signals_of([SOUND, signal, replace(SOUND, key="other")], "mine", "BTC/USDT")
    assert [each.key for each in sound] == ["mine BTC", "other"]
    assert "\n" not in why
    assert len(why) < 200


@pytest.mark.parametrize("said", [None, 7, "text", {"a": 1}, b"x", object()])
def test_what_is_no_list_is_named(said):
    with pytest.raises(NotAsAgreed, match="it returned"):
        signals_of(said, "mine", "BTC/USDT")


def test_a_text_in_one_language_is_that_in_both():
    (signal,), _ = signals_of([replace(SOUND, title="up", reading=Bilingual("中", "en"))], "mine", "BTC/USDT")
    assert (signal.title, signal.reading) == (Text("up", "up"), Text("中", "en"))


def test_silence_crosses_as_it_is():
    said, left_out = signals_of(Silent("quiet\x00"), "mine", "BTC/USDT")
    assert (said, left_out) == (Silent("quiet"), [])


def test_what_was_given_is_copied():
    evidence = {"list": [1]}
    (signal,), _ = signals_of([replace(SOUND, evidence=evidence)], "mine", "BTC/USDT")
    evidence["list"].append(2)
    assert signal.evidence == {"list": [1]}


def test_what_has_no_words_is_named_all_the_same():
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

    assert words_of(Mute()) == "Mute: (its text cannot be read)"
    assert words_of(ValueError()) == "ValueError"


def test_a_panic_is_no_stop_of_ours():
    class PanicException(BaseException):
        pass

    assert not our_stop(PanicException())
    assert our_stop(KeyboardInterrupt())
    assert our_stop(GeneratorExit())


def test_plain_says_where():
    with pytest.raises(NotAsAgreed, match=r"evidence\['a'\]\['b'\] is a Nothing"):
        plain({"a": {"b": Nothing()}}, "evidence")


class Venue:
    """As small as an exchange may be."""

    requests = 0

    async def instruments(self):
        return []


class Robot:
    wants = frozenset()

    async def send(self, message): ...


def without(base, name):
    members = {key: value for key, value in vars(base).items() if key not in (name, "__dict__", "__weakref__")}
    return type("Made", (), members)


async def _nothing(self, *arguments): ...


SLIPS = {
    "no requests": ("exchange", without(Venue, "requests"), "has no `requests`"),
    "no instruments": ("exchange", without(Venue, "instruments"), "has no `instruments`"),
    "no wants": ("output", without(Robot, "wants"), "has no `wants`"),
    "open_intrest": ("exchange", type("Made", (Venue,), {"open_intrest": _nothing}), "did you mean `open_interest`"),
    "split_in_bar": ("exchange", type("Made", (Venue,), {"split_in_bar": True}), "did you mean `split_in_bars`"),
    "part": ("output", type("Made", (Robot,), {"part": lambda self, message: 1}), "did you mean `parts`"),
    "digest": ("output", type("Made", (Robot,), {"digest": frozenset()}), "did you mean `digests`"),
    "wants of nothing": ("output", type("Made", (Robot,), {"wants": None}), "`wants` is None; expected a set"),
    "wants a text": ("output", type("Made", (Robot,), {"wants": "signal"}), "`wants` is signal; expected a set"),
    "digests of lists": ("output", type("Made", (Robot,), {"digests": [["A"]]}), "`digests` is .*; expected a set"),
    "requests of words": ("exchange", type("Made", (Venue,), {"requests": "many"}), "`requests` is many; expected"),
    "async init": ("output", type("Made", (Robot,), {"__init__": Venue.instruments}), "`__init__` is async"),
    "not async": ("output", type("Made", (Robot,), {"send": lambda self, message: None}), "expected async def"),
}


@pytest.mark.parametrize(("kind", "target", "why"), SLIPS.values(), ids=SLIPS)
def test_a_slip_of_the_pen_is_found_when_it_is_loaded(kind, target, why, monkeypatch):
    # classes made in a test have no source of their own to look into
    monkeypatch.setattr("coinmon.plugin.members.inspect.getsource", lambda base: "")
    with pytest.raises(TypeError, match=why):
        check_members(kind, "mine", target)


def _raises(self):
    raise RuntimeError("no words for it")


@pytest.mark.parametrize("member", ["wants", "digests", "robot"])
def test_an_object_that_cannot_be_read_is_named_with_what_switches_it_off(member):
    """What routes are made of is read of each output: one that raised there kept everything from starting."""
    target = type("Made", (Robot,), {member: property(_raises), "__init__": lambda self, name: None})
    offer = SimpleNamespace(kind="output", target=target, plugin="theirs", distribution="plugin_dir")
    with pytest.raises(ConfigError, match=r"plugin theirs raised .*no words for it; switch it off with outputs\.mine"):
        make({"mine": SimpleNamespace(offer=offer, settings={})})


def test_an_exchange_whose_object_counts_no_requests_is_named_before_the_scan():
    target = type("Made", (), {"instruments": Venue.instruments, "__init__": lambda self, name: None})
    offer = SimpleNamespace(kind="exchange", target=target, plugin="theirs", distribution="plugin_dir")
    with pytest.raises(ConfigError, match=r"exchanges\.mine: plugin theirs raised .*has no `requests`.*switch it off"):
        make({"mine": SimpleNamespace(offer=offer, settings={})})


def test_a_class_whose_object_is_never_made_is_named(monkeypatch):
    def endless(self, name):
        while True:
            pass

    monkeypatch.setattr("coinmon.plugin.interrupts._LONGEST_S", 0.1)
    target = type("Made", (Robot,), {"__init__": endless})
    offer = SimpleNamespace(kind="output", target=target, plugin="theirs", distribution="plugin_dir")
    with pytest.raises(ConfigError, match=r"plugin theirs raised TimeoutError: no end after 0\.1 s; switch it off"):
        make({"mine": SimpleNamespace(offer=offer, settings={})})


@pytest.mark.parametrize(
    ("presses", "raised", "why"), [(False, ConfigError, "KeyboardInterrupt; switch"), (True, KeyboardInterrupt, None)]
)
def test_a_class_that_raises_what_ctrl_c_raises_is_named_and_ctrl_c_ends_us(presses, raised, why):
    def made(self, name):
        if presses:
            os.kill(os.getpid(), signal.SIGINT)
        raise KeyboardInterrupt

    target = type("Made", (Robot,), {"__init__": made})
    offer = SimpleNamespace(kind="output", target=target, plugin="theirs", distribution="plugin_dir")
    with pytest.raises(raised, match=why):
        make({"mine": SimpleNamespace(offer=offer, settings={})})


@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt])
def test_pages_that_raise_are_left_out(error):
    def raising(desk):
        raise error("no page")

    pages = [SimpleNamespace(name="theirs", target=raising), SimpleNamespace(name="zz_sound", target=lambda desk: "p")]
    desk = SimpleNamespace(config=SimpleNamespace(catalog=SimpleNamespace(of=lambda kind: pages)))
    assert pages_of(desk) == ["p"]


@pytest.mark.parametrize(("kind", "target"), [("exchange", Venue), ("output", Robot)])
def test_the_smallest_are_enough(kind, target):
    check_members(kind, "mine", target)


@pytest.fixture
def database(tmp_path):
    made = open_database(f"sqlite:///{tmp_path / 'border.db'}")
    yield made
    made.close()
