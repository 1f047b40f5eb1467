"""`coinmon --help` and its kin answer at once: what is heavy is imported when it is needed."""

import json
import subprocess
import sys

import pytest

HEAVY = {"aiohttp", "alembic", "apscheduler", "ccxt", "httpx", "mcp", "numpy", "pandas", "sqlalchemy", "textual"}

WATCHED = """
import json, sys
from coinmon.cli import run
code = run(sys.argv[1:])
sys.stderr.write(json.dumps([code, sorted({each.partition(".")[0] for each in sys.modules})]))
"""


def start(*arguments: str) -> tuple[int, set[str]]:
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    return code, set(modules)


@pytest.mark.parametrize("arguments", [["--help"], ["scan", "--help"], ["config", "--help"]], ids=" ".join)
def test_help_imports_nothing_heavy(arguments):
    code, modules = start(*arguments)
    assert code == 0
    assert not modules & HEAVY


def test_listing_the_plugins_imports_no_venue_library_and_no_database():
    code, modules = start("plugins", "--json")
    assert code == 0
    assert not modules & {"aiohttp", "apscheduler", "ccxt", "mcp", "pandas", "sqlalchemy"}
