"""A server that goes away tells each connection something else: it is one fault, said once."""

import asyncio

import pytest
from loguru import logger
from sqlalchemy.exc import OperationalError

from coinmon.errors import DatabaseFailed
from coinmon.repeats import Repeats
from coinmon.store.database import explained
from coinmon.supervise import Supervisor


def fault(name, words):
    with pytest.raises(DatabaseFailed) as raised, explained(name):
        raise OperationalError("SELECT 1", {}, Exception(words))
    return raised.value.fault


def test_whatever_a_lost_server_says_is_one_fault():
    lost = ["terminating connection", "consuming input failed", "connection refused", "the system is starting up"]
    said = Repeats()
    assert [said.is_news(fault("postgresql://host/name", words)) for words in lost] == [True, False, False, False]
    assert said.is_news(fault("postgresql://host/name", "canceling statement due to lock timeout"))
    assert said.is_news(fault("sqlite:///a.db", "database or disk is full"))
    assert said.is_news(fault("sqlite:///a.db", "database is locked"))


def test_tasks_that_a_lost_server_ends_say_it_once_and_their_own_faults_each():
    lost = ["terminating connection", "consuming input failed", "connection refused"]
    said = []

    async def fails(error):
        raise error

    async def run():
        supervisor = Supervisor()
        for number, words in enumerate(lost):
            with pytest.raises(DatabaseFailed) as raised, explained("postgresql://host/name"):
                raise OperationalError("SELECT 1", {}, Exception(words))
            await supervisor.once(f"task {number}", fails(raised.value))
        for number in range(2):
            await supervisor.once(f"task {number}", fails(ValueError("its own")))
        return supervisor.as_json()

    sink = logger.add(said.append, format="{message}")
    try:
        rows = asyncio.run(run())
    finally:
        logger.remove(sink)
    assert [line.split(":")[0] for line in said] == ["task 0 died", "task 0 died", "task 1 died"]
    assert not any(row["alive"] for row in rows.values())
