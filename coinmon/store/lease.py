"""What only one process may do at a time on a database; the lease ends with the process, however it ends."""

import asyncio
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from time import monotonic, sleep
from typing import Protocol

from sqlalchemy import Connection, Select, Update, select, text, update

from coinmon.errors import ConfigError
from coinmon.store.database import Database, explained
from coinmon.store.lock_file import LockFile
from coinmon.store.rows import upsert
from coinmon.store.schema import leases

_ASK_AGAIN_S = 0.05
_HEAL_S = 2.5
"""Seconds in which a holder whose lock file was removed has locked it again."""


class LeaseTaken(ConfigError):
    """Another process holds it."""


class LeaseLost(ConfigError):
    """Another process has taken it since: what is done under it would be done twice."""


class _Lock(Protocol):
    """A lock that the operating system or the server frees when its holder ends. identity: which file, of SQLite."""

    identity: str | None

    def alive(self) -> bool:
        """Whether it is held still; taken again where it was lost and nobody else has it."""
        ...

    def free(self) -> None: ...


class Lease:
    """A lease that is held.

    Its token is one more than that of the holder before: a process that was stopped, or cut off, while another took
    the lease has a smaller one than the database, and neither writes nor posts any more.
    """

    def __init__(self, database: Database, name: str, lock: _Lock) -> None:
        self._database, self._name, self._lock = database, name, lock
        with database.write() as connection:
            row = connection.execute(_row(name)).one_or_none()
            self._token = 1 if row is None else row.token + 1
            upsert(connection, leases, [{"name": name, "token": self._token, "lock_file": lock.identity}])

    def check(self) -> None:
        """Raises LeaseLost when another process has it, and ConfigError while the database does not answer."""
        if not self._lock.alive():
            raise self._lost()
        with self._database.read() as connection:
            row = connection.execute(_row(self._name)).one_or_none()
        self._compare(None if row is None else row.token)
        if row is not None and row.lock_file != self._lock.identity:
            with self._database.write() as connection:
                self.fence(connection)
                connection.execute(self._row_update(self._lock.identity))

    def fence(self, connection: Connection) -> None:
        """Inside a write: raises LeaseLost unless the lease is still ours."""
        self._compare(connection.execute(select(leases.c.token).where(leases.c.name == self._name)).scalar())

    def free(self) -> None:
        """Give it back; what fails while the database does not answer is done by the end of the process."""
        with suppress(ConfigError), self._database.write() as connection:
            self.fence(connection)
            connection.execute(self._row_update(None))
        with suppress(ConfigError):
            self._lock.free()

    def _row_update(self, lock_file: str | None) -> Update:
        return update(leases).where(leases.c.name == self._name).values(lock_file=lock_file)

    def _compare(self, token: int | None) -> None:
        if token != self._token:
            raise self._lost()

    def _lost(self) -> LeaseLost:
        return LeaseLost(
            f"db: {self._database.name}: another coinmon took over ({self._name}) while this one was stopped or cut off"
        )


@contextmanager
def leased(database: Database, name: str, complaint: str, patience: float = 0.0) -> Iterator[Lease]:
    """Hold the lease `name` (letters, digits, dashes). Raises LeaseTaken with `complaint` if another process does.

    patience: seconds to go on asking for it, since PostgreSQL learns a moment later that its holder was killed.
    """
    lease = take(database, name, complaint, patience)
    try:
        yield lease
    finally:
        lease.free()


def take(database: Database, name: str, complaint: str, patience: float = 0.0) -> Lease:
    """The lease, to be given back with `free`. It may wait: call it in a thread."""
    until = monotonic() + patience
    while (lock := _try(database, name)) is None:
        if monotonic() >= until:
            raise LeaseTaken(complaint)
        sleep(_ASK_AGAIN_S)
    try:
        return Lease(database, name, lock)
    except BaseException:
        lock.free()
        raise


def give_back(taking: asyncio.Future[Lease]) -> None:
    """What a thread has taken for somebody who was cancelled meanwhile; in a thread, since the database may wait."""
    if not taking.cancelled() and taking.exception() is None:
        with suppress(RuntimeError):
            # a loop that ends takes no more work: the process's end frees it
            taking.get_loop().run_in_executor(None, taking.result().free)


def _try(database: Database, name: str) -> _Lock | None:
    if database.engine.dialect.name != "sqlite":
        return _AdvisoryLock.taken(database, name)
    lock = LockFile.taken(database.engine.url.database or "", name)
    if lock is None or not _doubtful(database, name, lock):
        return lock
    # the file that its last holder locked is gone: if that one lives, it locks this one now
    lock.free()
    sleep(_HEAL_S)
    return LockFile.taken(database.engine.url.database or "", name)


def _doubtful(database: Database, name: str, lock: LockFile) -> bool:
    with database.read() as connection:
        row = connection.execute(_row(name)).one_or_none()
    return row is not None and row.lock_file not in (None, lock.identity)


def _row(name: str) -> Select[tuple[int, str | None]]:
    return select(leases.c.token, leases.c.lock_file).where(leases.c.name == name)


class _AdvisoryLock:
    """PostgreSQL's, which ends with its connection."""

    identity: str | None = None

    def __init__(self, database: Database, key: int, connection: Connection) -> None:
        self._database, self._key, self._connection = database, key, connection
        self._one_at_a_time, self._freed = Lock(), False

    @classmethod
    def taken(cls, database: Database, name: str) -> "_AdvisoryLock | None":
        key = zlib.crc32(f"coinmon {name}".encode())
        connection = cls._locked(database, key)
        return None if connection is None else cls(database, key, connection)

    @staticmethod
    def _locked(database: Database, key: int) -> Connection | None:
        with explained(database.name):
            connection = database.engine.connect()
            try:
                connection.execution_options(isolation_level="AUTOCOMMIT")
                if connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}):
                    return connection
            except BaseException:
                connection.invalidate()
                connection.close()
                raise
            connection.close()
            return None

    def alive(self) -> bool:
        with self._one_at_a_time:
            # a check may be under way in a thread when its holder ends: taken again then it would be nobody's, for ever
            return not self._freed and self._held()

    def _held(self) -> bool:
        try:
            with explained(self._database.name):
                self._connection.execute(text("SELECT 1"))
            return True
        except ConfigError:
            with suppress(Exception):
                self._connection.invalidate()
                self._connection.close()
        # taken again at once: whether somebody else had it in between, its token tells
        again = self._locked(self._database, self._key)
        if again is None:
            return False
        self._connection = again
        return True

    def free(self) -> None:
        with self._one_at_a_time, explained(self._database.name):
            self._freed = True
            try:
                self._connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": self._key})
            except BaseException:
                self._connection.invalidate()
                raise
            finally:
                self._connection.close()
