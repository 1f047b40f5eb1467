"""Threads that come and go leave no pools of memory behind."""

import re
import subprocess
import sys

import pytest

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
