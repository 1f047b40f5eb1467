"""What the folders of tests share: how properties are tried, and a PostgreSQL server where this machine has one."""

import glob
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# the same examples everywhere, and no wall clock: a busy machine proves nothing
settings.register_profile("coinmon", deadline=None, derandomize=True)
settings.load_profile("coinmon")


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
