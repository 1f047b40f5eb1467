"""What only one process may do at a time on a database; the lease ends with the process, however it ends."""

import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic, sleep

from sqlalchemy import text

from coinmon.errors import ConfigError
from coinmon.store.database import Database, explained

_ASK_AGAIN = 0.05
"""Seconds."""


class LeaseTaken(ConfigError):
    """Another process holds it."""


@contextmanager
def leased(database: Database, name: str, complaint: str, patience: float = 0.0) -> Iterator[Callable[[], None]]:
    """Hold the lease `name` (letters, digits, dashes). Raises LeaseTaken with `complaint` if another process does.

    patience: seconds to go on asking for it, since PostgreSQL learns a moment later that its holder was killed.
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
        connection.execution_options(isolation_level="AUTOCOMMIT")
        until = monotonic() + patience
        while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}):
            if monotonic() >= until:
                raise LeaseTaken(complaint)
            sleep(_ASK_AGAIN)

        def held() -> None:
            with explained(database.name):
                connection.execute(text("SELECT 1"))

        try:
            yield held
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})
