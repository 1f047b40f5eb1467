"""The command line in an empty folder, an emulator beside it, and a database that one scan has filled."""

import os
import shutil
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
import yaml

from coinmon.cli import run
from tests.forked import Forked

OURS = {"PYTHONUTF8": "1", "LANG": "C.UTF-8"}


def clean(environ):
    """Nothing of this machine's proxies and settings."""
    return {name: environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in environ} | OURS


@pytest.fixture
def coinmon(tmp_path, monkeypatch, capsys):
    """Runs a command as `coinmon ...` does: its exit code, what it printed, and its lines on standard error."""
    monkeypatch.chdir(tmp_path)
    for name in set(os.environ) - set(clean(os.environ)):
        monkeypatch.delenv(name)
    for name, value in OURS.items():
        monkeypatch.setenv(name, value)

    def command(*arguments, environ=()):
        for name, value in dict(environ).items():
            monkeypatch.setenv(name, value)
        code = run([str(each) for each in arguments])
        told = capsys.readouterr()
        return SimpleNamespace(code=code, out=told.out, err=told.err.splitlines())

    return command


@pytest.fixture
def refused(coinmon):
    """Runs a command that cannot be done: the one line on standard error."""

    def command(*arguments, code=2):
        done = coinmon(*arguments)
        assert (done.code, len(done.err), done.out) == (code, 1, ""), done
        assert done.err[0].startswith("coinmon")
        return done.err[0]

    return command


@pytest.fixture(scope="session")
def process():
    """Starts `coinmon ...` in a process of its own."""

    def start(*arguments, cwd):
        command = [sys.executable, "-m", "coinmon", *map(str, arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return Forked(command, cwd=cwd, env=clean(os.environ), **pipes)

    return start


@pytest.fixture(scope="session")
def emulator(process, tmp_path_factory):
    """The configuration that points at an emulator whose clock stands still."""
    folder = tmp_path_factory.mktemp("emulator")
    config = folder / "config.yaml"
    server = process("emulate", "--port", 0, "--speed", 0, "--write-config", config, cwd=folder)
    deadline = time.monotonic() + 20
    while not config.exists():
        assert server.poll() is None, server.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield config
    server.terminate()
    server.communicate(timeout=5)


@pytest.fixture(scope="session")
def scanned(emulator, process, built_once):
    """A database with bitcoin on two venues."""

    def scan(folder):
        venues = ["--exchange", "binance", "--exchange", "okx"]
        done = process("--config", emulator, "--db", "scanned.db", "scan", "BTCUSDT", "--once", *venues, cwd=folder)
        _, complaints = done.communicate(timeout=60)
        assert done.returncode == 0, complaints

    return built_once("scanned", scan) / "scanned.db"


@pytest.fixture
def stored(scanned, emulator, tmp_path, coinmon):
    """Runs a command on a copy of that database."""
    shutil.copy(scanned, tmp_path / "coinmon.db")
    return lambda *arguments: coinmon("--config", emulator, "--db", "coinmon.db", *arguments)


@pytest.fixture
def changed(emulator, tmp_path):
    """The emulator's configuration with sections changed, as `changed.yaml`."""

    def write(**sections):
        settings = yaml.safe_load(emulator.read_text())
        for name, values in sections.items():
            settings[name] = {**settings[name], **values} if isinstance(settings.get(name), dict) else values
        for name in ("at", "wall"):
            settings["clock"][name] = settings["clock"][name].isoformat()
        path = tmp_path / "changed.yaml"
        path.write_text(yaml.safe_dump(settings), "utf-8")
        return path

    return write
