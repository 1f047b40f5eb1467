"""What the default scenario plants is told, and nothing else; benchmarks/truth/planted_events.py asks twenty seeds."""

import asyncio
from collections import Counter

import pytest

from coinmon.model.moment import parse_time
from coinmon_emulator.scenario.scenario import Scenario

WINDOW = "2026-01-15T11:10:20Z"
"""When the window of the first cycle begins; of what was planted before it a scan tells nothing."""
KINDS = {"global_sync_bullish", "consensus_change", "us_accumulation", "long_trap", "whale"}


@pytest.mark.parametrize("seed", [1, 12, 20])
def test_exactly_the_planted_events_are_told(watching, seed):
    async def play():
        async with watching(Scenario("default", seed), signals__long_trap__noise_floor=1_000.0) as watched:
            await watched.cycle(0)
            # they last, and are told once
            again = [event for event in await watched.cycle() if event["event"] in ("signal", "whale")]
            assert not [event for event in again if event.get("signal", "whale") in KINDS]
            truth = (await watched.control("truth"))["events"]
            told = [event for event in watched.told("signal", "whale") if event.get("signal", "whale") in KINDS]
            return told, [each for each in truth if each["over"] and each["kind"] in KINDS and each["start"] > WINDOW]

    told, planted = asyncio.run(play())
    expected = Counter((each["kind"], each["pair"]) for each in planted)
    assert Counter((event.get("signal", event["event"]), event["pair"].replace("/", "")) for event in told) == expected
    assert {kind for kind, _ in expected} == KINDS

    (whale,) = (event for event in told if event["event"] == "whale")
    (order,) = (each for each in planted if each["kind"] == "whale")
    assert order["start_ms"] <= parse_time(whale["time"]) < order["end_ms"]
    assert whale["side"] == order["side"]
    assert order["venues"] == {whale["venue"]: pytest.approx(whale["quote"], rel=1e-3)}
    assert whale["fills"] == 7

    for event in told:
        if event["event"] == "signal":
            nets = {name: each["net_flow"] for name, each in event["evidence"]["venues"].items()}
            (source,) = (each for each in planted if each["kind"] == event["signal"])
            assert set(nets) == {"binance", "okx", "bybit", "coinbase"}
            for venue, net in source["venues"].items():
                assert nets[venue] == pytest.approx(net, rel=0.01, abs=500)
