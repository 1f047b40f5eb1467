"""Standard output and standard error, written by a thread of their own: a terminal that is stopped (Ctrl-S), a remote
one that hangs, or a pipe that nobody reads takes no more, and a scan must not wait for it."""

import atexit
import os
import stat
from collections import deque
from collections.abc import Callable
from functools import partial
from threading import Condition, Thread
from typing import TextIO

MAX_WAITING_BYTES = 16 << 20
"""Of lines, kept for a reader who takes nothing; what comes later is left out."""
MAX_WAITING_FRAMES_BYTES = 256 << 10
"""The same for pictures of a table: a terminal that goes on shows the newest at once."""
MAX_WAIT_AT_END_S = 3.0
"""How long the end of a scan waits for a reader who takes nothing."""


class BackgroundStream:
    """What is said to it from any thread is written in its order, and nobody waits.

    to: its bytes go to its file descriptor. most_bytes: kept for a reader who takes nothing. gone: called once, in the
    writing thread, when nothing can be written any more: the reader has left (BrokenPipeError), the terminal is closed,
    the disk is full. `error` tells which.
    """

    def __init__(
        self, to: TextIO, gone: Callable[[], None] = lambda: None, most_bytes: int = MAX_WAITING_BYTES
    ) -> None:
        self.error: OSError | None = None
        self.left_out = 0
        """Pieces that nobody took, ever."""
        self._to, self._gone, self._most_bytes = to, gone, most_bytes
        self._file = to.fileno()
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._changed = Condition()
        Thread(target=self._run, name=f"writes to {to.name}", daemon=True).start()
        # of what was said just before a program ended
        atexit.register(self.close)

    def write(self, text: str | bytes) -> int:
        data = text if isinstance(text, bytes) else text.encode(self._to.encoding, "replace")
        with self._changed:
            if self.error is not None or self._bytes + len(data) > self._most_bytes:
                self.left_out += 1
            else:
                self._waiting.append(data)
                self._bytes += len(data)
                self._changed.notify_all()
        return len(text)

    def flush(self) -> None:
        """It is written as soon as it can be."""

    def isatty(self) -> bool:
        return self._to.isatty()

    def fileno(self) -> int:
        return self._file

    @property
    def is_empty(self) -> bool:
        """Whether all was written that was not left out."""
        return not self._bytes

    @property
    def encoding(self) -> str:
        return self._to.encoding

    def close(self, patience_s: float = MAX_WAIT_AT_END_S) -> None:
        """Wait until everything is written, or until nothing was taken for that long; more may be said later."""
        with self._changed:
            while self._bytes and self.error is None:
                before = self._bytes
                self._changed.wait_for(partial(self._has_moved, before), patience_s)
                if self._bytes == before:
                    break

    def _has_moved(self, before: int) -> bool:
        return self._bytes != before or self.error is not None

    def stop(self) -> None:
        """The log's library calls it when the log ends."""
        self.close()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                data = self._waiting.popleft()
            try:
                self._write(data)
            except OSError as error:
                with self._changed:
                    self.error = error
                    self._changed.notify_all()
                self._gone()
                return

    def _write(self, data: bytes) -> None:
        """Past Python's own buffer, whose lock a thread that hangs would hold when the interpreter ends."""
        while data:
            taken = os.write(self._file, data)
            data = data[taken:]
            with self._changed:
                self._bytes -= taken
                self._changed.notify_all()


def may_hang(stream: TextIO) -> bool:
    """Whether it is a terminal, a pipe or a socket; a file takes what it is given."""
    try:
        return not stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):
        # none of the operating system's: a test's, or a notebook's
        return False


def in_background(stream: TextIO) -> "BackgroundStream | TextIO":
    """The stream, for a program that goes on for long: where its reader may hang, written in the background."""
    return BackgroundStream(stream) if may_hang(stream) else stream
