"""A lease that went to another process: its former holder cannot write, on whichever database."""

import os

import pytest
from sqlalchemy import text

from coinmon.errors import ConfigError
from coinmon.store.database import open_database
from coinmon.store.file_identity import DatabaseGone
from coinmon.store.lease import LeaseLost, LeaseTaken, leased, take


def cut(url):
    """Every connection to the server ends, as when it is restarted."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")


def test_a_connection_that_was_cut_costs_no_lease_when_nobody_took_it(postgres):
    database = open_database(postgres)
    with leased(database, "send", "taken") as lease:
        cut(postgres)
        lease.check()
        with pytest.raises(LeaseTaken):
            take(database, "send", "taken")
        with database.fenced(lease.fence).write() as connection:
            connection.execute(text("SELECT 1"))
        cut(postgres)
    database.close()


def test_who_lost_it_meanwhile_writes_nothing(postgres):
    database, other = open_database(postgres), open_database(postgres)
    first = take(database, "send", "taken")
    cut(postgres)
    # a server frees what a cut connection held a moment later
    second = take(other, "send", "taken", patience=10)
    with pytest.raises(LeaseLost):
        first.check()
    with pytest.raises(LeaseLost), database.fenced(first.fence).write() as connection:
        connection.execute(text("DELETE FROM leases"))
    second.check()
    first.free()
    second.check()
    second.free()
    database.close()
    other.close()


def test_a_link_to_the_database_leads_to_the_same_lease(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'coinmon.db'}")
    (tmp_path / "link.db").symlink_to("coinmon.db")
    link = open_database(f"sqlite:///{tmp_path / 'link.db'}")
    with leased(database, "scan", "taken"), pytest.raises(LeaseTaken):
        take(link, "scan", "taken")
    take(link, "scan", "taken").free()
    link.close()
    database.close()


def test_a_lock_file_that_was_removed_lets_nobody_in(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'coinmon.db'}")
    other = open_database(f"sqlite:///{tmp_path / 'coinmon.db'}")
    with leased(database, "scan", "taken") as lease:
        os.unlink(tmp_path / "coinmon.db.scan")
        with pytest.raises(LeaseTaken):
            take(other, "scan", "taken")
        lease.check()
    other.close()
    database.close()


def test_a_lock_file_that_cannot_be_opened_is_an_error_of_one_line(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'coinmon.db'}")
    (tmp_path / "coinmon.db.scan").mkdir()
    with pytest.raises(ConfigError, match=r"^db: .*coinmon\.db\.scan: unable to open database file$"):
        take(database, "scan", "taken")
    database.close()


def test_a_database_file_that_was_deleted_is_written_no_more(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'coinmon.db'}")
    (tmp_path / "coinmon.db").rename(tmp_path / "away.db")
    with pytest.raises(DatabaseGone, match="deleted or replaced"), database.write():
        pass
    (tmp_path / "away.db").rename(tmp_path / "coinmon.db")
    with database.write():
        pass
    database.close()


def test_a_writer_that_holds_the_server_up_is_not_waited_for_without_end(postgres, monkeypatch):
    monkeypatch.setattr("coinmon.store.database._BUSY_MS", 200)
    database = open_database(postgres)
    with database.write(), pytest.raises(ConfigError, match="another process"), database.write():
        pass
    database.close()
