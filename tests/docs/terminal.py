"""A terminal for commands that draw on one: what it shows, and keys that are typed once something is shown."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Timer

from rich.cells import cell_len

COLUMNS, ROWS = 120, 24
TIMEOUT_S = 200.0
LOOK_S = 0.2
"""Between two looks at the screen."""
_CODES = re.compile(
    r"\x1b\[([0-9;?<>=$]*)([A-Za-z])|\x1b[\](P].*?(?:\x07|\x1b\\)|\x1b.|([\r\n])|([^\x1b\r\n]+)", re.DOTALL
)


def on_terminal(
    command: list[str], cwd: Path, environ: Mapping[str, str], *, until: Callable[[str], bool], key: str
) -> tuple[int, str]:
    """Run a command that ends when `key` is typed, which is done once `until` says so of the screen.

    Returns its exit code and the screen of that moment.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environ = {**environ, "TERM": "xterm-256color"}
    process = subprocess.Popen(
        command, cwd=cwd, env=environ, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    raw, shown, looked = b"", "", 0.0
    # a command that hangs ends here, and its test says what it had drawn
    watch = Timer(TIMEOUT_S, process.kill)
    watch.start()
    try:
        while True:
            if select.select([ours], [], [], LOOK_S)[0]:
                try:
                    raw += os.read(ours, 1 << 16)
                except OSError:  # its other end is closed
                    break
            if shown or time.monotonic() - looked < LOOK_S:
                continue
            looked = time.monotonic()
            if until(now := drawn(raw.decode("utf-8", "ignore"))):
                shown = now
                os.write(ours, key.encode())
    finally:
        watch.cancel()
        os.close(ours)
        if not shown:
            process.kill()
        process.wait()
    return process.returncode, shown or drawn(raw.decode("utf-8", "ignore"))


def drawn(raw: str) -> str:
    """The screen after these bytes: text where the cursor was moved to; colours are left out."""
    screen = [[" "] * COLUMNS for _ in range(ROWS)]
    row = column = 0
    # the end of a code may not have been read yet
    for numbers, code, line_end, text in _CODES.findall(re.sub(r"\x1b[^A-Za-z\x1b]*$", "", raw)):
        if line_end:
            row, column = (row, 0) if line_end == "\r" else (min(row + 1, ROWS - 1), column)
        elif code == "H":
            row, column = (int(each or 1) - 1 for each in [*numbers.split(";"), "1"][:2])
        elif code == "J":
            screen = [[" "] * COLUMNS for _ in range(ROWS)]
        elif code == "K":
            screen[row][column:] = [" "] * (COLUMNS - column)
        for character in text:
            wide = cell_len(character)
            if wide and row < ROWS and column < COLUMNS:
                screen[row][column : column + wide] = [character] + [""] * (wide - 1)
                column += wide
    return "\n".join("".join(cells).rstrip() for cells in screen)
