"""Several scanners on one database: each follows its share of the pairs, all venues of a pair together."""

import re
import zlib
from dataclasses import dataclass

from coinmon.model.instrument import Pair


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `number` (from 1) of `of`. A pair's part depends on its name alone, so all scanners agree on it."""

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """`2/4`. Raises ValueError with what was expected."""
        match = re.fullmatch(r"\s*(\d{1,4})\s*/\s*(\d{1,4})\s*", text)
        if match and 1 <= int(match[1]) <= int(match[2]):
            return cls(int(match[1]), int(match[2]))
        raise ValueError(f"{text!r} is not a shard; write i/n with i from 1 to n, such as 1/4")

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def has(self, pair: Pair | str) -> bool:
        return zlib.crc32(str(pair).encode()) % self.of == self.number - 1


WHOLE = Shard()
"""All pairs: one scanner."""
