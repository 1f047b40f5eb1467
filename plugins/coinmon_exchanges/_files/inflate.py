"""Zip, gzip and plain CSV files as blocks of complete lines, inflated in a thread of its own."""

import queue
import struct
import threading
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from coinmon.exchange import DecodeError

_READ_BYTES = 1 << 17
_MAX_PART_BYTES = 1 << 22
"""Bytes that one read may inflate to: a file made to explode is met with an even pace."""
_MAX_PARTS_AHEAD = 4
_LOCAL_HEADER_BYTES = 30
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def lines(path: Path) -> Iterator[bytes]:
    """Complete lines that are not empty; a last one without a line end gets one. Without a byte order mark.

    Raises DecodeError for a damaged file.
    """
    first = True
    for part in _complete(path):
        if first:
            part, first = part.removeprefix(_BYTE_ORDER_MARK), False
        if part[:1] in (b"\n", b"\r") or b"\n\n" in part or b"\n\r\n" in part:
            part = b"".join(line for line in part.splitlines(keepends=True) if line.strip())
        if part:
            yield part


def _complete(path: Path) -> Iterator[bytes]:
    rest = b""
    for part in _ahead(_contents(path)):
        cut = part.rfind(b"\n") + 1
        if cut:
            yield rest + part[:cut] if rest else part[:cut]
            rest = part[cut:]
        else:
            rest += part
            if len(rest) > _MAX_PART_BYTES:
                raise DecodeError(f"{path.name}: not a CSV: no line ends for {len(rest):,} bytes")
    if rest:
        yield rest + b"\n"


def _contents(path: Path) -> Iterator[bytes]:
    try:
        if path.name.endswith(".zip"):
            yield from _zip(path)
        elif path.name.endswith(".gz"):
            yield from _gzip(path)
        else:
            with path.open("rb") as file:
                while part := file.read(_READ_BYTES * 4):
                    yield part
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error) as error:
        raise DecodeError(f"{path.name}: truncated or damaged ({error})") from None
    except OSError as error:
        raise DecodeError(f"{path}: cannot be read: {error.strerror or error}") from None


def _zip(path: Path) -> Iterator[bytes]:
    """The one CSV in a zip. zipfile's own reader takes half as long again for the same bytes."""
    with zipfile.ZipFile(path) as archive:
        members = [each for each in archive.infolist() if each.filename.endswith(".csv")]
    if len(members) != 1:
        raise DecodeError(f"{path.name}: expected one CSV in the zip, found {len(members)}")
    member = members[0]
    stem = path.name.removesuffix(".zip")
    if stem not in _names(member):
        raise DecodeError(f"{path.name}: holds {member.filename}, expected {stem}.csv")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or member.flag_bits & 1:
        raise DecodeError(f"{path.name}: compressed in a way that is not known here")
    with path.open("rb") as file:
        file.seek(member.header_offset)
        header = file.read(_LOCAL_HEADER_BYTES)
        name, extra = struct.unpack("<HH", header[26:])
        file.seek(name + extra, 1)
        left, crc, size = member.compress_size, 0, 0
        inflater = zlib.decompressobj(-15) if member.compress_type == zipfile.ZIP_DEFLATED else None
        while left or (inflater and not inflater.eof):
            packed = file.read(min(_READ_BYTES, left))
            if not packed:
                raise EOFError("the file ends early")
            left -= len(packed)
            for part in _inflated(inflater, packed) if inflater else (packed,):
                crc, size = zlib.crc32(part, crc), size + len(part)
                yield part
    if crc != member.CRC or size != member.file_size:
        raise DecodeError(f"{path.name}: damaged: its contents do not have the zip's own checksum")


def _names(member: zipfile.ZipInfo) -> set[str]:
    """A member's name, read in both ways that there are: zips do not always say that theirs is UTF-8."""
    name = member.filename.removesuffix(".csv")
    try:
        return {name, name.encode("cp437").decode("utf-8")}
    except UnicodeError:
        return {name}


def _gzip(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        inflater = zlib.decompressobj(31)
        while packed := file.read(_READ_BYTES):
            while packed:
                yield from _inflated(inflater, packed)
                packed = inflater.unused_data
                if packed:
                    inflater = zlib.decompressobj(31)
        if not inflater.eof:
            raise EOFError("the file ends early")


def _inflated(inflater: "zlib._Decompress", packed: bytes) -> Iterator[bytes]:
    while packed and not inflater.eof:
        if part := inflater.decompress(packed, _MAX_PART_BYTES):
            yield part
        packed = inflater.unconsumed_tail


def _ahead(source: Iterator[bytes]) -> Iterator[bytes]:
    """The same items, made a few ahead in a thread (zlib lets other threads run)."""
    ready: queue.Queue[bytes | BaseException | None] = queue.Queue(_MAX_PARTS_AHEAD)
    given_up = threading.Event()

    def put(item: bytes | BaseException | None) -> None:
        while not given_up.is_set():
            try:
                ready.put(item, timeout=0.1)
                return
            except queue.Full:
                continue

    def work() -> None:
        try:
            for item in source:
                if given_up.is_set():
                    return
                put(item)
            put(None)
        except BaseException as error:
            put(error)

    thread = threading.Thread(target=work, name="inflate", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        given_up.set()
        thread.join()
