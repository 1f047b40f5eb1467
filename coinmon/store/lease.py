"""What only one process may do at a time on a database; the lease ends with the process, however it ends."""

import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import text

from coinmon.errors import ConfigError
from coinmon.store.database import Database, explained


class LeaseTaken(ConfigError):
    """Another process holds it."""


@contextmanager
def leased(database: Database, name: str, complaint: str) -> Iterator[Callable[[], None]]:
    """Hold the lease `name` (letters, digits, dashes). Raises LeaseTaken with `complaint` if another process does.

    Gives a function that raises ConfigError when the lease went with its connection.
    """
    if database.engine.dialect.name == "sqlite":
        # a lock file of its own: held by a transaction that never ends, as the operating system frees it with us
        path = Path(f"{database.engine.url.database}.{name}")
        try:
            with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as lock:
                lock.execute("BEGIN EXCLUSIVE")
                yield lambda: None
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise LeaseTaken(complaint) from None
            raise ConfigError(f"db: {path}: {error}") from None
        return
    with explained(database.name), database.engine.connect() as connection:
        key = zlib.crc32(f"coinmon {name}".encode())
        if not connection.execution_options(isolation_level="AUTOCOMMIT").scalar(
            text("SELECT pg_try_advisory_lock(:key)"), {"key": key}
        ):
            raise LeaseTaken(complaint)

        def held() -> None:
            with explained(database.name):
                connection.execute(text("SELECT 1"))

        try:
            yield held
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})
