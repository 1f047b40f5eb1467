"""A database that cannot be used: one line with its name and what to do."""

import resource
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from coinmon.errors import ConfigError
from coinmon.store.bars import read_bars, write_bars
from coinmon.store.database import open_database
from coinmon.store.instruments import sync_instruments

SQLITE_ONLY = True


def refusal(url, **how):
    with pytest.raises(ConfigError) as caught:
        open_database(url, **how).close()
    (line,) = str(caught.value).splitlines()
    return line


def file(url):
    return Path(url.removeprefix("sqlite:///"))


@pytest.mark.parametrize("content", [b"this is no database at all\n" * 50, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_file_that_is_none(url, content):
    file(url).write_bytes(content)
    line = refusal(url)
    assert line.startswith(f"db: {url}: it is ")
    assert "corrupt; move it away" in line
    assert file(url).read_bytes() == content


def test_one_with_a_torn_page_is_named_when_it_is_read(url, database, btc, plain):
    number, instrument = btc
    with closing(sqlite3.connect(file(url))) as connection:
        # behind all that is there without bars, tables' definitions too: what is torn is the bars
        (first,) = connection.execute("SELECT page_count * 4096 FROM pragma_page_count").fetchone()
    with database.write() as connection:
        write_bars(connection, number, instrument, plain.bars(*range(500)))
    database.close()
    size = file(url).stat().st_size
    assert size > first
    with file(url).open("r+b") as torn:
        torn.seek(first)
        torn.write(b"\xa5" * (size - first))
    torn_open = open_database(url)
    with (
        pytest.raises(ConfigError, match=r"it is corrupt; move it away \(coinmon collects anew\)"),
        torn_open.read() as c,
    ):
        read_bars(c, number, instrument, 0, 2**62, levels=True)
    torn_open.close()


def test_a_file_that_may_not_be_written(nobody):
    url = f"sqlite:///{nobody / 'coinmon.db'}"
    open_database(url).close()
    file(url).chmod(0o400)
    assert refusal(url) == f"db: {url}: it is read-only; give it write permission or name another with --db"
    with (reading := open_database(url, create=False)).read():
        reading.close()


def test_a_file_that_loses_its_permission_later(nobody, plain):
    url = f"sqlite:///{nobody / 'coinmon.db'}"
    open_database(url).close()
    file(url).chmod(0o400)
    database = open_database(url, create=False)
    with pytest.raises(ConfigError, match="it is read-only; give it"), database.write() as connection:
        sync_instruments(connection, [plain.instrument()], 0)
    database.close()


def test_a_folder_that_may_not_be_written(nobody):
    nobody.chmod(0o500)
    assert "it cannot be opened; is its folder there and writable?" in refusal(f"sqlite:///{nobody / 'coinmon.db'}")
    assert refusal(f"sqlite:///{nobody / 'new' / 'coinmon.db'}") == (
        f"db: cannot make the folder {nobody / 'new'}: Permission denied"
    )


def test_a_folder_that_is_not_there_is_made_unless_the_database_should_be_there(tmp_path):
    url = f"sqlite:///{tmp_path / 'a' / 'b' / 'coinmon.db'}"
    assert "does not exist; run coinmon scan first" in refusal(url, create=False)
    assert not (tmp_path / "a").exists()
    open_database(url).close()
    assert file(url).exists()


def test_a_folder_in_place_of_the_file(tmp_path):
    assert "it cannot be opened" in refusal(f"sqlite:///{tmp_path}")
    (tmp_path / "file").touch()
    assert "cannot make the folder" in refusal(f"sqlite:///{tmp_path / 'file' / 'coinmon.db'}")


def test_a_full_disk_loses_the_transaction_and_nothing_else(url, database, btc, plain):
    number, instrument = btc
    with database.write() as connection:
        write_bars(connection, number, instrument, plain.bars(0, 1))
    pages = sqlite3.connect(file(url)).execute("PRAGMA page_count").fetchone()[0]

    def small(connection, _record):
        connection.execute(f"PRAGMA max_page_count={pages + 3}")

    event.listen(Engine, "connect", small)
    try:
        full = open_database(url)
        with pytest.raises(ConfigError) as caught, full.write() as connection:
            write_bars(connection, number, instrument, plain.bars(*range(2, 2000)))
        full.close()
    finally:
        event.remove(Engine, "connect", small)
    assert str(caught.value) == f"db: {url}: the disk is full"
    with database.write() as connection:
        assert len(read_bars(connection, number, instrument, 0, 2**62)) == 2
        write_bars(connection, number, instrument, plain.bars(2))


def test_a_disk_without_a_byte_of_room_is_said_to_be_full(url, database):
    database.close()
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, usual[1]))
    try:
        assert refusal(url).endswith("its disk is full, or fails: free some space or name another with --db")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


def test_one_that_another_program_holds(url, database, monkeypatch):
    monkeypatch.setattr("coinmon.store.database._BUSY_MS", 50)
    holder = sqlite3.connect(file(url))
    holder.execute("BEGIN EXCLUSIVE")
    second = open_database(url)
    with pytest.raises(ConfigError, match="another process holds it; stop that one"), second.write():
        pass
    holder.close()
    with second.write():
        pass
    second.close()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nonsense", "not a database URL; write sqlite:///path/to/file.db or postgresql"),
        ("mysql://x/y", "mysql"),
        ("sqlite://", "an in-memory database keeps nothing"),
        ("sqlite:///:memory:", "an in-memory database keeps nothing"),
    ],
)
def test_an_address_that_is_none(url, told):
    assert told in refusal(url)


def test_a_server_that_is_not_there_and_its_password_is_hidden():
    pytest.importorskip("psycopg")
    line = refusal("postgresql+psycopg://me:hush@127.0.0.1:1/coinmon")
    assert "no server answers there; start it" in line
    assert "hush" not in line
