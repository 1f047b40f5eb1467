"""What a scan told is what a replay of its database tells: ids, moments, grades and evidence."""

import asyncio
from functools import partial

from coinmon.model.moment import MINUTE, floor, iso
from coinmon.run.backtest import backtest
from coinmon_emulator.scenario.scenario import Scenario

MINUTES = 7
EASY = {
    # one that everybody buys, and the one on which it is told what most pairs do
    "symbols__names": ["BTCUSDT", "ADAUSDT"],
    "signals__breadth__min_pairs": 2,
    **{f"signals__{name}__lookback": 40 for name in ("volume_spike", "early_pump", "panic_dump")},
    "signals__global_sync__bearish": True,
    "signals__global_sync__bull_ratio": 1.02,
    "signals__global_sync__bear_ratio": 0.98,
    "signals__volume_spike__min_zscore": 0.8,
    "signals__volume_spike__min_times": 1.1,
    "signals__early_pump__min_move": 0.7,
    "signals__early_pump__min_ratio": 1.05,
    "signals__early_pump__min_zscore": 0.3,
    "signals__panic_dump__min_move": 0.7,
    "signals__panic_dump__min_ratio": 1.05,
    "signals__panic_dump__min_zscore": 0.3,
    "whale_threshold": 15_000,
}

TOLD_ALONE = {"record": None, "situation": None}


def test_a_replay_tells_what_the_scan_told(watching):
    async def play():
        async with watching(Scenario("default", 12), **EASY) as watched:
            await watched.cycle(0)
            start = floor(watched.hand.now()) + MINUTE
            await watched.cycle(1.4)
            # within a minute it is judged as of the minute that closed, however often
            await watched.cycle(0.3)
            for _ in range(MINUTES - 1):
                await watched.cycle()
                await watched.scan.sample_derivatives()
            history = watched.history
            universe = history.universe(watched.config.exchanges, watched.config.quotes)
            pairs = sorted({universe.pair_of(each) for each in history.with_bars()}, key=str)
            end = floor(watched.hand.now()) + MINUTE
            asked = watched.config, history, universe, pairs, start, end
            found = await asyncio.to_thread(partial(backtest, *asked, known="known"))
            return watched.told("signal", "whale"), found, start, history.judged(pairs[0], start, end), end

    told, found, start, judged, end = asyncio.run(play())
    # it is written down, and not concluded from the rows
    assert judged.since == start - MINUTE
    assert judged.moments.tolist() == list(range(start, end, MINUTE))
    assert set((judged.read_until - judged.moments).tolist()) <= set(range(MINUTE))
    live = {each["id"]: each for each in told if each["time"] >= iso(start)}
    replayed = {each.event["id"]: dict(each.event) for each in found.told}
    # what its like were worth, and where the pair stood, was known to the scan alone
    assert {id: {**each, **TOLD_ALONE} for id, each in replayed.items()} == {
        id: {**each, **TOLD_ALONE} for id, each in live.items()
    }
    assert len(live) > 5
    assert {"breadth", "global_sync_bullish", "volume_spike"} <= {each.get("signal") for each in live.values()}
    assert all(each["time"].endswith(":00Z") for each in live.values() if each["event"] == "signal")
