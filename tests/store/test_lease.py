"""One process at a time: the lease is refused to a second one, and free again when the first is gone."""

import subprocess
import sys

import pytest
from sqlalchemy import delete

from coinmon.errors import ConfigError
from coinmon.store.database import open_database
from coinmon.store.lease import LeaseLost, leased, take
from coinmon.store.schema import leases

HOLD = """
import sys
from coinmon.store.database import open_database
from coinmon.store.lease import leased
with leased(open_database(sys.argv[1]), "scan-1-of-1", "taken"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_holder_is_refused_until_the_first_is_killed(url, database):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ConfigError, match="taken"), leased(database, "scan-1-of-1", "taken"):
            pass
        with leased(database, "scan-2-of-2", "taken"):
            pass
        holder.kill()
        holder.wait()
    with leased(database, "scan-1-of-1", "taken", patience=10):
        pass


def test_a_check_that_is_under_way_when_the_lease_is_given_back_does_not_take_it_again(database):
    """On PostgreSQL it locked anew, in a connection of nobody's: no process could scan, or send, any more."""
    lease = take(database, "scan-1-of-1", "taken")
    lease.free()
    with pytest.raises(LeaseLost):
        lease.check()
    with leased(database, "scan-1-of-1", "taken"):
        pass


def test_a_check_writes_nothing_while_all_is_well_and_so_waits_for_no_writer(url, database, monkeypatch):
    monkeypatch.setattr("coinmon.store.database._BUSY_MS", 100)
    other = open_database(url)
    with leased(database, "scan-1-of-1", "taken") as lease, other.write():
        lease.check()
    other.close()


def test_a_lease_whose_row_is_gone_is_lost_though_another_has_the_same_token(database):
    with leased(database, "scan", "taken") as lease, leased(database, "send", "taken") as other:
        with database.write() as connection:
            connection.execute(delete(leases).where(leases.c.name == "scan"))
        with database.read() as connection:
            other.fence(connection)
            with pytest.raises(LeaseLost):
                lease.fence(connection)


def test_what_fails_under_a_lease_fails_as_it_would_without(url):
    database = open_database(url)
    with pytest.raises(ZeroDivisionError), leased(database, "scan-1-of-1", "taken"):
        _ = 1 / 0
    with leased(database, "scan-1-of-1", "taken"):
        pass
    database.close()
