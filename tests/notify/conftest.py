"""Signals, a database, a clock set by hand, and outputs that do as they are told."""

import asyncio
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from coinmon import DeliveryRefused, DeliveryRetry, Message, Signal, Text
from coinmon.clock import Clock
from coinmon.config.load import NotifyConfig
from coinmon.notify import signal_state
from coinmon.notify.outbox import Outbox
from coinmon.notify.routing import Route
from coinmon.store.database import open_database
from coinmon.store.deliveries import read_channel
from coinmon.store.outbox import Due, write_signals
from coinmon.store.schema import deliveries

NOW = 1_700_000_000_000


class Hand(Clock):
    """Market time is what the test says."""

    moment = NOW

    def now(self) -> int:
        return type(self).moment


class Told:
    """An output. `answers`: what it raises to each message in turn, None where it takes it; then it takes all."""

    wants = frozenset({"signal", "whale"})

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.tried: list[str] = []
        self.got: list[str] = []
        self.messages: list[Message] = []

    async def send(self, message: Message) -> None:
        pairs = [each["pair"] for each in message.event.get("events", [message.event])]
        self.tried += pairs
        self.messages.append(message)
        answer = self.answers.pop(0) if self.answers else None
        if answer:
            raise answer
        self.got += pairs


def signal(pair="BTC/USDT", name="surge", grade="A", once=False, key=None) -> Signal:
    text = Text("涨", "up")
    return Signal(name, pair, grade, "bullish", text, text, {"n": 1}, key or f"{name} {pair}", once)


@pytest.fixture
def database(tmp_path):
    opened = open_database(f"sqlite:///{tmp_path / 'coinmon.db'}")
    yield opened
    opened.close()


@pytest.fixture
def clock():
    Hand.moment = NOW
    return Hand()


@pytest.fixture
def say(database):
    """Brings the stored states up to these signals; the pairs of what is news. outputs: who is told of it."""

    def run(*signals, pairs=("BTC/USDT", "ETH/USDT"), at=NOW, outputs=()):
        with database.write() as connection:
            news = signal_state.update(connection, signals, pairs, at)
            due = [each if isinstance(each, Due) else Due(each, at) for each in outputs]
            write_signals(connection, news.rows, {row["id"]: due for row in news.rows})
        return [event.pair for event in news.events.values()]

    return run


@pytest.fixture
def outbox(database, clock):
    """An outbox as a start of coinmon makes it; `told` are the events it passes on."""

    def start(paced=frozenset(), per_minute=18, **outputs):
        told = []
        policy = NotifyConfig(per_minute=per_minute)
        routes = {
            name: Route(frozenset(output.wants), name not in paced, policy, None, frozenset(), ZoneInfo("UTC"))
            for name, output in outputs.items()
        }
        made = Outbox(database, outputs, routes, clock, told.append, wall=clock.now)

        def flush(after=0.0):
            Hand.moment += round(after * 1000)
            runner.run(made.flush())

        return SimpleNamespace(flush=flush, told=told, box=made)

    with asyncio.Runner() as runner:
        yield start


@pytest.fixture
def rows(database):
    """State, attempts, seconds until it is due, and error of each delivery."""

    def read():
        query = select(deliveries).order_by(deliveries.c.id)
        with database.read() as connection:
            found = connection.execute(query).all()
            due = [max(row.next_attempt, read_channel(connection, row.output).paused_until) for row in found]
        return [
            (row.state, row.attempts, (at - Hand.moment) / 1000, row.error) for row, at in zip(found, due, strict=True)
        ]

    return read


@pytest.fixture(scope="session")
def plain():
    return SimpleNamespace(now=NOW, signal=signal, output=Told, retry=DeliveryRetry, refused=DeliveryRefused)
