"""How the process itself is: what shows whether a monitor can run for weeks."""

import sys
from pathlib import Path


def memory() -> float | None:
    """Resident megabytes now; the most there ever were where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        try:
            import resource
        except ImportError:
            return None
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return round(most / (2**20 if sys.platform == "darwin" else 2**10), 1)
    import os

    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)
