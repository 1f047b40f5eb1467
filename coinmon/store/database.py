"""Opening the database: connection rules, schema version, and errors in words."""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Select, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from coinmon.errors import ConfigError, DatabaseFailed
from coinmon.store.file_identity import FileIdentity

SCHEMA = "0011"
"""The newest version under migrations/versions."""

_MIGRATIONS = Path(__file__).with_name("migrations")
_BUSY_MS = 15_000
_WRITERS = 0x636F696E
"""The key of PostgreSQL's advisory lock under which writers take turns."""
_CONNECT_SECONDS = 10
_GONE_HOST = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000}
"""libpq's: a host that is gone without a word is noticed within a minute; the system's own patience is two hours."""
CURES = {
    "readonly database": "it is read-only; give it write permission or name another with --db",
    "unable to open database": "it cannot be opened; is its folder there and writable? or name another with --db",
    "not a database": "it is not a coinmon database, or it is corrupt; move it away or name another with --db",
    "malformed": "it is corrupt; move it away (coinmon collects anew) or name another with --db",
    "disk is full": "the disk is full",
    "disk i/o": "its disk is full, or fails: free some space or name another with --db",
    "locked": "another process holds it; stop that one or name another with --db",
    "lock timeout": "another process has been writing to it for too long; stop that one or name another with --db",
    "connection refused": "no server answers there; start it or name another with --db",
}
"""What to do, by what the driver says."""


_T = TypeVar("_T")
Fence = Callable[[Connection], None]
"""Asked inside each write, before anything is written; raises where the writer may not write any more."""


class Database:
    """An open database at the current schema version.

    Readers wait for nobody and see one moment of it for as long as they look; writers take turns. Each write first asks
    the `fences`. `file`: of SQLite, the file that was opened; it is not written any more once it was deleted.
    """

    def __init__(
        self, engine: Engine, held: Connection | None = None, fences: tuple[Fence, ...] = (),
        file: FileIdentity | None = None, writer: ThreadPoolExecutor | None = None,
    ) -> None:  # fmt: skip
        self.engine = engine
        self.name = engine.url.render_as_string(hide_password=True)
        self._held = held
        self._fences = fences
        self._file = file
        self._writer = writer or ThreadPoolExecutor(1, "database writer")

    def fenced(self, fence: Fence) -> "Database":
        """The same database, whose writes ask `fence` too."""
        return Database(self.engine, self._held, (*self._fences, fence), self._file, self._writer)

    @contextmanager
    def still(self) -> "Iterator[Database]":
        """One read transaction: a snapshot, for one thread; thousands of reads need one connection."""
        with self.read() as connection:
            yield Database(self.engine, connection, self._fences, self._file, self._writer)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        if self._held is not None:
            yield self._held
            return
        with explained(self.name), self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: all of it is kept, or none. It may wait for other writers: call it in a thread."""
        self.check_file()
        with explained(self.name), self.engine.execution_options(writes=True).begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"SET LOCAL lock_timeout = {_BUSY_MS}"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITERS})
            for fence in self._fences:
                fence(connection)
            yield connection

    def cut(self) -> None:
        """End the snapshot of `still` from another thread, which need not wait for its reader."""
        if self._held is not None:
            with suppress(Exception):
                self._held.invalidate()

    async def in_writer(self, work: Callable[[], _T]) -> _T:
        """Run `work` in the one thread that writes, after what waits there already; returns its result."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    async def written(self, work: Callable[[Connection], _T]) -> _T:
        """Run `work` in a write transaction of the writer thread, while the event loop goes on; returns its result."""

        def run() -> _T:
            with self.write() as connection:
                return work(connection)

        return await self.in_writer(run)

    async def looked_up(self, work: Callable[[Connection], _T]) -> _T:
        """Run `work` in a read transaction in another thread; returns its result."""

        def run() -> _T:
            with self.read() as connection:
                return work(connection)

        return await asyncio.to_thread(run)

    def check_file(self) -> None:
        """Raises DatabaseGone when the file of a SQLite database was deleted or replaced."""
        if self._file is not None:
            self._file.check(self.name)

    def close(self) -> None:
        self._writer.shutdown(wait=False, cancel_futures=True)
        self.engine.dispose()


