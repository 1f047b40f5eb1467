"""Small changes to the code, one at a time: does a test notice?

Mutants are cosmic-ray's, drawn by a seed, as many of each folder. Each is tried, in a copy of the repository, on the
tests that run the changed line, wherever they are: those of its own subject first, and the quickest of them before
others. A mutant that no test notices is printed with its line: it wants a test, or a reason why it is the same.

Run (not in CI), first which test runs which line, then the mutants:

    pip install cosmic-ray pytest-cov
    python benchmarks/mutants.py map [FOLDER OR FILE OF TESTS]...
    python benchmarks/mutants.py try [--count 600] [--seed 1] [--folder model]... [--part 3/20]

`--part` tries a part of what is drawn, so that hours can be spent in pieces, or by two machines; `--again FILE` tries
what an earlier run printed, of the same code.
"""

import argparse
import ast
import gc
import importlib
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import suppress
from pathlib import Path
from types import FunctionType

import hypothesis  # noqa: F401  what is never changed is imported once, by the process that all others are forked from
import numpy as np  # noqa: F401
import orjson  # noqa: F401
import pydantic  # noqa: F401
import pytest
import sqlalchemy.orm  # noqa: F401
from mutant_draw import FOLDERS, again, drawn, mutated
from mutant_map import PYTEST, ROOT, TESTS, LineMap, draw_map

AT_FIRST_S, AT_MOST_S = 1.5, 40.0
"""How long the tests that are tried on one mutant take, together: the quickest ones first, and at most."""
END_AFTER_S = 200.0
"""A mutant whose tests have not ended by then is noticed: it runs for ever."""


def statement(tree, row):
    """Lines of the innermost statement of a line, without the body of a compound one; none of what an import runs."""
    around = [node for node in ast.walk(tree) if isinstance(node, ast.stmt) and node.lineno <= row <= node.end_lineno]
    if not around:
        return range(0)
    inner = max(around, key=lambda node: node.lineno)
    body = getattr(inner, "body", None)
    first, last = inner.lineno, max(inner.lineno, body[0].lineno - 1) if body else inner.end_lineno
    in_function = any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node is not inner for node in around)
    return range(first, last + 1) if in_function else range(0)


def code_of(source, name):
    """The code of each function, by its place in the text: outer ones before what is in them."""
    found, ahead = [], [compile(source, name, "exec")]
    while ahead:
        inner = [each for each in ahead.pop(0).co_consts if hasattr(each, "co_code")]
        found += inner
        ahead += inner
    return found


