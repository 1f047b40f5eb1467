"""A file of a recording in columns: blocks of lines, each of which can be read without the others.

python -m coinmon.record.columns_file FILE...     writes the lines to the standard output
"""

import lzma
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from coinmon.record.line_columns import packed, unpacked

MAGIC = b"coinmon-columns 1\n"
_BLOCK_BYTES = 8_000_000
"""Of lines; what is held at a time is some five times as much."""
_HEAD_BYTES = 5
_LINES, _COLUMNS = b"\0", b"\1"


def write_columns(target: IO[bytes], pieces: Iterable[bytes]) -> None:
    """pieces: a file of lines, cut anywhere."""
    target.write(MAGIC)
    left: list[bytes] = []
    size = 0
    for piece in pieces:
        left.append(piece)
        size += len(piece)
        if size >= _BLOCK_BYTES:
            whole, _, rest = b"".join(left).rpartition(b"\n")
            if whole:
                _write_block(target, whole + b"\n")
            left, size = [rest], len(rest)
    if rest := b"".join(left):
        _write_block(target, rest)


def _write_block(target: IO[bytes], text: bytes) -> None:
    """In columns where they give the lines back byte for byte, which is tried; else as it is, by xz."""
    kind, body = _LINES, b""
    if text.endswith(b"\n"):
        lines = text[:-1].split(b"\n")
        try:
            body = packed(lines)
            kind = _COLUMNS if unpacked(body) == lines else _LINES
        except (ValueError, UnicodeError, OverflowError):
            kind = _LINES
    if kind == _LINES:
        body = lzma.compress(text)
    target.write(kind + len(body).to_bytes(_HEAD_BYTES - 1, "little") + body)


def read_columns(path: Path) -> Iterator[bytes]:
    """The text of the file, block by block, as far as it is there. Raises ValueError for another kind of file."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise ValueError(f"{path} is no file of columns of a recording")
        while len(head := file.read(_HEAD_BYTES)) == _HEAD_BYTES:
            size = int.from_bytes(head[1:], "little")
            body = file.read(size)
            if len(body) < size:
                return
            yield b"\n".join([*unpacked(body), b""]) if head[:1] == _COLUMNS else lzma.decompress(body)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        for text in read_columns(Path(name)):
            sys.stdout.buffer.write(text)
