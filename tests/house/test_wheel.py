"""What people install: every module and data file of ours, and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built by the backend that pyproject.toml names, without a network."""
    target = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    options = ["--no-index", "--no-build-isolation", "--wheel-dir", str(target), str(ROOT)]
    done = subprocess.run(pip + options, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = target.glob("*.whl")
    return zipfile.ZipFile(built)


def ours() -> set[str]:
    """Files of the source tree by their path once installed."""
    found = set()
    for top in (ROOT, ROOT / "plugins"):
        for package in top.glob("coinmon*"):
            files = (path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
            found |= {path.relative_to(top).as_posix() for path in files}
    return found


def test_it_holds_our_packages_and_nothing_else(wheel):
    shipped = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert shipped == ours()
    assert {"coinmon/py.typed", "coinmon/store/migrations/env.py", "coinmon_emulator/py.typed"} <= shipped


def test_it_says_how_it_is_started_and_where_its_plugins_are(wheel):
    (entry,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    text = wheel.read(entry).decode()
    assert "coinmon = coinmon.__main__:main" in text
    assert "exchanges = coinmon_exchanges" in text


def test_it_carries_the_licence_and_the_readme(wheel):
    (metadata,) = [name for name in wheel.namelist() if name.endswith("METADATA")]
    text = wheel.read(metadata).decode()
    assert "License-Expression: MIT" in text
    assert "coinmon scan --demo --once" in text
    assert any(name.endswith("licenses/LICENSE") for name in wheel.namelist())
