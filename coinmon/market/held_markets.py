"""Markets that were asked for lately, with the bars and results that their views hold: a bound in bytes."""

import sys
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel

from coinmon.market.market import Market

_SAMPLED = 16
"""Of a long list so many elements are looked at, and stand for all."""


class HeldMarkets:
    """The newest ones, of which the arrays and results take `most_bytes` together; not safe between threads.

    What a market holds grows while it is asked: `trim` looks again. One that is dropped serves on whoever has it.
    """

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most, self._most_bytes = most, most_bytes
        # the one used longest ago first
        self._markets: dict[Hashable, Market] = {}

    def of(self, key: Hashable, make: Callable[[], Market]) -> Market:
        """The one that is held, or a new one."""
        found = self._markets.pop(key, None)
        if found is None:
            found = make()
        self._markets[key] = found
        self.trim()
        return found

    def trim(self) -> None:
        """Drop those used longest ago, the newest too where it alone is too large."""
        sizes = {key: bytes_of(market.held) for key, market in self._markets.items()}
        while len(sizes) > self._most or sum(sizes.values()) > self._most_bytes:
            del sizes[first := next(iter(sizes))]
            del self._markets[first]

    def clear(self) -> None:
        self._markets.clear()

    @property
    def bytes(self) -> int:
        """What they hold together."""
        return sum(bytes_of(market.held) for market in self._markets.values())


def bytes_of(value: Any) -> int:
    """Bytes of the arrays, texts and records in it; what several parts share counts once."""
    return _size(value, set())


def _size(value: Any, seen: set[int]) -> int:
    if id(value) in seen:
        return 0
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        # a slice keeps the whole alive
        return _size(value.base, seen) if isinstance(value.base, np.ndarray) else value.nbytes
    own = sys.getsizeof(value)
    if isinstance(value, Mapping):
        return own + _sum([*value.keys(), *value.values()], seen)
    if isinstance(value, list | tuple | set | frozenset):
        return own + _sum(list(value), seen)
    if isinstance(value, BaseModel):
        return own + _sum(list(value.__dict__.values()), seen)
    if is_dataclass(value) and not isinstance(value, type):
        return own + _sum([getattr(value, each.name, None) for each in fields(value)], seen)
    return own


def _sum(values: list[Any], seen: set[int]) -> int:
    if len(values) <= 4 * _SAMPLED:
        return sum(_size(each, seen) for each in values)
    looked_at: Iterable[Any] = values[:: len(values) // _SAMPLED]
    sizes = [_size(each, seen) for each in looked_at]
    return len(values) * sum(sizes) // len(sizes)
