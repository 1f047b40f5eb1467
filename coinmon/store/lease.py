"""What only one process may do at a time on a database; the lease ends with the process, however it ends."""

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import text

from coinmon.errors import ConfigError
from coinmon.store.database import Database, explained


@contextmanager
def leased(database: Database, name: str, complaint: str) -> Iterator[None]:
    """Hold the lease `name` (letters, digits, dashes). Raises ConfigError with `complaint` if another process does."""
    if database.engine.dialect.name == "sqlite":
        # a lock file of its own: held by a transaction that never ends, as the operating system frees it with us
        path = Path(f"{database.engine.url.database}.{name}")
        try:
            with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as lock:
                lock.execute("BEGIN EXCLUSIVE")
                yield
        except sqlite3.OperationalError as error:
            raise ConfigError(complaint if "locked" in str(error) else f"db: {path}: {error}") from None
        return
    with explained(database.name), database.engine.connect() as connection:
        key = zlib.crc32(f"coinmon {name}".encode())
        if not connection.execution_options(isolation_level="AUTOCOMMIT").scalar(
            text("SELECT pg_try_advisory_lock(:key)"), {"key": key}
        ):
            raise ConfigError(complaint)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})
