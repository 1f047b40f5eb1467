"""What indicators came to on a view or a market, computed once."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from threading import RLock
from typing import Any

from coinmon.market.read_only import Shared

Compute = Callable[..., Any]
"""Runs the indicator of that name on a view or market, with its configured settings but for those given by keyword."""


class Results:
    """What indicators came to on one view or market: each is computed once, whoever and however many ask.

    None of them can change what the others get.
    """

    def __init__(self) -> None:
        self._found: dict[Hashable, Shared] = {}
        self._lock = RLock()

    @property
    def found(self) -> Sequence[Any]:
        """All of them."""
        return [each.value for each in list(self._found.values())]

    def of(self, subject: Any, compute: Compute | None, indicator: str, settings: Mapping[str, Any]) -> Any:
        key = (indicator, hashable(settings))
        with self._lock:
            if key not in self._found:
                if compute is None:
                    raise LookupError(f"no indicators are at hand to compute {indicator}")
                self._found[key] = Shared.of(compute(indicator, subject, **settings))
            return self._found[key].given()


def hashable(value: Any) -> Hashable:
    """Settings as a key: lists, sets and mappings are none by themselves."""
    if isinstance(value, Mapping):
        return tuple(sorted((str(name), hashable(each)) for name, each in value.items()))
    if isinstance(value, list | tuple):
        return tuple(map(hashable, value))
    if isinstance(value, set | frozenset):
        return frozenset(map(hashable, value))
    return value if isinstance(value, Hashable) else repr(value)
