"""A lock file beside a SQLite database: held by a transaction that never ends, and freed with the process."""

import sqlite3
import threading
from contextlib import suppress
from pathlib import Path

from coinmon.errors import ConfigError

_LOOK_EVERY_S = 1.0
"""Seconds after which a lock file that was removed is made and locked again."""


class LockFile:
    """The lock file of a name, beside the database's real file: a symbolic link leads to the same one.

    identity: tells the file from one that was made in its place.
    """

    def __init__(self, path: Path, lock: sqlite3.Connection) -> None:
        self._path, self._lock = path, lock
        self._freed = threading.Event()
        self._one_at_a_time = threading.Lock()
        self.identity: str | None = _identity(path)
        try:
            threading.Thread(target=self._keep, name=f"lock {path.name}", daemon=True).start()
        except RuntimeError as error:
            lock.close()
            raise ConfigError(f"db: {path}: {error}") from None

    @classmethod
    def taken(cls, database: str, name: str) -> "LockFile | None":
        """None: another process has it. Raises ConfigError where it cannot be made."""
        path = Path(f"{Path(database).resolve()}.{name}")
        lock = _locked(path)
        return None if lock is None else cls(path, lock)

    def alive(self) -> bool:
        with self._one_at_a_time:
            if self._freed.is_set() or _identity(self._path) == self.identity:
                return not self._freed.is_set()
            with suppress(ConfigError):
                lock = _locked(self._path)
                if lock is None:
                    return False
                self._lock.close()
                self._lock, self.identity = lock, _identity(self._path)
            return True

    def free(self) -> None:
        self._freed.set()
        with self._one_at_a_time:
            self._lock.close()

    def _keep(self) -> None:
        while not self._freed.wait(_LOOK_EVERY_S):
            self.alive()


def _identity(path: Path) -> str | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return f"{found.st_dev}:{found.st_ino}"


def _locked(path: Path) -> sqlite3.Connection | None:
    lock = None
    try:
        lock = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        if lock is not None:
            lock.close()
        if "locked" in str(error):
            return None
        raise ConfigError(f"db: {path}: {error}") from None
    with suppress(OSError):
        # who can read it could lock it; not by a descriptor of it, whose end would free the lock
        path.chmod(0o600)
    return lock
