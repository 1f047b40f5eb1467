"""Files that are written whole or not at all: a full disk leaves what was there before."""

import os
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, data: bytes, mode: int | None = None) -> None:
    """Write, or raise OSError; what is no file (/dev/stdout, a pipe) is written into, not replaced.

    mode: of the file, where it is to be another than that of files that are made.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    # the file that a link means
    target = path.resolve()
    partial = target.with_name(f".{target.name}.partial")
    try:
        made = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666 if mode is None else mode)
        with open(made, "wb") as file:
            file.write(data)
        partial.replace(target)
    except OSError:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
