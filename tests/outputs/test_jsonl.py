"""Events on disk, whatever happened before."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from coinmon import DeliveryRefused, DeliveryRetry, Message
from coinmon_outputs.jsonl import JsonLines

WRITE_FOR_EVER = """
import asyncio, sys
from itertools import count
from pathlib import Path
from coinmon import Message
from coinmon_outputs.jsonl import JsonLines

async def endless():
    output = JsonLines("jsonl", path=Path(sys.argv[1]))
    for number in count(1):
        await output.send(Message(f"m{number}", {"event": "signal"}))
        print(number, flush=True)

asyncio.run(endless())
"""
FLOW = {"event": "flow", "pair": "BTC/USDT", "consensus": None, "price": 42_150.5}
SIGNAL = {"event": "signal", "id": "m1", "title": {"zh": "全球协同看涨", "en": "Global Sync Bullish"}}


def test_one_object_a_line_with_its_id(send, tmp_path):
    path = tmp_path / "deep" / "er" / "events.jsonl"
    send(JsonLines("jsonl", path=path), FLOW, SIGNAL)
    text = path.read_text(encoding="utf-8")
    assert [json.loads(row) for row in text.splitlines()] == [{"id": "m0", **FLOW}, SIGNAL]
    assert "全球协同看涨" in text
    assert text.endswith("}\n")


def test_a_half_written_last_line_stays_alone(send, tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"event": "flow"}\n{"event": "sig')
    send(JsonLines("jsonl", path=path), FLOW, SIGNAL)
    rows = path.read_bytes().split(b"\n")
    assert rows[:2] == [b'{"event": "flow"}', b'{"event": "sig']
    assert [json.loads(row)["id"] for row in rows[2:4]] == ["m0", "m1"]
    assert rows[4:] == [b""]


def test_what_counts_as_delivered_survives_a_kill(tmp_path):
    path = tmp_path / "events.jsonl"
    with subprocess.Popen([sys.executable, "-c", WRITE_FOR_EVER, path], stdout=subprocess.PIPE) as worker:
        said = worker.stdout.readline
        while int(said()) < 20:
            pass
        worker.kill()
        delivered = 20 + len(worker.stdout.read().split(b"\n")[:-1])
    whole = [json.loads(row) for row in path.read_bytes().split(b"\n")[:-1]]
    assert [row["id"] for row in whole[:delivered]] == [f"m{i + 1}" for i in range(delivered)]


def test_sends_at_once_do_not_mix_their_lines(tmp_path):
    path = tmp_path / "events.jsonl"
    outputs = [JsonLines("a", path=path), JsonLines("b", path=path)]

    async def all_at_once():
        sends = [outputs[i % 2].send(Message(f"m{i}", {"event": "flow", "text": "x" * 5000})) for i in range(60)]
        await asyncio.gather(*sends)

    asyncio.run(all_at_once())
    rows = [json.loads(row) for row in path.read_text().splitlines() if row]
    assert sorted(row["id"] for row in rows) == sorted(f"m{i}" for i in range(60))


def test_a_place_that_cannot_be_written_is_tried_again_and_named(send, tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "events.jsonl", tmp_path):
        with pytest.raises(DeliveryRetry, match=str(path)):
            send(JsonLines("jsonl", path=path), FLOW)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}])
def test_what_is_not_json_is_refused_for_good_and_nothing_is_written(send, tmp_path, value):
    path = tmp_path / "events.jsonl"
    with pytest.raises(DeliveryRefused, match="m0"):
        send(JsonLines("jsonl", path=path), {"event": "flow", "price": value})
    assert not path.exists()


def test_the_file_is_in_the_data_folder_unless_set():
    assert JsonLines("jsonl")._path == Path("data/events.jsonl")
