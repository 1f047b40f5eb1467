"""`coinmon record` against the emulator: a killed one leaves what it heard."""

import asyncio
import json
import signal
import subprocess
import sys
from time import monotonic

from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.scenario.scenario import Scenario
from coinmon_emulator.server.server import running


async def _lines_within(seconds, enough):
    until = monotonic() + seconds
    while monotonic() < until:
        if found := enough():
            return found
        await asyncio.sleep(0.2)
    raise AssertionError("not within the time")


def test_a_killed_recorder_leaves_the_frames_and_answers_it_heard(tmp_path, lines_of):
    tape = tmp_path / "tape"

    def read(part):
        return [json.loads(line) for line in lines_of(tape / "okx", part)]

    async def script():
        market = Scenario("default", 1)
        async with running(market, clock=EmulatedClock(market.opens_at, 20.0), limits=False) as emulator:
            (tmp_path / "c.yaml").write_text(json.dumps(emulator.config(db=str(tmp_path / "none.db"))))
            command = [sys.executable, "-m", "coinmon", "--config", str(tmp_path / "c.yaml"), "record", str(tape)]
            arguments = [*command[1:], "BTCUSDT", "--exchange", "okx"]
            process = await asyncio.create_subprocess_exec(command[0], *arguments, stdout=subprocess.DEVNULL)
            try:
                await _lines_within(40, lambda: _has_trades(tape, lines_of))
            finally:
                process.send_signal(signal.SIGKILL)
                await process.wait()

    asyncio.run(script())
    sent = [each for each in read("trades") if isinstance(each, list) and each[3:] == ["sent"]]
    assert any(each[2] == {"op": "subscribe", "args": each[2].get("args")} for each in sent if each[2] != "ping")
    rest = read("rest")
    asked = [each["url"].rpartition("/api")[2] for each in rest if isinstance(each, dict)]
    assert "/v5/public/instruments" in asked
    assert all(each[3]["status"] == 200 for each in rest if isinstance(each, list))
    said = json.loads((tape / "recording.json").read_text())
    assert {each["native_id"] for each in said["instruments"]} == {"BTC-USDT", "BTC-USDT-SWAP"}
    assert said["ended"] is None
    assert not (tmp_path / "none.db").exists()


def _has_trades(tape, lines_of):
    if not list((tape / "okx").glob("trades-*")):
        return False
    heard = [each for each in map(json.loads, lines_of(tape / "okx", "trades")) if isinstance(each, list)]
    return sum(isinstance(each[2], dict) and "data" in each[2] for each in heard) >= 3
