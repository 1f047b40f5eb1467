"""Pieces of bytes one after another, each packed for itself, and what is said about them."""

import lzma
from collections.abc import Iterator
from typing import Any

import orjson

_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 4, "lc": 0, "lp": 0, "pb": 0, "dict_size": 1 << 20}]
"""Of bytes whose place in a word means nothing."""
_SIZE_BYTES = 4


class PackedPieces:
    """Written in one order, and read in the same."""

    def __init__(self, said: list[Any] | None = None, pieces: list[bytes] | None = None) -> None:
        self._said = said or []
        self._pieces = pieces or []
        self._heard: Iterator[Any] = iter(self._said)
        self._taken: Iterator[bytes] = iter(self._pieces)

    def say(self, what: Any) -> None:
        self._said.append(what)

    def hear(self) -> Any:
        return next(self._heard)

    def put(self, piece: bytes) -> None:
        self._pieces.append(piece)

    def take(self) -> bytes:
        return next(self._taken)

    def packed(self, about: dict[str, Any]) -> bytes:
        sizes, bodies = [], []
        for piece in self._pieces:
            smaller = _compressed(piece)
            # what is as good as random is as short as it is
            plain = len(smaller) >= len(piece)
            bodies.append(piece if plain else smaller)
            sizes.append(-len(piece) if plain else len(smaller))
        head = _compressed(orjson.dumps([about, self._said, sizes]))
        return b"".join([len(head).to_bytes(_SIZE_BYTES, "little"), head, *bodies])

    @classmethod
    def read(cls, data: bytes) -> "tuple[dict[str, Any], PackedPieces]":
        at = _SIZE_BYTES + int.from_bytes(data[:_SIZE_BYTES], "little")
        about, said, sizes = orjson.loads(_plain(data[_SIZE_BYTES:at]))
        pieces = []
        for size in sizes:
            body = data[at : at + abs(size)]
            pieces.append(body if size <= 0 else _plain(body))
            at += abs(size)
        return about, cls(said, pieces)


def _compressed(piece: bytes) -> bytes:
    return lzma.compress(piece, format=lzma.FORMAT_RAW, filters=_FILTERS)


def _plain(piece: bytes) -> bytes:
    return lzma.decompress(piece, format=lzma.FORMAT_RAW, filters=_FILTERS)
