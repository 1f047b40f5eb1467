"""What several plugins look at, and none may change: arrays, lists, dictionaries, records of them."""

from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import fields, is_dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from types import MappingProxyType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

import numpy as np
from pydantic import BaseModel

from coinmon.market.frozen import FrozenDict, FrozenList, FrozenSet

Given = TypeVar("Given")
_Kind = TypeVar("_Kind", bound=type)


def read_only(value: Given) -> Given:
    """The same value, closed: numpy refuses to write to any array in it, lists, dictionaries and sets are frozen.

    What is in records (dataclasses, models) is closed in them; lists and the like are copied on the way.
    """
    closed: Given = _Closing().of(value)
    return closed


class Shared(NamedTuple):
    """A value that many ask for. is_open: parts of it cannot be closed: models and dataclasses that are not frozen."""

    value: Any
    is_open: bool

    @classmethod
    def of(cls, value: Any) -> "Shared":
        closing = _Closing(own=True)
        return cls(closing.of(value), closing.is_open)

    def given(self) -> Any:
        """To one who asks: a copy of his own where he could change it."""
        return deepcopy(self.value) if self.is_open else self.value


def set_once(kind: _Kind) -> _Kind:
    """A class whose public attributes stay as they were set first: plugins share its objects."""

    def __setattr__(self: Any, name: str, value: Any) -> None:
        if name in self.__dict__ and not name.startswith("_"):
            raise AttributeError(
                f"{name} of a {kind.__name__} is shared with others: dataclasses.replace makes another"
            )
        object.__setattr__(self, name, value)

    kind.__setattr__ = __setattr__  # type: ignore[method-assign, assignment]
    _SET_ONCE.add(kind)
    return kind


class _Closing:
    """is_open: something was met that can be changed all the same. own: nobody has what its arrays are parts of."""

    def __init__(self, own: bool = False) -> None:
        self.is_open, self._own = False, own

    def of(self, value: Any) -> Any:
        kind = type(value)
        if kind in _PLAIN:
            return value
        if isinstance(value, np.ndarray):
            return self._array(value)
        if kind is list:
            return FrozenList(self._each(value))
        if kind is tuple:
            return tuple(self._each(value))
        if kind is dict:
            return FrozenDict(zip(value, self._each(value.values()), strict=True))
        if kind is set:
            return FrozenSet(value)
        if isinstance(value, BaseModel):
            self._model(value, kind)
        elif is_dataclass(kind) and kind not in _SET_ONCE:
            self._record(value, kind)
        elif isinstance(value, list | tuple | Mapping | set | bytearray) and kind not in _FROZEN:
            # kinds of others stay what they are
            self._each(value.values() if isinstance(value, Mapping) else value)
            self.is_open |= not isinstance(value, tuple)
        return value

    def _each(self, values: Collection[Any]) -> Collection[Any]:
        return values if all(map(holds_none, set(map(type, values)))) else [self.of(each) for each in values]

    def _array(self, array: Any) -> Any:
        if array.dtype.hasobject and array.dtype.names is None:
            closed = np.empty(array.size, object)
            for place, each in enumerate(array.flat):
                closed[place] = self.of(each)
            closed.setflags(write=False)
            array = closed.reshape(array.shape)
        elif self._own and isinstance(array.base, np.ndarray) and array.base.flags.writeable:
            # a part of one that its maker may fill again
            array = array.copy()
        array.setflags(write=False)
        # one that has its memory from another cannot be opened again
        return array if array.base is not None else array.view()

    def _model(self, value: BaseModel, kind: type[BaseModel]) -> None:
        self.is_open |= not kind.model_config.get("frozen", False)
        for name in _names(kind):
            if name in value.__dict__:
                value.__dict__[name] = self.of(value.__dict__[name])
        for name, each in (value.__pydantic_extra__ or {}).items():
            value.__pydantic_extra__[name] = self.of(each)  # type: ignore[index]

    def _record(self, value: Any, kind: Any) -> None:
        self.is_open |= not kind.__dataclass_params__.frozen
        for name in _names(kind):
            held = getattr(value, name, None)
            closed = self.of(held)
            if closed is not held:
                object.__setattr__(value, name, closed)


_PLAIN = frozenset((int, float, str, bool, bytes, type(None)))
"""Types that hold nothing that can be changed; most of what is looked at is of one of them."""
_FROZEN = frozenset((FrozenDict, FrozenList, FrozenSet, MappingProxyType))
_SET_ONCE: set[type] = set()
_UNCHANGING = date, timedelta, Decimal, Enum, str, int, float
_SAMPLES = "coinmon.model."
"""Modules whose types hold what they say: a day of samples is thousands of the same few that hold no array."""


@cache
def _names(kind: Any) -> tuple[str, ...]:
    """The fields of a dataclass, and those of a model that may hold something that can be changed."""
    if issubclass(kind, BaseModel):
        return tuple(name for name, each in kind.model_fields.items() if not holds_none(each.annotation))
    return tuple(each.name for each in fields(kind))


@cache
def holds_none(hint: Any) -> bool:
    """Whether a value of that type surely holds nothing that can be changed."""
    if hint in _PLAIN or hint is Ellipsis:
        return True
    origin = get_origin(hint)
    if origin is Literal:
        return True
    if origin is Annotated:
        return holds_none(get_args(hint)[0])
    if isinstance(hint, UnionType) or origin in (tuple, Union):
        return all(map(holds_none, get_args(hint)))
    if not isinstance(hint, type) or origin is not None:
        return False
    if issubclass(hint, _UNCHANGING):
        return True
    if issubclass(hint, BaseModel):
        return bool(hint.model_config.get("frozen")) and not _names(hint) and not hint.model_config.get("extra")
    if is_dataclass(hint) and getattr(hint, "__module__", "").startswith(_SAMPLES):
        types: list[Any] = [each.type for each in fields(hint)]
        return hint.__dataclass_params__.frozen and all(map(holds_none, types))  # type: ignore[attr-defined]
    return False
