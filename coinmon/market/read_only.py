"""Arrays that several plugins look at, and none may change."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin

import numpy as np

Given = TypeVar("Given")


def read_only(value: Given) -> Given:
    """The same value; numpy refuses to write to any array in it (dataclasses, lists, tuples and mappings included)."""
    _close(value)
    return value


def _close(value: Any) -> None:
    kind: Any = type(value)
    if kind in _PLAIN:
        return
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    elif isinstance(value, list | tuple):
        if not all(map(_holds_none, set(map(type, value)))):
            for each in value:
                _close(each)
    elif isinstance(value, Mapping):
        for each in value.values():
            _close(each)
    else:
        for name in _names(kind):
            each = getattr(value, name, None)
            if type(each) is np.ndarray:
                each.setflags(write=False)
            else:
                _close(each)


_PLAIN = frozenset((int, float, str, bool, bytes, type(None)))
"""Types that hold no array; most of what is looked at is of one of them."""
_SAMPLES = "coinmon.model."
"""Modules whose types hold what they say: a day of samples is thousands of the same few that hold no array."""


@cache
def _names(kind: Any) -> tuple[str, ...]:
    """The fields of a dataclass."""
    return tuple(each.name for each in fields(kind)) if is_dataclass(kind) else ()


@cache
def _holds_none(hint: Any) -> bool:
    """Whether a value of that type surely holds no array."""
    if hint in _PLAIN or hint is Ellipsis:
        return True
    if isinstance(hint, UnionType) or get_origin(hint) in (list, tuple):
        return all(map(_holds_none, get_args(hint)))
    if is_dataclass(hint) and getattr(hint, "__module__", "").startswith(_SAMPLES):
        types: list[Any] = [each.type for each in fields(hint)]
        return all(map(_holds_none, types))
    return False
