"""Threads that come and go leave no pools of memory behind, and what a scan keeps is not searched for garbage."""

import asyncio
import gc
import re
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from coinmon.clock import Clock
from coinmon.config.load import load_config
from coinmon.run import monitor
from coinmon.store.database import open_database
from coinmon.supervise import Supervisor

_PROGRAM = """
import ctypes, sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from coinmon.allocator import settle_memory

if sys.argv[1] == "shared":
    settle_memory()
threads = 4
together = Barrier(threads)

def work(_):
    together.wait()
    return bytearray(4096)

with ThreadPoolExecutor(threads) as pool:
    held = list(pool.map(work, range(threads)))
libc = ctypes.CDLL(None)
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's pools are glibc's")
def test_threads_share_one_pool():
    def pools(how):
        found = subprocess.run([sys.executable, "-c", _PROGRAM, how], capture_output=True, text=True, timeout=30)
        if "malloc_info" in found.stderr:
            pytest.skip("the C library is not glibc")
        assert found.returncode == 0, found.stderr
        return len(re.findall("<heap nr=", found.stdout))

    assert pools("as it comes") > 1
    assert pools("shared") == 1


def test_what_is_there_after_the_first_cycle_is_not_gone_through_again(tmp_path, monkeypatch):
    config = load_config(None, overrides={"db": f"sqlite:///{tmp_path}/coinmon.db", "interval": "5s"}, environ={})
    database = open_database(config.db)
    stop, left_alone, found = asyncio.Event(), [], []

    async def nothing(*_): ...

    async def cycle():
        left_alone.append(gc.get_freeze_count())
        found.append([[] for _ in range(10_000)])
        if len(left_alone) == 3:
            stop.set()

    scan = SimpleNamespace(supervisor=Supervisor(), outbox=SimpleNamespace(start=lambda: None), cycle=cycle)
    scan.sample_derivatives = scan.sample_books = nothing
    monkeypatch.setattr(monitor, "renewed_records", nothing)
    with monitor.alone(database, config) as lease:
        asyncio.run(
            monitor.keep_scanning(
                config, Clock(1_700_000_000_000, round(time.time() * 1000), 25.0), scan, database, stop, lease
            )
        )
    database.close()
    first, second, third = left_alone
    assert first + 10_000 <= second
    assert third < second + 5_000
