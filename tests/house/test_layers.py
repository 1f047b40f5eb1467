"""Who may import whom: the contracts are in pyproject.toml, and each of them is shown to bite."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BREACHES = {
    "the core imports a plugin": ("coinmon/run/cycle.py", "import coinmon_signals", "The core knows no plugin"),
    "the core imports a venue's library": ("coinmon/run/doctor.py", "import ccxt", "The core knows no plugin"),
    "a plugin reaches into the core": (
        "plugins/coinmon_outputs/log.py",
        "from coinmon.config.load import load_config",
        "A plugin imports nothing of the core",
    ),
    "a plugin takes a module of the core": (
        "plugins/coinmon_signals/flow/whale.py",
        "from coinmon import store",
        "A plugin imports nothing of the core",
    ),
    "the emulator borrows from the exchanges": (
        "plugins/coinmon_emulator/venues/okx/rest.py",
        "from coinmon_exchanges.okx import decode",
        "A plugin package imports no other",
    ),
    "the vocabulary knows the store": (
        "coinmon/model/bars.py",
        "import coinmon.store.schema",
        "Inside the core each layer",
    ),
    "a module that has no place among the layers": ("coinmon/elsewhere.py", '"""New."""', "Inside the core each layer"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """lint-imports on the source tree in a folder, whatever is installed."""
    code = (
        f"import sys; sys.path[:0] = [{str(folder)!r}, {str(folder / 'plugins')!r}]\n"
        "from importlinter.cli import lint_imports\n"
        f"sys.exit(lint_imports(config_filename={str(folder / 'pyproject.toml')!r}, cache_dir=None))"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The source tree, to be spoilt."""
    for name in ("coinmon", "plugins"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_is_kept():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_is_found(breach, copy):
    where, line, contract = BREACHES[breach]
    with (copy / where).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    done = lint(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    kept, _, broken = done.stdout.partition("Broken contracts")
    assert contract in broken, kept
