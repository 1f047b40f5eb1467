"""A venue in trouble: the others go on, the hole is shown and said once, nothing fires on it, and it comes back."""

import asyncio
import time

import pytest

from coinmon.errors import NoDataError
from coinmon_emulator.scenario.scenario import Scenario

OTHERS = {"binance", "okx", "bybit", "coinbase"}
DOWN = {
    "503": "HTTP 503", "500": "HTTP 500", "garbage": "not JSON", "html": "not JSON: Maintenance", "cut": "cut short",
    "silence": "no answer within", "429=0.2": "HTTP 429", "403": "HTTP 403",
}  # fmt: skip
BLOCKED = {"451": "HTTP 451"}
ERRORS = DOWN | BLOCKED


def patience(**more):
    """Only OKX is ever silent here: the others may take their time on a busy machine."""
    return {"exchanges__okx__timeout": 0.3, "lang": "en", "symbols__names": ["BTCUSDT"]} | more


def venues(events):
    return {event["venue"]: event for event in events if event["event"] == "venue"}


def flow_of(events):
    (flow,) = (event for event in events if event["event"] == "flow")
    return flow


@pytest.mark.parametrize(
    "spec",
    [
        "okx:silence",
        "binance:451",
        "okx:503,bybit:html,coinbase:cut",
        "binance:garbage,bybit:429=0.2,coinbase:500,okx:451",
    ],
)
def test_venues_fail_and_come_back(watching, spec):
    faults = dict(part.split(":") for part in spec.split(","))
    blocked = {name for name, kind in faults.items() if kind in BLOCKED}
    well = OTHERS - set(faults)

    async def play():
        # nothing happens in a quiet market: whatever fires fires on the hole
        async with watching(Scenario("quiet", 1), **patience()) as watched:
            assert {each["status"] for each in venues(await watched.cycle(0)).values()} == {"ok"}
            await watched.break_(spec)
            for missing in (1, 2, 3):
                began = time.monotonic()
                events = await watched.cycle()
                assert time.monotonic() - began < 10
                told, flow = venues(events), flow_of(events)
                for name, kind in faults.items():
                    assert told[name]["status"] == ("blocked" if name in blocked else "down")
                    assert ERRORS[kind] in told[name]["error"]
                    assert flow["venues"][name]["coverage"] == (50 - missing) / 50
                assert {told[name]["status"] for name in well} <= {"ok"}
                assert {flow["venues"][name]["coverage"] for name in well} <= {1.0}
            assert flow["consensus"] is None
            warnings = [line for line in watched.log if "WARNING" in line]
            assert len(warnings) == len(faults), warnings
            for name, kind in faults.items():
                (line,) = (line for line in warnings if f"[{name.upper()}]" in line)
                assert ("refuses this network" if name in blocked else "is down") in line
                assert ERRORS[kind] in line
                assert name in flow["consensus_reason"]
                assert ERRORS[kind] not in flow["consensus_reason"]

            await watched.break_("")
            for _ in range(2):
                events = await watched.cycle()
            told, flow = venues(events), flow_of(events)
            for name in blocked:
                # what refuses this place is not asked again before a long pause is over
                assert (told[name]["status"], told[name]["requests"]) == ("blocked", 0)
            for name in faults.keys() - blocked:
                assert told[name]["status"] == "ok"
                # the hole was filled from the venue
                assert flow["venues"][name]["coverage"] == 1.0
                assert sum(f"[{name.upper()}] is back" in line for line in watched.log) == 1
            assert watched.told("signal", "whale") == []
            assert not [line for line in watched.log if "| ERROR" in line]

    asyncio.run(play())


