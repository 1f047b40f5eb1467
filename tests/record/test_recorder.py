"""The folder that a recorder writes: hours, sources, restarts, and a disk that refuses."""

import asyncio
import json
from types import SimpleNamespace

import pytest

from coinmon.errors import ConfigError
from coinmon.record.part_file import PartFile, pack
from coinmon.record.recorder import Recorder
from coinmon.record.venue_tape import VenueTape

HOUR = 3_600_000
START = 500_000 * HOUR + 10_000


class SetClock:
    """Stands where it is set."""

    def __init__(self, at=START):
        self.at = at

    def now(self):
        return self.at


def _written(tape):
    return tape.write(tape.take())


def test_each_hour_is_a_file_that_can_be_read_alone(tmp_path, lines_of):
    clock = SetClock()
    tape = VenueTape(tmp_path, clock)
    number = tape.opened("trades", "wss://x/ws?token=1")
    tape.sent(number, '{"op":"subscribe"}')
    tape.frame(number, '{"t":1}')
    assert _written(tape) == []
    clock.at += HOUR
    tape.frame(number, '{"t":2}')
    tape.closed(number, "the connection was closed (1006)")
    again = tape.opened("trades", "wss://x/ws")
    tape.frame(again, '{"t":3}')
    (finished,) = _written(tape)
    tape.close()
    first, second = (sorted(tmp_path.iterdir())[at].name for at in (0, 1))
    assert first == finished.name == "trades-20270115T080010Z.jsonl.gz"
    assert second == "trades-20270115T090010Z.jsonl.gz"
    assert [json.loads(line) for line in lines_of(tmp_path, "trades")] == [
        {"source": 1, "at": clock.at, "type": "stream", "url": "wss://x/ws", "continued": True},
        [clock.at, 1, {"t": 2}],
        [clock.at, 1, "the connection was closed (1006)", "closed"],
        {"source": 2, "at": clock.at, "type": "stream", "url": "wss://x/ws"},
        [clock.at, 2, {"t": 3}],
    ]


def test_a_connection_without_a_frame_is_there_too(tmp_path, lines_of):
    tape = VenueTape(tmp_path, SetClock())
    tape.opened("liquidations", "wss://x/ws")
    _written(tape)
    assert json.loads(lines_of(tmp_path, "liquidations")[0])["url"] == "wss://x/ws"


def test_what_was_written_can_be_read_before_the_file_ends(tmp_path, lines_of):
    tape = VenueTape(tmp_path, SetClock())
    tape.answered("GET", "https://x/a?b=1", None, 12.4, 200, {}, b'{"c":[1,2]}')
    tape.unanswered("GET", "https://x/a?b=2", None, 9.6, "no answer within 10 s")
    tape.answered("POST", "https://x/info", '{"type":"meta"}', 1, 200, {"Date": "now"}, b"[]")
    _written(tape)
    assert [json.loads(line) for line in lines_of(tmp_path, "rest")] == [
        {"source": 1, "at": START, "type": "request", "method": "GET", "url": "https://x/a"},
        [START, 1, {"c": [1, 2]}, {"query": "b=1", "status": 200, "took": 12}],
        [START, 1, None, {"query": "b=2", "error": "no answer within 10 s", "took": 10}],
        {"source": 2, "at": START, "type": "request", "method": "POST", "url": "https://x/info"},
        [START, 2, [], {"query": "", "status": 200, "headers": {"Date": "now"}, "took": 1, "sent": '{"type":"meta"}'}],
    ]


def test_two_starts_in_one_second_are_two_files(tmp_path):
    names = {PartFile(tmp_path, "rest", START).path.name for _ in range(3)}
    assert len(names) == 3
    done = PartFile(tmp_path, "books", START)
    done.write([b"[1]\n"])
    pack(done.close())
    assert PartFile(tmp_path, "books", START).path.name > done.path.name


@pytest.mark.parametrize(
    ("part", "packer", "suffix"),
    [
        ("books", "coinmon.record.part_file.lzma.open", ".xz"),
        ("trades", "coinmon.record.part_file.write_columns", ".columns"),
    ],
)
def test_packing_keeps_every_byte_and_never_loses_the_file(tmp_path, lines_of, monkeypatch, part, packer, suffix):
    file = PartFile(tmp_path, part, START)
    lines = [b"[%d,1,{}]\n" % at for at in range(5000)]
    file.write(lines)
    path = file.close()
    with monkeypatch.context() as patched:
        patched.setattr(packer, _refused)
        with pytest.raises(OSError, match="full"):
            pack(path)
    with pytest.raises(OSError, match="no time"):
        pack(path, until=0.0)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    assert pack(path).suffix == suffix
    assert [each.suffix for each in tmp_path.iterdir()] == [suffix]
    assert lines_of(tmp_path, part) == [line.strip() for line in lines]


def _refused(*_, **__):
    raise OSError(28, "the disk is full")


def test_a_disk_that_refuses_costs_what_it_refused_and_is_counted(tmp_path, lines_of, monkeypatch):
    tape = VenueTape(tmp_path, clock := SetClock())
    number = tape.opened("book", "wss://x")
    tape.frame(number, '{"t":1}')
    _written(tape)
    tape.frame(number, '{"t":2}')
    with monkeypatch.context() as patched:
        patched.setattr(PartFile, "write", _refused)
        with pytest.raises(OSError, match="full"):
            _written(tape)
    assert tape.lost == 1
    clock.at += 1000
    tape.frame(number, '{"t":3}')
    _written(tape)
    head, frame = map(json.loads, lines_of(tmp_path, "books"))
    assert head["continued"] is True
    assert frame[2] == {"t": 3}


def test_the_folder_says_what_it_is_and_is_never_somebody_elses(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match="something else"):
        Recorder(tmp_path, SetClock(), {})

    async def script():
        recorder = Recorder(tmp_path / "tape", SetClock(), {"okx": "exchanges.okx", "other": "mine"})
        heard = []
        recorder.listen({"okx": SimpleNamespace(record=heard.append), "other": SimpleNamespace()})
        heard[0].answered("GET", "https://x/a", None, 1, 200, {}, b"[]")
        await recorder.close()
        (file,) = (tmp_path / "tape" / "okx").iterdir()
        assert recorder.finished == {("okx", "rest"): file.stat().st_size}
        return json.loads((tmp_path / "tape" / "recording.json").read_text())

    said = asyncio.run(script())
    assert (said["format"], said["version"], said["began"], said["ended"]) == ("coinmon-recording", 1, START, START)
    assert [each.suffix for each in (tmp_path / "tape" / "okx").iterdir()] == [".xz"]
    # a second start goes on in the same folder, and has it for itself
    again = Recorder(tmp_path / "tape", SetClock(), {})
    with pytest.raises(ConfigError, match="another coinmon records into it"):
        Recorder(tmp_path / "tape", SetClock(), {})
    asyncio.run(again.close())
