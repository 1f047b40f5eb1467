"""The workers of a run are forked from one process that has imported and collected all that they will run.

To import what tests need and the tests themselves takes five seconds of a core in each of four workers, and more where
no bytecode may be kept. Here one process does it, and each worker collects again what is in memory. It runs no test.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

if __name__ == "__main__":
    # what lies beside this file is no module of its own
    del sys.path[0]
sys.path.append(str(Path(__file__).parents[1]))

from tests.forked import become, import_all, served

START_TIMEOUT_S = 90


def fork_workers(config: pytest.Config, specs: list[Any]) -> None:
    """Let xdist's workers be forked; where that cannot be, or a test cannot be collected, they are started as ever."""
    if not hasattr(os, "pidfd_open") or not all(spec.popen and not spec.python for spec in specs):
        return
    folder = Path(tempfile.mkdtemp(prefix="workers-"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    place = folder / "template"
    command = [sys.executable, str(Path(__file__)), str(place), str(os.getpid()), *config.args]
    with (folder / "log").open("w") as log:
        # a Ctrl-C is for the workers; it ends with its owner, and imports from where that one does
        template = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            cwd=config.invocation_params.dir, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
    config.add_cleanup(lambda: (template.terminate(), template.wait()))
    until = time.monotonic() + START_TIMEOUT_S
    while not place.exists():
        if template.poll() is not None or time.monotonic() > until:
            return
        time.sleep(0.02)
    forward = [sys.executable, "-I", "-S", str(Path(__file__).with_name("forward.py")), str(place)]
    for spec in specs:
        spec.python = shlex.join(forward)


class _Forgotten:
    """What was not imported to its end, since something is not installed, is imported by each worker anew."""

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.passed or not report.fspath:
            return
        path = Path(report.fspath).resolve()
        for name, module in list(sys.modules.items()):
            file = Path(getattr(module, "__file__", None) or "/")
            if path == file or path in file.parents:
                del sys.modules[name]


def _main() -> None:
    import gc

    place, owner, *paths = sys.argv[1:]
    options = ["--collect-only", "-qq", "-n", "0", "-p", "no:cacheprovider", "-p", "no:faulthandler"]
    if pytest.main([*options, *paths], plugins=[_Forgotten()]) != pytest.ExitCode.OK:
        sys.exit(1)
    # after pytest's own, whose plugins' asserts are rewritten where they are imported
    import_all()
    gc.collect()
    gc.freeze()
    found = served(Path(place), int(owner))
    if found is not None:
        asked, streams = found
        become(asked, streams)
        # as `python -u -c CODE`, whose main module has no file that a process started by spawning would run again
        sys.argv = ["-c"]
        sys.modules["__main__"] = ModuleType("__main__")
        exec(asked["arguments"][-1], sys.modules["__main__"].__dict__)


if __name__ == "__main__":
    _main()
