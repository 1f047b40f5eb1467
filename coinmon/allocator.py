"""Memory: what a program that runs for weeks has to tell the C library and Python once."""

import gc
import sys

_SETTINGS = {
    -8: 1,  # M_ARENA_MAX
    -3: 256 * 1024,  # M_MMAP_THRESHOLD
    -1: 4 * 1024 * 1024,  # M_TRIM_THRESHOLD
}
"""Of glibc's malloc.h."""


def settle_memory() -> None:
    """Keep a long run's memory from growing by what is free; to be called before there are threads.

    glibc gives each thread a pool of its own and keeps there what is freed: work that falls to one thread now and to
    another then makes each pool as large as the largest job. And it learns to keep the room of large arrays for the
    next ones, where small objects that stay make holes of it. Here all threads share one pool, and what is large goes
    back to the system. Does nothing where the C library is another.
    """
    if sys.platform != "linux":
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for setting, value in _SETTINGS.items():
            mallopt(setting, value)


def leave_alone() -> None:
    """Have Python's collector of cycles go through what is here by now never again: what a scan keeps stays.

    Going through all pairs' minutes every few cycles takes a tenth of each.
    """
    gc.collect()
    gc.freeze()
