"""What each cycle and each post ask is looked up, however many signals were ever told: no query reads all rows."""

import pytest
from sqlalchemy import event

from coinmon.notify.signal_state import active_by_name
from coinmon.store.database import open_database
from coinmon.store.deliveries import next_due, read_due
from coinmon.store.outbox import ended_signals, read_signals, told_events

ASKED = {
    "signals that are on": active_by_name,
    "signals that ended lately": lambda connection: ended_signals(connection, ["a"], 5),
    "ends to be told": lambda connection: told_events(connection, 5),
    "what is due": lambda connection: read_due(connection, "webhook", 5),
    "when something is due": lambda connection: next_due(connection, "webhook", 5),
    "signals of a time": lambda connection: read_signals(connection, None, 5, 9),
}
OF_FEW_ROWS = "USING INDEX signals_lasting"


@pytest.mark.parametrize("what", ASKED)
def test_it_is_looked_up(tmp_path, what):
    database = open_database(f"sqlite:///{tmp_path / 'c.db'}")
    asked = []

    def listen(_connection, _cursor, statement, parameters, *_):
        asked.append((statement, parameters))

    with database.read() as connection:
        event.listen(connection, "before_cursor_execute", listen)
        ASKED[what](connection)
        event.remove(connection, "before_cursor_execute", listen)
        plans = [
            row[-1]
            for statement, parameters in asked
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    database.close()
    assert asked
    assert plans
    scans = [each for each in plans if each.startswith(("SCAN signals", "SCAN deliveries"))]
    assert not [each for each in scans if OF_FEW_ROWS not in each]
