"""A server that goes away tells each connection something else: it is one fault, said once."""

import pytest
from sqlalchemy.exc import OperationalError

from coinmon.errors import DatabaseFailed
from coinmon.repeats import Repeats
from coinmon.store.database import explained


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
