"""One file of a recording: gzip that is flushed as it grows, packed tighter once it is finished."""

import io
import lzma
import os
import shutil
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from coinmon.record.columns_file import write_columns

_GZIP_LEVEL = 1
"""While the hour lasts; a higher one costs three times as much for a quarter less, and the finished file is packed."""
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_XZ_PRESET = 0
"""Two thirds of gzip's size at about the same cost; higher ones cost ten times as much for a fifth less."""
_IN_COLUMNS = ("trades-",)
"""Files of many short lines that are alike: as columns they take half of what xz makes of them, and less."""
_FREE_NAMES = 100


class PartFile:
    """Takes lines; after each `write` all that was written before can be read, whatever happens to the process."""

    def __init__(self, folder: Path, part: str, at: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.hour = at // 3_600_000
        self.lines = 0
        self.plain_bytes = 0
        self.path, self._file = _created(folder, part, at)
        self._packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)

    @property
    def packed_bytes(self) -> int:
        return self._file.tell()

    def write(self, lines: list[bytes]) -> None:
        """Raises OSError where nothing can be written; the file is of no further use then."""
        data = b"".join(lines)
        self.lines += len(lines)
        self.plain_bytes += len(data)
        self._file.write(self._packer.compress(data) + self._packer.flush(zlib.Z_SYNC_FLUSH))
        self._file.flush()

    def close(self) -> Path:
        try:
            self._file.write(self._packer.flush())
        finally:
            self._file.close()
        return self.path

    def abandon(self) -> None:
        """After a failed write: what came through before it stays readable."""
        with suppress(OSError):
            self._file.close()


def _created(folder: Path, part: str, at: int) -> tuple[Path, io.BufferedWriter]:
    """A new file of the moment's name; a second later where there is one of that name already."""
    for later in range(_FREE_NAMES):
        moment = datetime.fromtimestamp(at // 1000 + later, UTC)
        path = folder / f"{part}-{moment:%Y%m%dT%H%M%SZ}.jsonl.gz"
        if any(path.with_suffix(packed).exists() for packed in (".xz", ".columns")):
            continue
        try:
            return path, path.open("xb")
        except FileExistsError:
            continue
    raise FileExistsError(f"{folder}: {_FREE_NAMES} files of {part} begin at this moment already")


def pack(path: Path, until: float = float("inf")) -> Path:
    """A finished file in columns, or as xz, in its place; it is never without one that is whole.

    until: by the monotonic clock; who is not ready by then leaves the file as it is and raises OSError.
    """
    in_columns = path.name.startswith(_IN_COLUMNS)
    packed = path.with_suffix(".columns" if in_columns else ".xz")
    part = packed.with_name(packed.name + ".part")
    try:
        with part.open("wb") as target:
            if in_columns:
                write_columns(target, _plain(path, until))
            else:
                with lzma.open(target, "wb", preset=_XZ_PRESET) as xz:
                    for piece in _plain(path, until):
                        xz.write(piece)
            target.flush()
            os.fsync(target.fileno())
        part.replace(packed)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    with suppress(OSError):
        shutil.copystat(path, packed)
        path.unlink()
    return packed


def _plain(path: Path, until: float) -> Iterator[bytes]:
    unpack = zlib.decompressobj(_GZIP_WINDOW)
    with path.open("rb") as source:
        while piece := source.read(1 << 18):
            if monotonic() > until:
                raise TimeoutError("no time was left to pack it")
            yield unpack.decompress(piece)
        yield unpack.flush()
