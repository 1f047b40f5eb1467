"""Several processes on one database: a message is sent by one of them, and by another when that one is gone."""

import subprocess
import sys
import time

import pytest

from coinmon.notify import signal_state
from coinmon.store.database import open_database
from coinmon.store.outbox import Due, write_signals

SENDER = """
import asyncio, os, sys
from zoneinfo import ZoneInfo
from coinmon.clock import Clock
from coinmon.config.load import NotifyConfig
from coinmon.notify import sender
from coinmon.notify.outbox import Outbox
from coinmon.notify.routing import Route
from coinmon.store.database import open_database

class Robot:
    wants = frozenset({"signal"})

    async def send(self, message):
        await asyncio.sleep(0.02)
        with open(sys.argv[2], "a") as file:
            file.write(f"{os.getpid()} {message.event['pair']}\\n")

route = Route(Robot.wants, True, NotifyConfig(), None, frozenset(), ZoneInfo("UTC"))
box = Outbox(open_database(sys.argv[1]), {"robot": Robot()}, {"robot": route}, Clock(), lambda event: None)
# as often as a test wants to wait, and not as often as people do
sender._POLL_INTERVAL_S = 0.1
print("up", flush=True)
asyncio.run(box.run())
"""


@pytest.fixture
def senders(url, tmp_path):
    """Two processes that send to one file, as a scanner of each shard does."""
    open_database(url).close()
    started = [
        subprocess.Popen([sys.executable, "-c", SENDER, url, tmp_path / "sent"], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for each in started:
        assert each.stdout.readline() == "up\n"
    yield {each.pid: each for each in started}
    for each in started:
        each.kill()
        each.communicate()


def test_two_processes_send_each_message_once_and_one_takes_over_from_the_other(url, senders, tmp_path, plain):
    database = open_database(url)

    def say(first):
        signals = [plain.signal(f"C{number}/USDT") for number in range(first, first + 20)]
        with database.write() as connection:
            news = signal_state.update(connection, signals, (), plain.now)
            write_signals(connection, news.rows, {row["id"]: [Due("robot", plain.now)] for row in news.rows})

    def sent(count):
        """Process and pair of each message, when there are so many and for a moment longer."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            lines = (tmp_path / "sent").read_text().splitlines() if (tmp_path / "sent").exists() else []
            if len(lines) >= count:
                # both have looked again meanwhile, several times
                time.sleep(0.5)
                return [line.split() for line in (tmp_path / "sent").read_text().splitlines()]
            time.sleep(0.05)
        raise AssertionError(f"{len(lines)} of {count} sent")

    say(0)
    first = sent(20)
    assert [pair for _, pair in first] == [f"C{number}/USDT" for number in range(20)]
    (sender,) = {pid for pid, _ in first}
    senders[int(sender)].kill()
    say(20)
    second = sent(40)[20:]
    database.close()
    assert [pair for _, pair in second] == [f"C{number}/USDT" for number in range(20, 40)]
    assert {pid for pid, _ in second} == {str(pid) for pid in senders} - {sender}
