"""`import coinmon`: the plugin author's whole API, loaded on first use."""

import ast
from importlib import import_module
from inspect import isfunction
from pathlib import Path

import pytest

import coinmon

SOURCE = Path(coinmon.__file__)


def test_every_name_is_there():
    assert len(set(coinmon.__all__)) == len(coinmon.__all__)
    for name in coinmon.__all__:
        assert getattr(coinmon, name) is not None


def test_every_name_comes_from_the_module_that_defines_it():
    for home, names in coinmon._HOMES.items():
        for name in names:
            found = getattr(import_module(f"coinmon.{home}"), name)
            assert getattr(coinmon, name) is found
            if isinstance(found, type) or isfunction(found):
                assert found.__module__ == f"coinmon.{home}"


def test_type_checkers_see_the_same_names():
    (block,) = [node for node in ast.parse(SOURCE.read_text("utf-8")).body if isinstance(node, ast.If)]
    seen: dict[str, set[str]] = {}
    for node in block.body:
        assert isinstance(node, ast.ImportFrom)
        for each in node.names:
            assert each.asname == each.name, "a plain import is not re-exported for type checkers"
            seen.setdefault(str(node.module).removeprefix("coinmon."), set()).add(each.name)
    assert seen == {home: set(names) for home, names in coinmon._HOMES.items()}


def test_a_name_that_is_not_there_is_no_attribute():
    with pytest.raises(AttributeError, match="'coinmon' has no attribute 'Barz'"):
        _ = coinmon.Barz
