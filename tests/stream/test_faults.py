"""Streams that drop, stall, leave out and repeat: each minute is what really traded, or says that it is not known."""

import pytest

from coinmon_emulator.scenario.scenario import Scenario

NUMBERED = ("binance", "okx", "coinbase")


def counts(told, venues, label):
    return sum(labels[label] for id, labels in told.items() if id.split(":")[0] in venues)


@pytest.mark.parametrize(
    "faults",
    [
        "",
        "okx:gap=20/stream,coinbase:repeat/stream,binance:gap=20/stream,bybit:repeat/stream",
        "okx:drop/stream?p=0.5,bybit:cut/stream?p=0.5,coinbase:garbage/stream?p=0.5,binance:drop/stream?p=0.5",
    ],
    ids=["sound", "gaps and repeats", "broken connections"],
)
def test_every_minute_is_the_truth_or_declared(tmp_path, monitored, compared, ran, faults):
    async def run():
        async with monitored(tmp_path, Scenario("default", 1), 3, faults=faults) as ended:
            told = compared(ended)
            assert len(told) == 16
            # ids tell of every gap there, and REST fills it; Bybit's and Hyperliquid's minutes are proven by their
            # klines or not at all
            assert counts(told, NUMBERED, "trades") == 3 * 10
            if not faults:
                # the minute in which it began may be partly unseen: REST shows the newest 60 trades
                assert counts(told, ("bybit",), "trades") >= 2 * 4
                assert counts(told, ("hyperliquid",), "trades") >= 2 * 2
                last = {event["venue"]: event for event in ended.events["venue"]}
                assert [each["streamed"] for each in last.values()] == [each["instruments"] for each in last.values()]
            health = ended.events["scan_finished"][-1]["health"]
            assert health["holes"] == 0
            assert (health["reconnects"] > 0) is ("drop" in faults)
            assert health["rss_mb"] > 0

    ran(run())


def test_a_stream_that_cannot_be_had_or_is_not_wanted_is_polled(tmp_path, monitored, compared, ran):
    async def run():
        market, faults = Scenario("default", 1), "okx:503/stream,coinbase:refuse/stream"
        async with monitored(tmp_path, market, 2, faults=faults, feeds={"binance": "poll"}) as ended:
            told = compared(ended)
            assert counts(told, NUMBERED, "trades") == 2 * 10
            last = {event["venue"]: event["streamed"] for event in ended.events["venue"]}
            assert last == {"binance": None, "okx": 0, "bybit": 4, "coinbase": 0, "hyperliquid": 2}

    ran(run())
