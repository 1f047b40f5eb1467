"""No circle of imports, short files, one meaning a name; venues and indicators are named where they belong."""

import ast
import statistics
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from .test_rules import CORE, ROOT, SOURCES, module, name

MODULES = {module(path): path for path in SOURCES}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


MEDIAN_LINES, MOST_LINES_OF_90_PERCENT = 95, 200

NEEDS_A_UNIT = {
    "AGE", "BACKOFF", "DEADLINE", "DELAY", "EVERY", "IDLE", "INTERVAL", "LIFETIME", "ONCE", "PATIENCE", "PAUSE",
    "PAUSES", "PERIOD", "REST", "TIMEOUT", "TTL", "WAIT", "WITHIN",
}  # fmt: skip
"""Last words of a constant after which nobody knows whether 5 is seconds, minutes or times."""

PRIVATE_WORDS = {"held", "told", "heard", "asked", "got", "said", "untold", "manner", "straddle", "settled", "chosen"}
"""Words that were once names of files and types here, and that only their author understood."""

NAMES_COINBASE = {
    "plugins/coinmon_emulator/emulate.py",
    "plugins/coinmon_emulator/scenario/load.py",
    "plugins/coinmon_emulator/scenario/plan.py",
    "plugins/coinmon_emulator/scenario/signal_plan.py",
    "plugins/coinmon_emulator/server/faults.py",
    "plugins/coinmon_exchanges/ccxt_generic/venue.py",
    "plugins/coinmon_signals/flow/long_trap.py",
    "plugins/coinmon_signals/flow/us_accumulation.py",
    "plugins/coinmon_signals/flow/us_premium.py",
}
"""Files outside its two folders that name that venue: as data: the signals' settings, the scenarios, ccxt's own ids."""


def imports(path: Path) -> Iterator[str]:
    """The modules of ours that are imported when this one is: not in functions, not for types alone."""
    waiting: list[ast.AST] = [tree(path)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{each.name}" for each in node.names]
            yield from (each if each in MODULES else node.module for each in inner)
        waiting += ast.iter_child_nodes(node)


def test_no_circle_of_imports():
    graph = {each: {other for other in imports(path) if other in MODULES} - {each} for each, path in MODULES.items()}
    assert sum(map(len, graph.values())) > 500, "the imports were not read"
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {' -> '.join(error.args[1])}")


def test_most_files_are_short():
    lines = sorted(len(path.read_text("utf-8").splitlines()) for path in SOURCES)
    assert statistics.median(lines) <= MEDIAN_LINES
    assert lines[int(0.9 * len(lines))] < MOST_LINES_OF_90_PERCENT


def test_the_name_of_a_type_means_one_thing():
    places = defaultdict(set)
    for path in SOURCES:
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].add(name(path))
    several = {each: files for each, files in places.items() if len(files) > 1}
    assert not several


SAME_SETTING = {"BinSetting", "Mode", "Timeframe", "Zone"}
"""What a setting may be, of which a plugin or a tool says more in words than another."""


def test_the_name_of_a_type_that_is_made_of_others_stands_for_the_same_everywhere():
    meant = defaultdict(set)
    for path in SOURCES:
        for node in tree(path).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                called, value = node.targets[0].id, node.value
                is_type = called[:1].isupper() and not called.isupper() and isinstance(value, ast.Subscript | ast.BinOp)
                if is_type:
                    meant[called].add(ast.unparse(value).replace("npt.NDArray", "NDArray"))
    assert len(meant) > 50
    assert not {each: types for each, types in meant.items() if len(types) > 1 and each not in SAME_SETTING}


def constants(path: Path) -> Iterator[tuple[str, ast.expr]]:
    """Names of a module in capitals, each with what it is set to."""
    for node in tree(path).body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                both = isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
                pairs = zip(target.elts, node.value.elts, strict=False) if both else [(target, node.value)]
                yield from ((to.id, value) for to, value in pairs if isinstance(to, ast.Name) and to.id.isupper())


def is_number(value: ast.expr) -> bool:
    """A number, or a product of numbers and constants."""
    if isinstance(value, ast.BinOp):
        return is_number(value.left) and is_number(value.right)
    return isinstance(value, ast.Name) or (isinstance(value, ast.Constant) and isinstance(value.value, int | float))


def test_a_constant_says_its_unit():
    numbers = [(name(path), each) for path in SOURCES for each, value in constants(path) if is_number(value)]
    assert len(numbers) > 300, "the constants were not read"
    assert not [(path, each) for path, each in numbers if each.rpartition("_")[2] in NEEDS_A_UNIT]


def test_files_and_types_are_named_in_words_of_the_field():
    files = {name(path): path.stem.strip("_") for path in SOURCES}
    types = {
        f"{name(path)}:{node.name}": node.name
        for path in SOURCES
        for node in tree(path).body
        if isinstance(node, ast.ClassDef)
    }
    assert not {where for where, each in {**files, **types}.items() if each.lower() in PRIVATE_WORDS}


def test_a_venue_is_named_in_its_own_folders():
    files = {name(path) for path in SOURCES if path not in CORE and "coinbase" not in path.parts}
    naming = {each for each in files if "coinbase" in (ROOT / each).read_text("utf-8").lower()}
    assert not naming - NAMES_COINBASE


def test_the_core_asks_no_indicator_and_no_signal_by_name():
    """It asks a question (`coinmon/plugin/hookspecs.py`); only the forms of new plugins name one."""
    registered = {
        node.args[0].value
        for path in SOURCES
        if {"coinmon_indicators", "coinmon_signals"} & set(path.parts)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "register"
        and isinstance(node.args[0], ast.Constant)
    }
    assert {"consensus", "net_flow", "whale"} <= registered
    found = defaultdict(set)
    for path in CORE:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
                (".of", "results.get", "drawn", "compute")
            ):
                asked = {each.value for each in node.args if isinstance(each, ast.Constant)}
                if asked & registered:
                    found[name(path)] |= asked & registered
    assert not found
