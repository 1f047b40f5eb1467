"""Ids of one place in many lines as their bytes: 16 of each, but where it is that of the row before."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from coinmon.record.number_column import Grouping
from coinmon.record.packed_pieces import PackedPieces

_UUID_PARTS = [slice(*edges) for edges in pairwise((0, 8, 12, 16, 20, 32))]


def put_uuids(streams: PackedPieces, column: Sequence[bytes], grouping: Grouping) -> None:
    """Each where it is another than that of the row before it."""
    raw = np.frombuffer(bytes.fromhex(b"".join(column).replace(b"-", b"").decode()), np.uint8).reshape(-1, 16)
    ordered = raw[grouping.order]
    new = np.ones(len(ordered), bool)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    streams.put(np.packbits(new).tobytes())
    for plane in ordered[new].T:
        streams.put(plane.tobytes())


def take_uuids(streams: PackedPieces, count: int, grouping: Grouping) -> list[bytes]:
    new = np.unpackbits(np.frombuffer(streams.take(), np.uint8), count=count).astype(bool)
    told = np.stack([np.frombuffer(streams.take(), np.uint8) for _ in range(16)], axis=1)
    rows = np.empty((count, 16), np.uint8)
    rows[grouping.order] = told[np.cumsum(new) - 1]
    text = rows.tobytes().hex()
    found = (text[at : at + 32] for at in range(0, 32 * count, 32))
    return ["-".join(map(each.__getitem__, _UUID_PARTS)).encode() for each in found]