@pytest.mark.parametrize("fault", ["451", "503"])
def test_futures_that_fail_do_not_stop_spot(watching, fault):
    async def play():
        async with watching(Scenario("quiet", 1), faults=f"binance:{fault}/fapi", **patience()) as watched:
            flow = flow_of(events := await watched.cycle(0))
            told = venues(events)["binance"]
            assert (told["status"], told["instruments"]) == ("degraded", 1)
            assert f"HTTP {fault}" in told["error"]
            assert flow["venues"]["binance"]["coverage"] == 1.0
            assert flow["consensus"] is not None
            await watched.break_("")
            # the list is asked for again after two minutes, behind a cycle
            for _ in range(4):
                events = await watched.cycle()
                if (lists := watched.scan._listing._relisting) is not None:
                    await lists
            told = venues(events)["binance"]
            # what refuses this network is not asked again
            assert (told["status"], told["instruments"]) == (("degraded", 1) if fault == "451" else ("ok", 2))
            assert flow_of(events)["venues"]["binance"]["coverage"] == 1.0

    asyncio.run(play())


def test_futures_that_fail_later_do_not_stop_spot(watching):
    async def play():
        async with watching(Scenario("quiet", 1), **patience()) as watched:
            await watched.cycle(0)
            await watched.break_("binance:451/fapi")
            for _ in range(3):
                events = await watched.cycle()
            told = venues(events)["binance"]
            assert (told["status"], told["instruments"]) == ("degraded", 2)
            assert "HTTP 451" in told["error"]
            assert flow_of(events)["venues"]["binance"]["coverage"] == 1.0
            assert sum("WARNING" in line for line in watched.log) == 1

    asyncio.run(play())


def test_a_signal_that_needs_four_venues_waits_for_the_one_that_never_answered(watching):
    async def play():
        async with watching(faults="okx:silence", **patience()) as watched:
            events = await watched.cycle(0)
            (flow,) = (event for event in events if event["event"] == "flow")
            assert flow["venues"]["okx"]["listed"] is None
            assert flow["consensus"] is None
            # BTC accumulates everywhere, which three venues do not prove
            assert watched.told("signal") == []
            await watched.break_("")
            for _ in range(4):
                await watched.cycle()
            assert {event["signal"] for event in watched.told("signal")} == {"global_sync_bullish", "consensus_change"}
            assert sum("OKX" in line and "is down" in line for line in watched.log) == 1
            assert sum("OKX" in line and "is back" in line for line in watched.log) == 1

    asyncio.run(play())


def test_where_no_venue_answers_each_is_named_with_its_reason(watching):
    async def play():
        async with watching(faults="*:503", once=True, **patience()) as watched:
            with pytest.raises(NoDataError) as caught:
                await watched.cycle(0)
            return str(caught.value)

    said = asyncio.run(play())
    for name in OTHERS:
        assert name in said
    assert said.count("HTTP 503") == 4


def test_a_monitor_whose_venues_are_all_slow_begins_when_they_have_answered(watching, monkeypatch):
    monkeypatch.setattr("coinmon.run.cycle._FIRST_LISTING_TIMEOUT_S", 0.1)

    async def play():
        async with watching(Scenario("quiet", 1), faults="*:slow=0.4?n=8", symbols__names=["BTCUSDT"]) as watched:
            with pytest.raises(NoDataError, match="no answer to instruments"):
                await watched.cycle(0)
            return venues(await watched.cycle())

    assert {each["status"] for each in asyncio.run(play()).values()} == {"ok"}


def test_a_single_scan_without_any_venue_ends_with_3(coinmon, tmp_path):
    nobody = "http://127.0.0.1:9"
    addresses = {
        "binance": f"spot_url: {nobody}, futures_url: {nobody}",
        "okx": f"url: {nobody}", "bybit": f"url: {nobody}", "coinbase": f"url: {nobody}",
    }  # fmt: skip
    config = tmp_path / "nobody.yaml"
    config.write_text("exchanges:\n" + "".join(f"  {name}: {{{urls}}}\n" for name, urls in addresses.items()))
    done = coinmon("--config", config, "scan", "--once", code=3)
    assert done.stdout == ""
    for name in OTHERS:
        assert name in done.stderr
    assert done.stderr.count("cannot connect") == 4
