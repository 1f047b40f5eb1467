"""Signals, a database, a clock set by hand, and outputs that do as they are told."""

import asyncio
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from coinmon import DeliveryRefused, DeliveryRetry, Message, Signal, Text
from coinmon.clock import Clock
from coinmon.notify import ledger
from coinmon.notify.outbox import Outbox
from coinmon.store.database import open_database
from coinmon.store.outbox import write_signals
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

    async def send(self, message: Message) -> None:
        self.tried.append(message.event["pair"])
        answer = self.answers.pop(0) if self.answers else None
        if answer:
            raise answer
        self.got.append(message.event["pair"])


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
    """Brings the ledger up to these signals; the pairs of what is news. outputs: who is told of it."""

    def run(*signals, pairs=("BTC/USDT", "ETH/USDT"), at=NOW, outputs=()):
        with database.write() as connection:
            news = ledger.update(connection, signals, pairs, at)
            write_signals(connection, news.rows, {row["id"]: outputs for row in news.rows})
        return [event["pair"] for event in news.events.values()]

    return run


@pytest.fixture
def outbox(database, clock):
    """An outbox as a start of coinmon makes it; `told` are the events it passes on."""

    def start(paced=frozenset(), per_minute=18, **outputs):
        told = []
        made = Outbox(database, outputs, frozenset(paced), per_minute, clock, told.append)

        def flush(after=0.0):
            Hand.moment += round(after * 1000)
            asyncio.run(made.flush())

        return SimpleNamespace(flush=flush, told=told)

    return start


@pytest.fixture
def rows(database):
    """State, attempts, seconds until it is due, and error of each delivery."""

    def read():
        query = select(deliveries).order_by(deliveries.c.id)
        with database.read() as connection:
            found = connection.execute(query).all()
        return [(row.state, row.attempts, (row.next_attempt - Hand.moment) / 1000, row.error) for row in found]

    return read


@pytest.fixture(scope="session")
def plain():
    return SimpleNamespace(now=NOW, signal=signal, output=Told, retry=DeliveryRetry, refused=DeliveryRefused)
