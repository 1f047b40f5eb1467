"""What the folders of tests share: how properties are tried, PostgreSQL and a headless Chromium where there is one."""

import fcntl
import gc
import glob
import importlib
import multiprocessing
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import settings
from loguru import logger
from sqlalchemy import Connection, event, inspect
from xdist.scheduler import LoadFileScheduling

from coinmon import processes
from coinmon.config import load
from coinmon.plugin import discovery
from coinmon.plugin.catalog import Catalog
from coinmon.run import demo
from coinmon.store import database

# processes that tests start import what a test gives them; what is installed comes first
sys.path.append(str(Path(__file__).parents[1]))

from tests.chromium import CHROMIUM, Browser
from tests.forked import Forked, forked_demos, modules_of
from tests.order import ByWhatIsShared, longest_first

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # a run behind a script's `&` is deaf to Ctrl-C, and so would be what its tests start
    signal.signal(signal.SIGINT, signal.default_int_handler)

# the same examples everywhere, and no wall clock: a busy machine proves nothing
settings.register_profile("coinmon", deadline=None, derandomize=True)
settings.load_profile("coinmon")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    return ByWhatIsShared(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    longest_first(items)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[Any]:
    """What is collected stays until the end: the garbage collector need not look through it again and again."""
    gc.disable()
    try:
        found = yield
    finally:
        gc.enable()
    gc.freeze()
    gc.set_threshold(5000, 20, 20)
    return found


@pytest.fixture(scope="session", autouse=True)
def _new_databases() -> Iterator[None]:
    """The migrations of a new database give the same statements each time: those of a process's first, again.

    Older ones and other migrations go the whole way, and so does every process that tests start.
    """
    known: dict[tuple[str, str, Path], list[tuple[str, Any]]] = {}
    migrate = database._migrate

    def upgraded(connection: Connection, version: str | None, name: str) -> None:
        key = (connection.dialect.name, database.SCHEMA, database._MIGRATIONS)
        if inspect(connection).get_table_names():
            migrate(connection, version, name)
        elif key in known:
            for statement, values in known[key]:
                connection.exec_driver_sql(statement, values)
        else:
            found: list[tuple[str, Any]] = []

            def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
                found.append((statement, values))

            event.listen(connection, "before_cursor_execute", note)
            migrate(connection, version, name)
            event.remove(connection, "before_cursor_execute", note)
            known[key] = found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_migrate", upgraded)
        yield


@pytest.fixture(scope="session", autouse=True)
def _plugins_found_once() -> Iterator[None]:
    """What is installed offers the same at each start (10 ms), unless a folder of `sys.path` changes."""
    search, known = load.load_catalog, {}

    def found(plugin_dir: Path | None = None, disabled: Iterable[str] = ()) -> Catalog:
        if plugin_dir:
            return search(plugin_dir, disabled)
        key = frozenset(disabled), *((folder, discovery._changed_at(folder)) for folder in sys.path)
        one = known[key] = known.get(key) or search(None, disabled)
        return Catalog(dict(one.offers), list(one.broken), list(one.disabled))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "load_catalog", found)
        yield


@pytest.fixture(scope="session", autouse=True)
def _certificates_read_once() -> Iterator[None]:
    """Each client of httpx reads the authorities' certificates anew (40 ms), to speak to loopback without TLS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        yield


def _log_as_it_was() -> Iterator[None]:
    """A command that a test or a file's fixture runs in this process leaves the language of its log to no other."""
    core: Any = logger._core  # type: ignore[attr-defined]
    before = core.patcher
    yield
    core.patcher = before


_log_of_a_test = pytest.fixture(_log_as_it_was, autouse=True, name="_log_of_a_test")
_log_of_a_file = pytest.fixture(_log_as_it_was, autouse=True, name="_log_of_a_file", scope="module")


@pytest.fixture(scope="session")
def benchmark() -> Iterator[Callable[[str], ModuleType]]:
    """Loads a benchmark, such as "faults/chaos", whose short form is a test, and what it imports from its folder."""
    benchmarks = Path(__file__).parents[1] / "benchmarks"

    def load(name: str) -> ModuleType:
        path.syspath_prepend(benchmarks / Path(name).parent)
        return importlib.import_module(Path(name).name)

    with pytest.MonkeyPatch.context() as path:
        yield load


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], None]], Path]:
    """Gives the folder of a name, which one of the workers has filled and all read: who changes it copies it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def build(name: str, fill: Callable[[Path], None]) -> Path:
        folder = shared / name
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            whole = shared / f"{name}.whole"
            if not whole.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                fill(folder)
                whole.touch()
        return folder

    return build


@pytest.fixture(scope="session", autouse=True)
def _where_processes_are_forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    base = tmp_path_factory.getbasetemp()
    Forked.folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "subprocess", forked_demos())
        yield


@pytest.fixture
def forked_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """`Processes` are forked from a server that has imported what they need, which else takes each a second."""
    context = multiprocessing.get_context("forkserver")
    found = ("coinmon.run.parts.pair_jobs", *modules_of("coinmon_indicators"), *modules_of("coinmon_signals"))
    context.set_forkserver_preload(list(found))
    monkeypatch.setattr(processes, "multiprocessing", SimpleNamespace(get_context=lambda _kind: context))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a database on a server of our own."""
    pytest.importorskip("psycopg", reason="the postgres extra is not installed")
    found = next(iter(sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))), None) or shutil.which("initdb")
    if not found:
        pytest.skip("no PostgreSQL server on this machine (Debian: apt-get install postgresql)")
    binaries = Path(found).parent
    # the server refuses to run as root
    user = "postgres" if os.geteuid() == 0 else None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        if user:
            shutil.chown(folder, user)

        def run(program: str, *arguments: str) -> None:
            subprocess.run([binaries / program, *arguments], check=True, capture_output=True, user=user, cwd=folder)

        data = f"{folder}/data"
        run("initdb", "-D", data, "-U", "coinmon", "-A", "trust", "--no-sync", "-E", "UTF8", "--no-locale")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        run("pg_ctl", "-D", data, "-o", options, "-w", "-l", f"{folder}/log", "start")
        try:
            yield f"postgresql://coinmon@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "stop")


@pytest.fixture
def postgres(postgres_server: str) -> str:
    """That database, empty as a new one is, which would be a thousand files to write and to remove."""
    import psycopg

    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return postgres_server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind; a module with `SQLITE_ONLY` is about files."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'coinmon.db'}"
    if hasattr(request.module, "SQLITE_ONLY"):
        pytest.skip("about SQLite's files")
    return str(request.getfixturevalue("postgres"))


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Browser]]:
    if CHROMIUM is None:
        pytest.skip("no chromium is installed")
    folder = tmp_path_factory.mktemp("chromium")
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--no-first-run"]
    options += ["--disable-dev-shm-usage", f"--user-data-dir={folder}", "about:blank"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = subprocess.Popen([CHROMIUM, *options], env={**os.environ, "HOME": str(folder)}, **quiet)
    try:
        for _ in range(400):
            # it is there before there is something in it
            if (port := folder / "DevToolsActivePort").exists() and port.read_text().strip():
                break
            if running.poll() is not None:
                pytest.skip(f"chromium does not start here (exit {running.returncode})")
            time.sleep(0.05)
        else:
            pytest.skip("chromium does not start here")
        yield lambda: Browser(folder)
    finally:
        running.terminate()
        running.wait(10)
