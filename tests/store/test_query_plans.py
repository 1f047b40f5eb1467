"""What each cycle and each post ask is looked up, however many signals were ever told: no query reads all rows."""

import pytest
from sqlalchemy import event, text

from coinmon.model.instrument import Pair
from coinmon.notify.signal_state import active_by_name
from coinmon.store.bars import read_lately, read_sums
from coinmon.store.database import open_database
from coinmon.store.deliveries import next_due, read_due, read_queue
from coinmon.store.judged import read_judged
from coinmon.store.outbox import ended_signals, read_signals, told_events

TOLD = 30_000
"""Signals, a minute apart, all over and sent but a few; and as many minutes of so many markets."""
MARKETS = 10
LATELY = TOLD * 60_000 - 600_000
LAST_MINUTES = (TOLD // MARKETS - 3) * 60_000, TOLD // MARKETS * 60_000
ASKED = {
    "signals that are on": active_by_name,
    "signals that ended lately": lambda connection: ended_signals(connection, ["a"], LATELY),
    "ends to be told": lambda connection: told_events(connection, LATELY),
    "what is due": lambda connection: read_due(connection, "webhook", 5),
    "when something is due": lambda connection: next_due(connection, "webhook", 5),
    "signals of a time": lambda connection: read_signals(connection, None, LATELY, LATELY + 9),
    "what waits and was refused": lambda connection: read_queue(connection, LATELY),
    "the last minutes of all markets": lambda connection: read_lately(connection, range(1, MARKETS + 1), *LAST_MINUTES),
    "which of them were written again": lambda connection: read_sums(connection, *LAST_MINUTES),
    "minutes that were judged": lambda connection: read_judged(connection, Pair("BTC", "USDT"), *LAST_MINUTES),
}
OF_FEW_ROWS = ("signals_lasting", "deliveries_waiting", "on instruments")
SIGNALS = """
    INSERT INTO signals (id, key, pair, name, grade, time, ended, event)
    SELECT 'id' || n, 'key' || n % 500, 'BTC/USDT', 'a', 'A', n * 60000,
           CASE WHEN n > :told - 3 THEN NULL ELSE n * 60000 + 1000 END, '{}' FROM numbers
"""
DELIVERIES = """
    INSERT INTO deliveries (id, signal, output, state, attempts, next_attempt)
    SELECT n, 'id' || n, 'webhook', CASE WHEN n > :told - 3 THEN 'waiting' ELSE 'sent' END, 1, 0 FROM numbers
"""
INSTRUMENTS = """
    INSERT INTO instruments (id, venue, kind, base, quote, native_id, symbol, tick_size, lot_size, contract_size,
                             first_seen)
    SELECT n, 'okx', 'spot', 'A' || n, 'USDT', 'A' || n, 'A' || n, '1', '1', '1', 0 FROM numbers WHERE n <= 10
"""
BARS = """
    INSERT INTO bars (instrument, time, open, high, low, close, trades, coverage)
    SELECT 1 + n % 10, n / 10 * 60000, 1, 1, 1, 1, 1, 2 FROM numbers
"""
JUDGED = "INSERT INTO judged (time, shard, read_until) SELECT n * 60000, '1/1', n * 60000 FROM numbers"
NUMBERS = {
    "sqlite": "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :told)",
    "postgresql": "WITH numbers(n) AS (SELECT generate_series(1, :told))",
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def told(request, tmp_path_factory):
    """A database in which many signals were told; PostgreSQL's planner knows how many."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('told') / 'c.db'}"
    else:
        import psycopg

        url = request.getfixturevalue("postgres_server")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
    database = open_database(url)
    with database.write() as connection:
        for insert in (SIGNALS, DELIVERIES, INSTRUMENTS, BARS, JUDGED):
            # PostgreSQL takes the rows before INSERT, SQLite too
            connection.execute(text(f"{NUMBERS[request.param]} {insert}"), {"told": TOLD})
        if request.param == "postgresql":
            connection.execute(text("ANALYZE"))
    yield database
    database.close()


@pytest.mark.parametrize("what", ASKED)
def test_it_is_looked_up(told, what):
    asked = []

    def listen(_connection, _cursor, statement, parameters, *_):
        asked.append((statement, parameters))

    explain = "EXPLAIN QUERY PLAN" if told.engine.dialect.name == "sqlite" else "EXPLAIN"
    with told.read() as connection:
        event.listen(connection, "before_cursor_execute", listen)
        ASKED[what](connection)
        event.remove(connection, "before_cursor_execute", listen)
        plans = [
            row[-1]
            for statement, parameters in asked
            for row in connection.exec_driver_sql(f"{explain} {statement}", parameters)
        ]
    assert asked
    assert plans
    scans = [
        each
        for each in plans
        if each.startswith(tuple(f"SCAN {table}" for table in ("signals", "deliveries", "bars", "judged")))
        or "Seq Scan on" in each
    ]
    assert not [each for each in scans if not any(index in each for index in OF_FEW_ROWS)]
