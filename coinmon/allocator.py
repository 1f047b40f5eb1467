"""The C library's memory: what a program that runs for weeks has to tell it once."""

import sys

_ARENA_MAX = -8
"""M_ARENA_MAX of glibc's malloc.h."""


def share_one_arena() -> None:
    """Let all threads allocate from one pool; to be called before there are several.

    glibc gives each thread a pool of its own and keeps there what is freed. Work that falls to one thread now and to
    another then makes each pool as large as the largest job: tens of megabytes over minutes. Does nothing where the C
    library is another.
    """
    if sys.platform != "linux":
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)
