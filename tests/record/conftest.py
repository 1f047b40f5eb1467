"""Reading a recording by its description alone (docs/recording.md), without the code that writes it but for columns."""

import lzma
import zlib

import pytest

from coinmon.record.columns_file import read_columns


def _plain(path):
    raw = path.read_bytes()
    if path.suffix == ".columns":
        return b"".join(read_columns(path))
    if path.suffix == ".xz":
        return lzma.decompress(raw)
    found, left = b"", raw
    unpack = zlib.decompressobj(31)
    # the end of the gzip stream may be missing: the recorder was killed
    found += unpack.decompress(left)
    return found


@pytest.fixture(scope="session")
def lines_of():
    """The lines of the newest file of a part, oldest first, each as bytes."""

    def read(folder, part):
        return _plain(sorted(folder.glob(f"{part}-*"))[-1]).splitlines()

    return read
