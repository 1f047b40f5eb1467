"""A server that goes away tells each connection something else: it is one fault, said once."""

import asyncio
import gc
import threading
import time

import pytest
from loguru import logger
from sqlalchemy.exc import OperationalError

from coinmon.errors import DatabaseFailed
from coinmon.repeats import Repeats
from coinmon.run import monitor
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


def test_a_database_that_says_nothing_is_said(monkeypatch):
    """One that hangs raises nothing: for a minute of it the log had no line."""
    monkeypatch.setattr(monitor, "_SILENT_S", 0.02)
    said, comes = [], threading.Event()
    sink = logger.add(said.append, format="{message}")

    async def run():
        asking = asyncio.create_task(monitor.answered(lambda: comes.wait(5) and None, "postgresql://h/x", Repeats()))
        await asyncio.sleep(0.2)
        comes.set()
        await asking

    began = time.monotonic()
    try:
        asyncio.run(run())
    finally:
        logger.remove(sink)
    assert [line.strip() for line in said] == [
        "db: postgresql://h/x: no answer for 0 s; nothing is stored or sent until there is one"
    ]
    assert time.monotonic() - began < 4


def test_who_is_stopped_while_the_database_says_nothing_leaves_nothing_that_fails_unheard():
    comes, heard = threading.Event(), []

    def fails_late():
        comes.wait(5)
        raise OSError("gone")

    async def run():
        asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))
        asking = asyncio.create_task(monitor.answered(fails_late, "postgresql://h/x", Repeats()))
        await asyncio.sleep(0.05)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        comes.set()
        await asyncio.sleep(0.05)
        del asking
        gc.collect()

    asyncio.run(run())
    assert not heard


def test_work_that_is_cancelled_with_its_monitor_is_over_first():
    over = []

    async def work():
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.02)
            over.append(True)

    async def run():
        waiting = asyncio.create_task(monitor.unless_stopped(work(), asyncio.Event()))
        await asyncio.sleep(0.02)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert over == [True]

    asyncio.run(run())


def test_a_host_that_is_gone_is_noticed(database):
    """Without these the system waits for two hours; what the address itself says counts."""
    if database.engine.dialect.name != "postgresql":
        return
    with database.engine.connect() as connection:
        used = connection.connection.dbapi_connection.info.get_parameters()
    assert (used["keepalives_idle"], used["tcp_user_timeout"]) == ("30", "60000")
