"""Nobody who reads what a scan prints holds it up: a terminal that is stopped or closed, a pipe that is not read."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from coinmon.report.terminal.background_stream import BackgroundStream, in_background, may_hang
from coinmon.report.terminal.screen import PlainScreen

ROOT = Path(__file__).parents[2]
LINE = b"x" * 999 + b"\n"
PIPE_BYTES = 64 << 10
MOST_DRAWN_BYTES = 2 << 20
_PRICE = re.compile(rb"1\d\d,\d{3}(\.\d+)?")


@pytest.fixture
def pipe():
    """The reading end, and a text stream on the writing end."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        yield reading, stream
    os.close(reading)


def read_all(reading: int) -> bytes:
    parts = []
    while part := os.read(reading, 1 << 16):
        parts.append(part)
    return b"".join(parts)


def test_what_is_said_to_a_pipe_that_is_not_read_is_kept_in_its_order_up_to_a_bound(pipe):
    reading, writing = pipe
    stream = BackgroundStream(writing, most_bytes=200_000)
    lines = [b"%d %s" % (number, LINE) for number in range(1000)]
    for line in lines:
        stream.write(line)
    stream.close(0.05)
    assert 600 < stream.left_out < 1000
    got = b""
    while got.count(b"\n") < 1000 - stream.left_out:
        got += os.read(reading, 1 << 16)
    assert len(got) < 200_000 + PIPE_BYTES + len(lines[0])
    kept = got.splitlines(keepends=True)
    # which of them found room is up to how soon the writing thread had its turn
    numbers = [int(each.split()[0]) for each in kept]
    assert numbers == sorted(set(numbers))
    assert kept == [lines[each] for each in numbers]


def test_the_end_of_a_program_waits_for_a_reader_who_reads(pipe):
    reading, writing = pipe
    stream = BackgroundStream(writing)
    for _ in range(300):
        stream.write(LINE)
    readable = subprocess.Popen(["wc", "-c"], stdin=reading, stdout=subprocess.PIPE)
    stream.close()
    assert stream.is_empty
    writing.close()
    assert int(readable.communicate()[0]) == 300 * len(LINE)


def test_what_is_said_after_the_end_was_waited_for_is_written_too(pipe):
    reading, writing = pipe
    stream = BackgroundStream(writing)
    stream.write("first\n")
    stream.close()
    stream.write("and last\n")
    stream.close()
    assert stream.is_empty
    assert os.read(reading, 100) == b"first\nand last\n"


def test_a_reader_who_left_is_said_once(pipe):
    reading, writing = pipe
    told = Event()
    # a copy: the fixture closes its own
    os.close(os.dup(reading))
    os.dup2(os.open(os.devnull, os.O_RDONLY), reading)
    stream = BackgroundStream(writing, told.set)
    stream.write(LINE)
    assert told.wait(5)
    assert isinstance(stream.error, BrokenPipeError)
    stream.write(LINE)
    stream.close()


def test_files_are_written_at_once(tmp_path):
    with (tmp_path / "log").open("w") as file:
        assert not may_hang(file)
        assert in_background(file) is file


def test_a_scan_that_goes_on_does_not_wait_for_its_pipe_and_says_what_is_missing(pipe, monkeypatch):
    reading, writing = pipe
    monkeypatch.setattr(sys, "stdout", writing)
    screen = PlainScreen(goes_on=True)
    screen._stream._most_bytes = 100_000
    for _ in range(1000):
        screen.log(LINE.decode())
    missing = screen._stream.left_out
    assert missing > 800
    got = b""
    while len(got) < (1000 - missing) * len(LINE):
        got += os.read(reading, 1 << 16)
    while not screen._stream.is_empty:
        pass
    screen.log("later\n")
    screen._stream.close()
    assert os.read(reading, 1 << 16).decode() == f"... {missing} lines are missing here: nobody read them\nlater\n"


class Terminal:
    """A pseudo-terminal of 120x30 with the program on it."""

    def __init__(self) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 120, 0, 0))
        self.beats, writing = os.pipe()
        os.set_blocking(self.beats, False)
        self.program = subprocess.Popen(
            [sys.executable, "-c", f"import os; os.dup2({writing}, 3); import tests.terminal.table_on_terminal"],
            stdin=slave, stdout=slave, stderr=slave, pass_fds=(writing,), cwd=ROOT, start_new_session=True,
            env=os.environ | {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        os.close(slave)
        os.close(writing)
        self.turns = 0
        self.words: Iterator[bytes] = iter(())

    def wait_for_turns(self, number: int) -> int:
        """Until its event loop has turned so many times more, or has not turned for long."""
        until = self.turns + number
        while self.turns < until and select.select([self.beats], [], [], 10)[0]:
            came = os.read(self.beats, 1 << 16)
            if not came:
                break
            self.turns += len(came)
        return self.turns - until

    def is_drawn(self, wanted: Callable[[bytes], bool]) -> bool:
        """Whether one of the next words on the screen is wanted."""
        read = 0
        while not any(wanted(word) for word in self.words):
            if read > MOST_DRAWN_BYTES or not select.select([self.master], [], [], 10)[0]:
                return False
            drawn = os.read(self.master, 1 << 16)
            read += len(drawn)
            self.words = iter(re.split(rb"\x1b\[[\d;]*[mH]|\s+", drawn))
        return True

    def price_is_drawn(self, least: int) -> bool:
        return self.is_drawn(lambda word: bool(_PRICE.fullmatch(word)) and int(word[:7].replace(b",", b"")) >= least)


@pytest.fixture
def terminal():
    it = Terminal()
    yield it
    it.program.kill()
    it.program.wait()
    os.close(it.beats)


def test_a_terminal_that_takes_nothing_stops_no_scan_and_shows_the_newest_when_it_goes_on(terminal):
    assert terminal.price_is_drawn(100_000)
    assert terminal.wait_for_turns(100) >= 0
    assert terminal.price_is_drawn(100_000 + terminal.turns)
    # pieces were left out: what does not change is drawn again too
    assert terminal.is_drawn(lambda word: b"quit" in word)
    terminal.program.send_signal(signal.SIGTERM)
    assert terminal.program.wait(20) == 0
    os.close(terminal.master)


def test_a_closed_terminal_ends_the_scan(terminal):
    assert terminal.price_is_drawn(100_000)
    os.close(terminal.master)
    assert terminal.program.wait(15) == 0
