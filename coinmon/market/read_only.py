"""Arrays that several plugins look at, and none may change."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import numpy as np

Given = TypeVar("Given")


def read_only(value: Given) -> Given:
    """The same value; numpy refuses to write to any array in it (dataclasses, lists, tuples and mappings included)."""
    _close(value)
    return value


def _close(value: Any) -> None:
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            _close(getattr(value, each.name, None))
    elif isinstance(value, list | tuple):
        for each in value:
            _close(each)
    elif isinstance(value, Mapping):
        for each in value.values():
            _close(each)
