"""A new database, an older one, a newer one, and one that is not ours."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

import coinmon.store
from coinmon.errors import ConfigError
from coinmon.store.bars import read_bars, write_bars
from coinmon.store.database import SCHEMA, open_database
from coinmon.store.deliveries import read_due
from coinmon.store.schema import metadata

VERSIONS = ScriptDirectory(str(Path(coinmon.store.__file__).with_name("migrations")))


def execute(url, *statements):
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def set_version(url, *rows):
    execute(
        url,
        "CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)",
        "DELETE FROM alembic_version",
        *(f"INSERT INTO alembic_version VALUES ('{row}')" for row in rows),
    )


def test_the_migrations_lead_to_the_tables_that_the_code_knows(database):
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert VERSIONS.get_current_head() == SCHEMA
    assert len(VERSIONS.get_heads()) == 1


def test_a_database_whose_making_was_cut_short_is_made(url):
    set_version(url)
    open_database(url).close()
    open_database(url, create=False).close()


def test_opening_again_keeps_what_is_stored(url, database, btc, plain):
    number, instrument = btc
    with database.write() as connection:
        write_bars(connection, number, instrument, plain.bars(0, 1))
    again = open_database(url)
    with again.read() as connection:
        assert len(read_bars(connection, number, instrument, 0, 2**62)) == 2
    again.close()


def test_many_may_make_it_at_once(url):
    with ThreadPoolExecutor(4) as several:
        for database in several.map(open_database, [url] * 4):
            database.close()
    open_database(url, create=False).close()


@pytest.mark.parametrize("version", ["9999", "abcdef"])
def test_a_newer_one_is_refused_and_left_alone(url, database, version):
    set_version(url, version)
    with pytest.raises(ConfigError) as caught:
        open_database(url)
    (line,) = str(caught.value).splitlines()
    assert f"was made by a newer coinmon (schema {version}, this one knows {SCHEMA}); upgrade coinmon" in line
    assert url.rpartition("@")[2] in line
    with pytest.raises(ConfigError, match="newer coinmon"):
        open_database(url)


def test_a_version_that_never_was_is_refused(url, database):
    set_version(url, "0000")
    with pytest.raises(ConfigError, match=r"its schema '0000' is none that coinmon ever had; name another with --db"):
        open_database(url)


def test_somebody_elses_tables_are_left_alone(url):
    execute(url, "CREATE TABLE bars (mine INTEGER)")
    before = Path(url.removeprefix("sqlite:///")).read_bytes() if url.startswith("sqlite") else None
    with pytest.raises(ConfigError, match="has other tables in it; name another with --db"):
        open_database(url)
    if before is not None:
        # not turned to WAL either, which would stay
        assert Path(url.removeprefix("sqlite:///")).read_bytes() == before


def test_postgresql_without_an_encoding_is_as_good(postgres):
    import psycopg

    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS ascii")
        connection.execute("CREATE DATABASE ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    database = open_database(postgres.replace("/postgres", "/ascii"))
    with database.read() as connection:
        assert connection.execute(text("SELECT '价'")).scalar() == "价"
    database.close()


def test_a_database_of_the_first_schema_keeps_its_waiting_messages(url):
    """0002 gave deliveries the message they went into, and channels their pace."""
    config = Config()
    config.set_main_option("script_location", VERSIONS.dir)
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    execute(
        url,
        "INSERT INTO signals (id, key, pair, name, grade, time, event) "
        "VALUES ('s1', 'k', 'BTC/USDT', 'surge', 'A', 5, '{\"event\": \"signal\"}')",
        "INSERT INTO deliveries (signal, output, state, attempts, next_attempt) VALUES ('s1', 'team', 'waiting', 3, 7)",
    )
    opened = open_database(url)
    with opened.read() as connection:
        (row,) = read_due(connection, "team", 7)
    opened.close()
    assert (row.signal, row.attempts, row.gather, row.message, row.part) == ("s1", 3, None, None, 0)
    assert row.event == {"event": "signal"}
