"""An upgrade that is killed, wherever it was: the next start finds the old database whole, and upgrades it."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import JSON, MetaData, create_engine, inspect, select, text

import coinmon.store
from coinmon.store.database import SCHEMA, open_database
from coinmon.store.schema import metadata

MIGRATIONS = Path(coinmon.store.__file__).with_name("migrations")
STEPS = len(list((MIGRATIONS / "versions").glob("0*.py")))
KILLER = Path(__file__).with_name("killed_upgrade.py")
ROWS = 3


def value(column, row):
    """Of any column, the same for what refers to it."""
    if isinstance(column.type, JSON):
        return {"row": row}
    made = {int: row, float: row / 2, bytes: b"%d" % row}
    return made.get(column.type.python_type, f"s{row}")


@pytest.fixture
def old(url):
    """A database of the first schema, and its tables, with rows in each."""
    engine = create_engine(url)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        tables = MetaData()
        tables.reflect(connection)
        tables.remove(tables.tables["alembic_version"])
        for table in tables.sorted_tables:
            rows = [{each.name: value(each, row) for each in table.columns} for row in range(1, ROWS + 1)]
            connection.execute(table.insert(), rows)
    yield engine, tables
    engine.dispose()


def rows_of(connection, tables):
    return {table.name: sorted(map(repr, connection.execute(select(table)).all())) for table in tables.tables.values()}


def state(engine, tables):
    """The version, each table with its columns, and all rows of the first schema's."""
    with engine.connect() as connection:
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        columns = {
            table: sorted(each["name"] for each in found)
            for (_, table), found in inspect(connection).get_multi_columns().items()
        }
        return version, columns, rows_of(connection, tables)


def test_an_upgrade_that_is_killed_in_any_step_leaves_all_or_nothing(url, old):
    engine, tables = old
    before = state(engine, tables)
    assert all(len(rows) == ROWS for rows in before[2].values())
    with subprocess.Popen(
        [sys.executable, KILLER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as killer:
        kills = 0
        while True:
            killer.stdin.write(f"{kills + 1}\n")
            killer.stdin.flush()
            if (said := killer.stdout.readline().strip()) != "killed":
                break
            kills += 1
            assert state(engine, tables) == before, f"kill {kills}"
        killer.stdin.close()
    # the start after all those that were killed is one as any other
    assert said == "done"
    # each step before its first change and before its version, and the commit
    assert kills > 2 * (STEPS - 1)
    database = open_database(url, create=False)
    with database.read() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == SCHEMA
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert rows_of(connection, tables) == before[2]
    database.close()
