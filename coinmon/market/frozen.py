"""Lists, dictionaries and sets that several plugins see and none can change; in all else they are what they were.

Who wants one of his own makes it: `list(x)`, `sorted(x)`, `x.copy()`, `{**x}`.
"""

from copy import deepcopy
from typing import Any, NoReturn, TypeVar

_T = TypeVar("_T")
_K = TypeVar("_K")
_V = TypeVar("_V")


def _refuse(self: Any, *_given: Any, **_named: Any) -> NoReturn:
    kind = type(self).__mro__[1].__name__
    raise TypeError(f"this {kind} is shared with other plugins and cannot be changed: change a copy, {kind}(...)")


class FrozenList(list[_T]):
    """To JSON, comparisons, `isinstance` and whoever reads it a list."""

    __slots__ = ()

    def __copy__(self) -> list[_T]:
        return list(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> list[_T]:
        return [deepcopy(each, memo) for each in self]

    def __reduce__(self) -> Any:
        return FrozenList, (list(self),)


class FrozenDict(dict[_K, _V]):
    """To JSON, comparisons, `isinstance` and whoever reads it a dict."""

    __slots__ = ()

    def __copy__(self) -> dict[_K, _V]:
        return dict(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[_K, _V]:
        return {deepcopy(name, memo): deepcopy(each, memo) for name, each in self.items()}

    def __reduce__(self) -> Any:
        return FrozenDict, (dict(self),)


class FrozenSet(set[_T]):
    """To comparisons, `isinstance` and whoever reads it a set."""

    __slots__ = ()

    def copy(self) -> set[_T]:
        return set(self)

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> set[_T]:
        return {deepcopy(each, memo) for each in self}

    def __reduce__(self) -> Any:
        return FrozenSet, (set(self),)

    def __repr__(self) -> str:
        return repr(set(self))


_CHANGES = {
    FrozenList: (
        "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort", "__delitem__", "__iadd__",
        "__imul__", "__setitem__",
    ),
    FrozenDict: ("clear", "pop", "popitem", "setdefault", "update", "__delitem__", "__ior__", "__setitem__"),
    FrozenSet: (
        "add", "clear", "difference_update", "discard", "intersection_update", "pop", "remove",
        "symmetric_difference_update", "update", "__iand__", "__ior__", "__isub__", "__ixor__",
    ),
}  # fmt: skip
for _kind, _names in _CHANGES.items():
    for _name in _names:
        setattr(_kind, _name, _refuse)