class InOrder:
    """Files in the order in which they are given."""

    def __init__(self, tests) -> None:
        files = dict.fromkeys(test.split("::")[0] for test in tests)
        self._place = {file: place for place, file in enumerate(files)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        items.sort(key=lambda item: self._place.get(item.nodeid.split("::")[0], 0))


class Copy:
    """A copy of the repository in which one file at a time is changed.

    Each mutant is tried in a process that is forked from this one, which has imported the copy as it was: where the
    body of a function is changed, the function gets it there; else everything of ours is imported anew.
    """

    def __init__(self, place, lines) -> None:
        self._place, self._lines = place, lines
        self._said, self._second = place.parent / "said.txt", 1_000_000_000
        shutil.copytree(ROOT, place, ignore=shutil.ignore_patterns(".venv", ".git", "__pycache__", "data"))
        shared = ROOT.parent / "shared"
        if shared.exists():
            (place.parent / "shared").symlink_to(shared.resolve())
        os.chdir(place)
        sys.path[:0] = [str(place), str(place / "plugins")]
        # processes that tests start see the change too
        os.environ["PYTHONPATH"] = os.pathsep.join(sys.path[:2])
        self._ours = importlib.import_module("tests.forked").OURS
        for each in (one for name in self._ours for one in importlib.import_module("tests.forked").modules_of(name)):
            with suppress(ImportError):
                importlib.import_module(each)
        self._functions = defaultdict(list)
        for each in gc.get_objects():
            if isinstance(each, FunctionType):
                its = each.__code__
                self._functions[its.co_filename, its.co_qualname, its.co_firstlineno].append(each)

    def notices(self, path, name, number, row, unchanged=False):
        """(name of the test or None, tests tried, changed lines); None for what is no mutant.

        unchanged: the same without the change.
        """
        before = (self._place / path).read_text("utf-8")
        if (change := mutated(before, name, number)) is None:
            return None
        if unchanged:
            return *self.tried(path, before, before, [row]), []
        return *self.tried(path, before, change[0], [row]), change[1]

    def tried(self, path, before, after, rows):
        """(name of the test that fails or None, tests tried) where a file is changed; rows: lines that were changed."""
        file, tests, seconds = self._place / path, ([], []), 0.0
        as_it_was, tree = file.stat(), ast.parse(before)
        lines = sorted({line for row in rows for line in statement(tree, row)})
        for test in self._lines.tests(path, lines):
            seconds += self._lines.seconds[test]
            if seconds > AT_MOST_S and tests[0]:
                break
            tests[seconds > AT_FIRST_S].append(test)
        file.write_text(after, "utf-8")
        # bytecode is known by its source's size and whole seconds: each mutant has a second of its own
        self._second += 1
        os.utime(file, (self._second, self._second))
        try:
            for some in filter(None, tests):
                if failed := self._fails(some, file, before, after if lines else None):
                    return failed, sum(map(len, tests))
            return None, sum(map(len, tests))
        finally:
            file.write_text(before, "utf-8")
            os.utime(file, ns=(as_it_was.st_atime_ns, as_it_was.st_mtime_ns))

    def _fails(self, tests, file, before, after):
        """The first test that fails."""
        if (child := os.fork()) == 0:
            os._exit(self._in_child(tests, file, before, after))
        deadline = time.monotonic() + END_AFTER_S
        while not (ended := os.waitpid(child, os.WNOHANG))[0]:
            if time.monotonic() > deadline:
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return "no end in time"
            time.sleep(0.01)
        if ended[1] == 0:
            return None
        failed = re.search(r"^(?:FAILED|ERROR) (\S+)", self._said.read_text("utf-8", "replace"), re.MULTILINE)
        return failed[1] if failed else f"status {ended[1]}"

    def _in_child(self, tests, file, before, after):
        os.setpgid(0, 0)
        said = os.open(self._said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 1)
        os.dup2(said, 2)
        if after is None or not self._put(str(file), before, after):
            for name in [each for each in sys.modules if each.partition(".")[0] in self._ours]:
                del sys.modules[name]
        return int(pytest.main(["-x", *PYTEST, "--timeout=60", *tests], plugins=[InOrder(tests)]))

    def _put(self, file, before, after):
        """Whether the functions that were imported have the changed bodies now."""
        then, now = code_of(before, file), code_of(after, file)
        places = Counter((each.co_qualname, each.co_firstlineno) for each in then)
        if [each.co_qualname for each in then] != [each.co_qualname for each in now]:
            return False
        put = False
        for old, new in zip(then, now, strict=True):
            if old == new:
                continue
            place = old.co_qualname, old.co_firstlineno
            if places[place] > 1:
                return False
            for function in self._functions[file, *place]:
                if function.__code__.co_freevars != new.co_freevars:
                    return False
                function.__code__, put = new, True
        return put


def try_all(chosen, unchanged):
    """Print each mutant that no test notices, and the share of each folder; unchanged: what is noticed all the same."""
    noticed, tried, began = defaultdict(int), defaultdict(int), time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        copy = Copy(Path(place) / "copy" / "coinmon", LineMap())
        for folder, path, name, number, row in chosen:
            if (found := copy.notices(path, name, number, row, unchanged)) is None:
                continue
            tried[folder] += 1
            test, count, lines = found
            noticed[folder] += test is not None
            if unchanged and test is not None:
                print(f"fails without a change: {test}", flush=True)
            if test is None and not unchanged:
                print(f"not noticed by {count} tests: {folder} {path} {name} {number} {row}")
                print("  " + "\n  ".join(lines), flush=True)
    for folder in tried:
        print(f"{folder}: {noticed[folder]} of {tried[folder]}")
    share = sum(noticed.values()) / max(1, sum(tried.values()))
    print(f"all: {share:.1%} of {sum(tried.values())} noticed, {time.monotonic() - began:.0f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("map").add_argument("tests", nargs="*", default=TESTS)
    trying = commands.add_parser("try")
    trying.add_argument("--count", type=int, default=600)
    trying.add_argument("--seed", type=int, default=1)
    trying.add_argument("--folder", action="append", choices=list(FOLDERS))
    trying.add_argument("--part", default="1/1", help="which of how many equal parts of what is drawn")
    trying.add_argument("--again", help="a file with what an earlier run printed")
    trying.add_argument("--unchanged", action="store_true", help="without the changes: nothing may be noticed")
    given = parser.parse_args()
    if given.command == "map":
        draw_map(given.tests)
    else:
        folders = given.folder or list(FOLDERS)
        chosen = again(given.again) if given.again else drawn(given.count, given.seed, folders, given.part)
        try_all(chosen, given.unchanged)


if __name__ == "__main__":
    main()
