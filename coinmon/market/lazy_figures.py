"""Columns of an indicator's figures, each computed when it is asked for: most rules ask for one or two of them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from coinmon.market.read_only import read_only


class LazyFigures:
    """By name; `groups`: makers of several that are worked out together."""

    def __init__(self, groups: Mapping[tuple[str, ...], Callable[[], Mapping[str, Any]]]) -> None:
        self._groups = {name: (names, make) for names, make in groups.items() for name in names}
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            names, make = self._groups[name]
            found = read_only(make())
            self._made |= {each: found[each] for each in names}
        return self._made[name]

    def get(self, name: str) -> Any:
        """None where there is none of that name."""
        return self[name] if name in self._groups else None

    def __len__(self) -> int:
        return len(self._groups)

    def items(self) -> Iterator[tuple[str, Any]]:
        for name in self._groups:
            yield name, self[name]
