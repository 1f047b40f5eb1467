"""Plugins in a folder, and a distribution of somebody else's, installed with pip."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from coinmon.plugin.catalog import Catalog, load_catalog
from tests.forked import Forked, run_forked

GOOD = '''
from coinmon import hookimpl

def {name}(market, *, level: int = 1) -> list:
    """A sound signal."""
    return []

@hookimpl
def register_signals(register):
    register("{name}", {name})
'''

ACME = Path(__file__).parent / "acme"


@pytest.fixture
def catalog_of(tmp_path: Path) -> Callable[..., Catalog]:
    """The catalog with these files in plugin_dir, by module name; a sound one, `zz_sound`, is always among them."""

    def load(*, disabled: tuple[str, ...] = (), **sources: str) -> Catalog:
        folder = tmp_path / "plugins"
        folder.mkdir()
        for name, source in {**sources, "zz_sound": GOOD.format(name="zz_sound")}.items():
            (folder / f"{name}.py").write_text(source, "utf-8")
            sys.modules.pop(f"coinmon_plugin_dir_{name}", None)
        return load_catalog(folder, disabled)

    return load


@pytest.fixture(scope="session")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which pip has installed the Acme distribution."""
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    options = ["--no-index", "--no-deps", "--no-build-isolation", "--target", str(target), str(ACME)]
    done = subprocess.run(pip + options, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture
def beside_acme(acme: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs Python where Acme is installed, in an empty folder, with nothing configured."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(acme), "PYTHONUTF8": "1"}
        command = [sys.executable, *arguments]
        start = run_forked if arguments[:2] == ("-m", "coinmon") else subprocess.run
        return start(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, env=environ)

    return run


@pytest.fixture(scope="session")
def beside_acme_in(acme: Path) -> Callable[..., "subprocess.Popen[str]"]:
    """Starts `coinmon ...` in a folder, where Acme is installed."""

    def start(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(acme), "PYTHONUTF8": "1"}
        command = [sys.executable, "-m", "coinmon", *arguments]
        return Forked(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder, env=environ)

    return start
