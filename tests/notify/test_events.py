"""Events on the wire: the lines of `scan --json` are what they were before events had types."""

import json
from pathlib import Path

import jsonschema
import orjson
import pytest
from click.testing import CliRunner
from typer.main import get_command

from coinmon.cli import build
from coinmon.model.events import DigestEvent, PluginEvent, ScanEvent, WhaleEvent, as_json, from_json, kind_of
from coinmon.model.signal import Signal, Text
from coinmon.notify.events import signal_event
from coinmon.report.event_schema import event_schema

LINES = (Path(__file__).parent / "scan.jsonl").read_bytes().splitlines()
"""Recorded of scans of the emulator, one with the consensus off, when events were dictionaries."""
ORDER = {"instrument": "okx:BTC/USDT", "venue": "okx", "kind": "spot", "side": "buy", "price": 2.0, "base": 4.0,
         "quote": 8.0, "time": "2026-01-15T00:00:01Z", "trade_id": 7, "fills": 2}  # fmt: skip


@pytest.mark.parametrize("line", LINES, ids=lambda line: json.loads(line)["event"])
def test_a_recorded_line_comes_out_byte_for_byte(line):
    event = from_json(orjson.loads(line))
    assert isinstance(event, ScanEvent)
    assert orjson.dumps(as_json(event)) == line


def test_every_kind_was_recorded():
    kinds = {each.__struct_config__.tag for each in ScanEvent.__args__}
    assert {json.loads(line)["event"] for line in LINES} == kinds


@pytest.mark.parametrize("line", LINES, ids=lambda line: json.loads(line)["event"])
def test_the_schema_takes_a_recorded_line_and_no_other(line):
    check = jsonschema.Draft202012Validator(event_schema())
    event = json.loads(line)
    assert check.is_valid(event)
    for name in event.keys() - {"event", "graver_than"}:
        assert not check.is_valid({key: value for key, value in event.items() if key != name}), name


def test_the_command_prints_the_schema_and_scans_nothing():
    shown = CliRunner().invoke(get_command(build()), ["scan", "--json", "--schema"])
    assert json.loads(shown.output) == event_schema()


def gradeless(name, **evidence):
    signal = Signal(name, "BTC/USDT", None, "bullish", Text("涨", "up"), Text("涨", "up"), evidence, "k", once=True)
    return signal_event(signal, "1", 1_768_435_200_000)


def test_a_whale_is_an_order_with_all_that_belongs_to_one():
    event = gradeless("whale", **ORDER)
    assert isinstance(event, WhaleEvent)
    assert list(as_json(event))[:5] == ["event", "id", "time", "pair", "instrument"]
    assert event.time == ORDER["time"], "the trade's, not that of the cycle"
    odd = gradeless("whale", **{**ORDER, "quote": "much"}), gradeless("whale", **{**ORDER, "more": 1})
    assert all(isinstance(each, PluginEvent) and kind_of(each) == "whale" for each in odd)


def test_a_plugins_own_event_has_its_evidence_as_fields():
    event = gradeless("listing", on="okx", time="2026-01-15T00:00:01Z")
    wire = {"event": "listing", "id": "1", "time": "2026-01-15T00:00:01Z", "pair": "BTC/USDT", "on": "okx"}
    assert as_json(event) == wire
    assert as_json(from_json(wire)) == wire
    assert jsonschema.Draft202012Validator(event_schema()).is_valid(wire)


def test_a_digest_holds_events_as_they_would_be_alone():
    events = [orjson.loads(line) for line in LINES if b'"signal"' in line[:18]]
    digest = DigestEvent("d1", "2026-01-15T00:00:01Z", "busy", events)
    assert as_json(digest) == {"event": "digest", "id": "d1", "time": digest.time, "reason": "busy", "events": events}
    assert from_json(as_json(digest)) == digest
