"""Upgrades a database again and again, each time in a process of its own that ends by SIGKILL on the way.

For each number on standard input, `killed` or `done` on standard output: the process ended at that place, or came
to its end. What takes long to import is imported once, before the processes begin.
"""

import itertools
import os
import signal
import sys

import alembic.command  # noqa: F401
from sqlalchemy import Engine, event

from coinmon.store.database import open_database

CHANGES = ("ALTER", "CREATE", "DELETE", "DROP", "INSERT", "UPDATE")


def upgrade(url: str, last: int) -> None:
    """Open as each command does; SIGKILL at the `last` of these, counted from 1: before the first change of each step,
    before its version is written, and before the commit."""
    numbers = itertools.count(1)
    begins = True

    def count(*_: object) -> None:
        if next(numbers) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def executes(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        nonlocal begins
        if statement.lstrip().startswith(CHANGES):
            writes_version = "alembic_version" in statement
            if begins or writes_version:
                count()
            begins = writes_version

    event.listen(Engine, "before_cursor_execute", executes)
    event.listen(Engine, "commit", count)
    open_database(url).close()


if __name__ == "__main__":
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                upgrade(sys.argv[1], int(line))
                code = 0
            finally:
                os._exit(code)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print({0: "done", -signal.SIGKILL: "killed"}.get(status, status), flush=True)  # noqa: T201
