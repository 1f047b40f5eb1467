"""Tasks in processes of their own: only the task whose process died is tried again."""

import multiprocessing
import os
import signal
import sys
import time
from contextlib import contextmanager
from functools import partial
from types import ModuleType

import pytest

from coinmon.errors import CoinmonError, NoDataError
from coinmon.processes import side_by_side

PATIENCE_S = 60.0

pytestmark = pytest.mark.usefixtures("forked_workers")


@contextmanager
def working(folder):
    """Each begin of a task leaves a file; `dies 2` is killed at its first two, `waits 4` ends after 4 were killed."""

    def work(task):
        kind, number = task.split()[:2]
        begun = len(list(folder.glob(f"{task}.*")))
        (folder / f"{task}.{begun}").touch()
        if kind == "dies" and begun < int(number):
            (folder / f"killed {task} {begun}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "raises":
            raise NoDataError(task)
        until = time.monotonic() + PATIENCE_S
        while kind == "waits" and len(list(folder.glob("killed *"))) < int(number):
            assert time.monotonic() < until
            time.sleep(0.005)
        return task.upper()

    yield work


def begins(folder, task):
    return len(list(folder.glob(f"{task}.*")))


def test_a_process_that_dies_costs_its_own_task_a_try_and_no_other(tmp_path):
    tasks = ["waits 4", "dies 2 a", "dies 2 b", "plain 0"]
    seen = []
    found = side_by_side(partial(working, tmp_path), tasks, 2, lambda *done: seen.append(done))
    assert found == [each.upper() for each in tasks]
    assert [begins(tmp_path, each) for each in tasks] == [1, 3, 3, 1]
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert multiprocessing.active_children() == []


def test_a_task_whose_process_always_dies_is_named_after_three_tries(tmp_path):
    with pytest.raises(CoinmonError, match="dies 9: its process was killed 3 times"):
        side_by_side(partial(working, tmp_path), ["waits 9", "dies 9"], 2)
    assert begins(tmp_path, "dies 9") == 3
    assert begins(tmp_path, "waits 9") <= 1
    assert multiprocessing.active_children() == []


def test_a_process_that_cannot_begin_was_not_killed(monkeypatch):
    """It imports what it is to do, which may be there for us alone."""
    here = ModuleType("only_here")
    exec("def begin():\n    raise NotImplementedError", here.__dict__)
    monkeypatch.setitem(sys.modules, "only_here", here)
    with pytest.raises(CoinmonError, match=r"a task: its process ended by itself \(exit 1, see above\) 3 times"):
        side_by_side(here.begin, ["a task"], 1)
    assert multiprocessing.active_children() == []


def test_what_a_task_raises_is_raised_here_with_where(tmp_path):
    with pytest.raises(NoDataError, match="raises 0") as caught:
        side_by_side(partial(working, tmp_path), ["raises 0"], 2)
    assert "in work" in "".join(caught.value.__notes__)
    assert multiprocessing.active_children() == []
