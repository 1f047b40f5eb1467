"""Who may import whom: the contracts are in pyproject.toml, and each of them is shown to bite."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BREACHES = {
    "the core imports a plugin": (
        "coinmon/run/cycle.py", "import coinmon_signals",
        "The core knows no plugin", "coinmon.run.cycle -> coinmon_signals",
    ),
    "the core imports a venue's library": (
        "coinmon/run/doctor.py", "import ccxt",
        "The core knows no plugin", "coinmon.run.doctor -> ccxt",
    ),
    "a plugin reaches into the core": (
        "plugins/coinmon_outputs/log.py", "from coinmon.config.load import load_config",
        "A plugin imports nothing of the core", "coinmon_outputs.log -> coinmon.config.load",
    ),
    "a plugin takes a module of the core": (
        "plugins/coinmon_signals/flow/whale.py", "from coinmon import store",
        "A plugin imports nothing of the core", "coinmon_signals.flow.whale -> coinmon.store",
    ),
    "the emulator borrows from the exchanges": (
        "plugins/coinmon_emulator/venues/okx/rest.py", "from coinmon_exchanges.okx import decode",
        "A plugin package imports no other", "coinmon_emulator.venues.okx.rest -> coinmon_exchanges.okx.decode",
    ),
    "the vocabulary knows the store": (
        "coinmon/model/bars.py", "import coinmon.store.schema",
        "Inside the core each layer", "coinmon.model.bars -> coinmon.store.schema",
    ),
    "a module that has no place among the layers": (
        "coinmon/elsewhere.py", '"""New."""',
        "Inside the core each layer", "not listed as layers:\n\n- coinmon.elsewhere",
    ),
}  # fmt: skip
"""The file, the line that it gets, the contract that this breaks, and what is said of it."""


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


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is said of a copy of the source tree with all the breaches in it, of contracts that are not kept."""
    folder = tmp_path_factory.mktemp("spoilt")
    for name in ("coinmon", "plugins"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for where, line, _, _ in BREACHES.values():
        with (folder / where).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
    done = lint(folder)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout.partition("Broken contracts")[2]


def test_every_contract_is_kept():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_is_found(breach, broken):
    _, _, contract, told = BREACHES[breach]
    after = broken.partition(contract)[2]
    assert told in after, broken
