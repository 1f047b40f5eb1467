"""Readers while a writer writes: they wait for nobody and see whole transactions only."""

import sqlite3
import threading

import pytest

from coinmon.store.bars import read_bars, write_bars
from coinmon.store.database import open_database


def test_a_reader_sees_all_of_a_transaction_or_nothing(url, database, btc, plain):
    number, instrument = btc
    torn, done = [], threading.Event()

    def read():
        reader = open_database(url)
        while not done.is_set():
            with reader.read() as connection:
                found = read_bars(connection, number, instrument, 0, 2**62)
            if len(found) % 20:
                torn.append(len(found))
        reader.close()

    readers = [threading.Thread(target=read) for _ in range(2)]
    for each in readers:
        each.start()
    for batch in range(15):
        with database.write() as connection:
            for half in (range(20 * batch, 20 * batch + 10), range(20 * batch + 10, 20 * batch + 20)):
                write_bars(connection, number, instrument, plain.bars(*half))
    done.set()
    for each in readers:
        each.join()
    assert torn == []


def test_a_reader_inside_a_view_keeps_what_it_began_with(database, btc, plain):
    number, instrument = btc
    with database.read() as reading:
        assert not len(read_bars(reading, number, instrument, 0, 2**62))
        with database.write() as connection:
            write_bars(connection, number, instrument, plain.bars(0))
        assert not len(read_bars(reading, number, instrument, 0, 2**62))


def test_who_writes_has_its_turn_before_it_reads(tmp_path):
    """SQLite: a read that becomes a write may fail at once where somebody has written in between."""
    database = open_database(f"sqlite:///{tmp_path / 'one.db'}")
    other = sqlite3.connect(tmp_path / "one.db", timeout=0, isolation_level=None)
    with database.write(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    with database.read():
        other.execute("BEGIN IMMEDIATE")
    other.close()
    database.close()


def test_two_writers_take_turns(url, database, btc, plain):
    number, instrument = btc

    def write(first):
        mine = open_database(url)
        for minute in range(first, first + 10):
            with mine.write() as connection:
                write_bars(connection, number, instrument, plain.bars(minute))
        mine.close()

    writers = [threading.Thread(target=write, args=(first,)) for first in (0, 10, 20)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    with database.read() as connection:
        assert len(read_bars(connection, number, instrument, 0, 2**62)) == 30


def test_what_fails_half_way_leaves_nothing(database, btc, plain):
    number, instrument = btc

    def half_way():
        with database.write() as connection:
            write_bars(connection, number, instrument, plain.bars(0))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_way()
    with database.read() as connection:
        assert not len(read_bars(connection, number, instrument, 0, 2**62))
