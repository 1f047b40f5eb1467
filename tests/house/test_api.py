"""`import coinmon` and its doors: the plugin author's whole API, loaded on first use."""

import ast
import subprocess
import sys
from importlib import import_module
from inspect import isfunction
from pathlib import Path

import pytest

import coinmon

DOORS = coinmon._DOORS
OLDER_NAMES = {"Desk"}
"""Of which the definition has another name now."""


def listed(door: str) -> dict[str, str]:
    """Name to module, as the door's stub says."""
    tree = ast.parse(Path(str(import_module(f"coinmon.{door}").__file__)).with_suffix(".pyi").read_text("utf-8"))
    names = {}
    for node in tree.body:
        assert isinstance(node, ast.ImportFrom)
        for each in node.names:
            assert each.asname == each.name, "a plain import is not re-exported for type checkers"
            names[each.name] = f"coinmon.{node.module}"
    return names


@pytest.mark.parametrize("door", DOORS)
def test_a_door_gives_what_its_stub_lists_from_where_it_is_defined(door):
    module = import_module(f"coinmon.{door}")
    assert set(module.__all__) == set(listed(door))
    for name, home in listed(door).items():
        found = getattr(module, name)
        assert found is getattr(import_module(home), name)
        if (isinstance(found, type) or isfunction(found)) and name not in OLDER_NAMES:
            assert found.__module__ == home
            assert found.__name__ == name


def test_every_name_can_be_imported_from_coinmon_too():
    names = set().union(*map(listed, DOORS))
    assert set(coinmon.__all__) == names
    for name in names:
        homes = [getattr(import_module(f"coinmon.{door}"), name) for door in DOORS if name in listed(door)]
        assert all(each is getattr(coinmon, name) for each in homes)


def test_type_checkers_see_the_same_doors():
    tree = ast.parse(Path(coinmon.__file__).with_suffix(".pyi").read_text("utf-8"))
    starred = {node.module for node in tree.body if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"}
    assert starred == set(DOORS)


def test_a_name_that_is_not_there_is_no_attribute():
    with pytest.raises(AttributeError, match="'coinmon' has no attribute 'Barz'"):
        _ = coinmon.Barz


def test_a_door_loads_nothing_before_it_is_used():
    code = "import sys, coinmon.signal; print([name for name in sys.modules if name.startswith('coinmon.m')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == "[]"