def fetch(connection: Connection, query: Select[Any], asked: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """The rows of a query of integers, floats and bytes as the driver gives them.

    SQLAlchemy's rows, and text in which PostgreSQL's driver gets numbers unless asked, cost as much as the reading.
    """
    result = connection.execute(query, asked, execution_options={"binary": True})
    assert result.cursor is not None, "a query has a cursor until its rows are taken"
    rows = list(result.cursor.fetchall())
    result.close()
    return rows


def open_database(url: str, *, create: bool = True) -> Database:
    """Open, and bring an older schema up to date. Raises ConfigError for anything that is in the way.

    create: make a database that does not exist; else it must be there.
    """
    target = _target(url, create)
    engine = _engine(target)
    (_sqlite_rules if _is_sqlite(target) else _postgresql_rules)(engine)
    database = Database(engine)
    try:
        with database.read() as connection:
            version = _version(connection)
        if version != SCHEMA:
            with database.write() as connection:
                # asked again under the write lock: another process may have done it meanwhile
                _migrate(connection, _version(connection), database.name)
    except BaseException:
        database.close()
        raise
    if target.database and _is_sqlite(target):
        return Database(engine, file=FileIdentity(Path(target.database)))
    return database


def _engine(target: URL) -> Engine:
    try:
        return create_engine(target, connect_args=_connect_arguments(target), pool_pre_ping=not _is_sqlite(target))
    except ImportError as error:
        raise ConfigError(
            f"db: {target.get_backend_name()} needs {error.name}; pip install '.[postgres]' in coinmon's folder"
        ) from None


def _target(url: str, create: bool) -> URL:
    try:
        target = make_url(url)
        target.get_dialect()
    except (ArgumentError, NoSuchModuleError):
        raise ConfigError(f"db: not a database URL; write sqlite:///path/to/file.db or {_POSTGRES}") from None
    except ValueError:
        raise ConfigError(f"db: its port is not a number; write {_POSTGRES}") from None
    except ImportError as error:
        raise ConfigError(f"db: it needs {error.name}; pip install '.[postgres]' in coinmon's folder") from None
    if target.get_backend_name() not in ("sqlite", "postgresql"):
        raise ConfigError(f"db: {target.get_backend_name()} is not supported; write sqlite:///file.db or {_POSTGRES}")
    if _is_sqlite(target):
        if not target.database or target.database == ":memory:":
            raise ConfigError("db: an in-memory database keeps nothing; write sqlite:///path/to/file.db")
        path = Path(target.database)
        if create:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ConfigError(f"db: cannot make the folder {path.parent}: {error.strerror}") from None
            if path.exists() and not os.access(path, os.W_OK):
                # said now: the driver would say it at the first write, when the venues have been asked already
                raise ConfigError(f"db: {url}: {CURES['readonly database']}")
            with suppress(OSError):
                # ours alone: SQLite gives the files beside it the same mode
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        elif not path.exists():
            raise ConfigError(f"db: {path} does not exist; run coinmon scan first, or name another with --db")
    return target


def _connect_arguments(target: URL) -> dict[str, Any]:
    if _is_sqlite(target):
        return {"timeout": _BUSY_MS / 1000}
    # of a database made as SQL_ASCII the driver would give bytes for text
    own = {"connect_timeout": _CONNECT_SECONDS, "client_encoding": "utf8", **_GONE_HOST}
    return {name: value for name, value in own.items() if name not in target.query}


_POSTGRES = "postgresql+psycopg://user@host/name"


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _sqlite_rules(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        # the driver's own transaction handling commits around DDL; ours is the BEGIN below
        connection.isolation_level = None
        cursor = connection.cursor()
        tables = {name for (name,) in cursor.execute("SELECT name FROM sqlite_master")}
        if not tables or "alembic_version" in tables:
            # it stays in the file: not for another program's, which is refused once it is open
            cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # a writer takes its lock at once: upgrading a read lock later can fail without waiting
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql_rules(engine: Engine) -> None:
    @event.listens_for(engine, "before_cursor_execute")
    def on_execute(_connection: Any, cursor: Any, _statement: Any, _values: Any, context: Any, _many: Any) -> None:
        if context is not None and context.execution_options.get("binary"):
            cursor.format = 1


def _version(connection: Connection) -> str | None:
    tables = inspect(connection).get_table_names()
    if "alembic_version" not in tables:
        if tables:
            raise ConfigError(f"db: {connection.engine.url.database} has other tables in it; name another with --db")
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(connection: Connection, version: str | None, name: str) -> None:
    if version == SCHEMA:
        return
    if version is not None and version > SCHEMA:
        raise ConfigError(
            f"db: {name} was made by a newer coinmon (schema {version}, this one knows {SCHEMA}); upgrade coinmon"
        )
    from alembic import command  # 0.1 s, needed once in a database's life
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError:
        raise ConfigError(
            f"db: {name}: its schema {version!r} is none that coinmon ever had; name another with --db"
        ) from None


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Turn a driver's error into one line that names the database and the cure."""
    try:
        yield
    except SQLAlchemyError as error:
        # a connection that was lost in the middle fails once more when its transaction is ended
        reason = " ".join(str(error.orig if isinstance(error, DBAPIError) else error).split())
        cure = next((cure for sign, cure in CURES.items() if sign in reason.lower()), reason)
        # of a server that stops or restarts each connection hears something else
        server = not name.startswith("sqlite") and (cure == reason or "no server" in cure)
        raise DatabaseFailed(f"db: {name}: {cure}", f"db: {name}: {'its server' if server else cure}") from error
