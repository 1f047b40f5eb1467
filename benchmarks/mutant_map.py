"""Which test runs which line: the half of mutants.py that runs all tests once."""

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAP = ROOT / "data" / "mutants"
"""Which test runs which line, and how long each takes."""
TESTS = (
    "model", "store", "notify", "collect", "exchanges", "outputs", "stream", "backfill", "evaluate", "signals", "field",
    "scan", "record", "config", "plugins",
)  # fmt: skip
"""Folders of tests that run these lines in their own process, which is where it can be seen."""
_DURATION = re.compile(r"([\d.]+)s (?:call|setup|teardown) +(\S.*)")
PYTEST = ("-q", "-n", "0", "-p", "no:cacheprovider", "-o", "addopts=--import-mode=importlib --strict-markers")

_OF_PROCESSES = """
import os

import coverage


def pytest_configure():
    # from now on: the tests' own process has its coverage already
    os.environ["COVERAGE_PROCESS_START"] = {settings!r}
    os.environ.pop("COVERAGE_FILE", None)


class OfTest(coverage.CoveragePlugin):
    def dynamic_context(self, frame):
        if frame.f_code.co_name in ("run_module", "_run_module_as_main"):
            return os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0] or None


def coverage_init(registry, options):
    registry.add_dynamic_context(OfTest())
"""
"""What a process that a test starts is to know: under which test its lines are written down, unless it is killed."""


def draw_map(folders):
    """Run the tests once, each line with the tests that run it; which tests fail is kept too."""
    processes = MAP / "processes"
    processes.mkdir(parents=True, exist_ok=True)
    settings, theirs = MAP / "coveragerc", processes / "coveragerc"
    settings.write_text(f"[run]\nsource =\n  {ROOT}/coinmon\n  {ROOT}/plugins\n", "utf-8")
    theirs.write_text(
        f"{settings.read_text('utf-8')}plugins = of_processes\nparallel = true\nsigterm = true\n"
        f"data_file = {processes}/lines\n", "utf-8",
    )  # fmt: skip
    (processes / "of_processes.py").write_text(_OF_PROCESSES.format(settings=str(theirs)), "utf-8")
    search = os.pathsep.join(filter(None, (str(processes), os.environ.get("PYTHONPATH"))))
    around = os.environ | {"PYTHONPATH": search}
    for folder in folders:
        name, began = folder.replace("/", "-"), time.monotonic()
        command = [
            sys.executable, "-m", "pytest", *PYTEST, "-p", "pytest_cov", "-p", "of_processes", "--cov",
            f"--cov-config={settings}", "--cov-context=test", "--cov-report=", "--timeout=400", "--durations=0",
            "--durations-min=0.0", f"tests/{folder}", "--deselect=tests/store/test_refusals.py",
        ]  # fmt: skip
        # (those give up root's rights, without which lines cannot be written down)
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, check=False, text=True,
            env=around | {"COVERAGE_FILE": str(MAP / f"{name}.lines")},
        )  # fmt: skip
        (MAP / f"{name}.log").write_text(done.stdout, "utf-8")
        if parts := [str(each) for each in processes.glob("lines.*")]:
            together = [f"--rcfile={theirs}", f"--data-file={MAP}/{name}.processes.lines", "-q", *parts]
            subprocess.run([sys.executable, "-m", "coverage", "combine", *together], cwd=ROOT, env=around, check=False)
        print(f"{folder}: {time.monotonic() - began:.0f} s, {done.stdout.splitlines()[-1]}", flush=True)


def function(test):
    """A test without its parameters: these may be numbers that a mutant changes."""
    return test.split("[")[0]


class LineMap:
    """Which tests run a line."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        fails: set[str] = set()
        for log in MAP.glob("*.log"):
            for line in log.read_text("utf-8").splitlines():
                if took := _DURATION.match(line):
                    self.seconds[function(took[2])] += float(took[1])
                elif line.startswith(("FAILED ", "ERROR ")):
                    fails.add(function(line.split(" ", 1)[1].split(" - ")[0]))
        self._by_file: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
        for lines in MAP.glob("*.lines"):
            with sqlite3.connect(lines) as data:
                for path, context, bits in data.execute(
                    "SELECT path, context, numbits FROM line_bits JOIN file ON file.id = file_id "
                    "JOIN context ON context.id = context_id WHERE context != ''"
                ):
                    if (test := function(context.split("|")[0])) not in fails:
                        self._by_file[path].append((test, bits))

    def tests(self, path, lines):
        """The tests that run one of the lines: those of the same subject, then others, each with the quickest first.

        What an import runs (no line is given) was run before any test: those that run the file, then those that run
        anything beside it, since a table or a constant is used by others.
        """
        near, file, beside = set(), set(), set()
        folder, subject = str(ROOT.joinpath(*path.parts[:2])), path.parts[1].removeprefix("coinmon_")

        def place(test):
            return test.split("/")[1] != subject, self.seconds[test], test

        for each, found in self._by_file.items():
            if each == str(ROOT / path):
                for test, bits in found:
                    file.add(test)
                    if any(line // 8 < len(bits) and bits[line // 8] >> line % 8 & 1 for line in lines):
                        near.add(test)
            elif not lines and each.startswith(folder):
                beside.update(test for test, _ in found)
        return sorted(near or file, key=place) + sorted(beside - file, key=place)
