"""The lines of a recording's files (docs/recording.md): connections, frames, answers, each with its moment."""

from __future__ import annotations

import gzip
import lzma
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from coinmon.record.columns_file import read_columns

_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_BLOCK_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class TapeLine:
    """One line. at: ms UTC by the recorder's clock.

    what: `source`, `frame`, `sent`, `closed` or `answer`. source: its number in this file. raw: a frame or a body, byte
    for byte; None: no answer came. value: what the line says as JSON: a source's fields, a frame, what is told of an
    answer, the reason of a close.
    """

    at: int
    what: str
    source: int
    raw: bytes | None
    value: Any


def files_of(folder: Path, part: str) -> list[Path]:
    """The files of a part, oldest first; where an hour is there packed and unpacked, the unpacked one."""
    found: dict[str, Path] = {}
    for path in sorted(folder.glob(f"{part}-*.jsonl.*"), key=lambda path: path.suffix == ".gz"):
        if path.suffix in (".xz", ".columns", ".gz"):
            found[path.name.partition(".")[0]] = path
    return [found[name] for name in sorted(found)]


def lines_of(path: Path) -> Iterator[TapeLine]:
    """What can be read of a file: the end of a killed recorder's may be missing; a line that is none is passed over."""
    for line in _whole_lines(path):
        try:
            read = _read(line)
        except (ValueError, KeyError, TypeError, IndexError):
            continue
        yield read


def _whole_lines(path: Path) -> Iterator[bytes]:
    left = b""
    for block in _unpacked(path):
        *lines, left = (left + block).split(b"\n")
        yield from (line for line in lines if line)


def _unpacked(path: Path) -> Iterator[bytes]:
    try:
        if path.suffix == ".columns":
            yield from read_columns(path)
            return
        if path.suffix == ".xz":
            with lzma.open(path, "rb") as packed:
                while block := packed.read(_BLOCK_BYTES):
                    yield block
            return
        unpack = zlib.decompressobj(_GZIP_WINDOW)
        with path.open("rb") as file:
            while raw := file.read(_BLOCK_BYTES):
                yield unpack.decompress(raw)
    except (lzma.LZMAError, EOFError, zlib.error, gzip.BadGzipFile, ValueError):
        return


def _read(line: bytes) -> TapeLine:
    value = orjson.loads(line)
    if isinstance(value, dict):
        return TapeLine(int(value["at"]), "source", int(value["source"]), None, value)
    at, source, said, *rest = value
    head = line.index(b",", line.index(b",") + 1) + 1
    if rest and isinstance(rest[0], dict):
        raw = None if said is None else _text(said, line[head : line.rindex(b',{"query":')])
        return TapeLine(int(at), "answer", int(source), raw, rest[0])
    mark = str(rest[0]) if rest else ""
    if mark == "closed":
        return TapeLine(int(at), "closed", int(source), None, said)
    if mark.endswith("sent"):
        return TapeLine(int(at), "sent", int(source), None, said)
    return TapeLine(int(at), "frame", int(source), _text(said, line[head:-1] if not rest else b""), said)


def _text(said: Any, raw: bytes) -> bytes:
    return said.encode() if isinstance(said, str) else raw
