"""What several plugins are given, none of them can change."""

import copy
import json
import pickle
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import pytest
from pydantic import TypeAdapter

from coinmon.market.frozen import FrozenDict, FrozenList, FrozenSet
from coinmon.market.read_only import holds_none, read_only
from coinmon.model.bars import Bars
from coinmon.model.book import Depth, Near, Picture
from coinmon.model.derivatives import Funding, Liquidation, OpenInterest, WhaleTrade
from coinmon.model.levels import Levels


@dataclass
class Made:
    """As a plugin's author writes one, whose annotations are no promise."""

    figure: float
    rows: Any


def test_no_array_can_be_written_to_wherever_it_is():
    arrays = [np.zeros(3) for _ in range(5)]
    a, b, c, d, e = arrays
    read_only([1.0, (a, "x"), {"b": b}, [Made(c, [d])], Made(1.0, {"e": (e,)})])  # type: ignore[arg-type]
    for each in arrays:
        with pytest.raises(ValueError, match="read-only"):
            each[0] = 1.0
    rows = read_only([Bars.missing(Decimal(1), np.arange(2))])[0]
    assert not rows.close.flags.writeable
    assert not rows.levels.start.flags.writeable


def test_types_that_are_passed_over_hold_no_array():
    for kind in (Depth, Near, OpenInterest, Funding, WhaleTrade, Liquidation):
        assert holds_none(kind), kind
    for kind in (Bars, Levels, Picture, Made, np.ndarray, list):
        assert not holds_none(kind), kind


def test_what_is_frozen_is_in_all_else_what_it_was():
    plain = {"rows": [3, 1, [2]], "more": {"x": None}}
    frozen = read_only(plain)
    assert (type(frozen), type(frozen["rows"]), type(frozen["more"])) == (FrozenDict, FrozenList, FrozenDict)
    assert frozen == plain == json.loads(json.dumps(frozen)) == msgspec.json.decode(msgspec.json.encode(frozen))
    assert TypeAdapter(dict[str, Any]).dump_json(frozen) == TypeAdapter(dict[str, Any]).dump_json(plain)
    assert pickle.loads(pickle.dumps(frozen)) == plain
    assert type(pickle.loads(pickle.dumps(frozen))["rows"]) is FrozenList
    assert plain["rows"] is not frozen["rows"]
    assert isinstance(frozen["rows"], list)
    assert read_only({1, 2}) == {1, 2}
    assert read_only(frozen) is frozen
    with pytest.raises(TypeError, match=r"this list is shared with other plugins .* change a copy, list\(...\)"):
        frozen["rows"].sort()


@pytest.mark.parametrize("kind", [FrozenList, FrozenDict, FrozenSet])
def test_every_way_to_change_is_closed_and_every_copy_is_open(kind):
    """Whatever Python's own kind has that changes it: a new one of a later Python is found here."""
    plain = kind.__mro__[1]
    full = kind({"a": 1} if plain is dict else ["a"])
    for name in dir(plain):
        given = {"insert": (0, "b"), "__setitem__": ("a" if plain is dict else 0, "b"), "update": ({"b": 2},)}
        if name in ("__init__", "__new__", "__init_subclass__", "__class__", "__setattr__", "__delattr__"):
            continue
        tries = (given.get(name, ()), ("a",), (0,), (["c"],), (plain(full),), ({"c"},), ({"c": 1},))
        for arguments in tries:
            try:
                getattr(full, name)(*arguments)
            except Exception:
                continue
        assert full == plain(full) == (plain({"a": 1}) if plain is dict else plain(["a"])), name
    for made in (full.copy(), copy.copy(full), copy.deepcopy(full), plain(full)):
        assert type(made) is plain
        made.clear()
    assert len(full) == 1


def test_lists_in_an_array_of_objects_are_closed_too():
    held = np.empty((1, 2), object)
    held[0, 0], held[0, 1] = [1], {"a": 1}
    closed = read_only(held)
    assert closed.shape == (1, 2)
    with pytest.raises(TypeError):
        closed[0, 0].append(2)
    with pytest.raises(ValueError, match="WRITEABLE"):
        closed.setflags(write=True)
