"""Bulk answers: many entries of which one may be odd."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from coinmon.exchange import DecodeError

Entry = TypeVar("Entry")
Read = TypeVar("Read")


def each_readable(entries: Iterable[Entry], read: Callable[[Entry], Read]) -> list[Read]:
    """What can be read of a bulk answer: an odd entry (new, pre-market and settling contracts have them) costs itself.

    Where no entry can be read the answer is of another format: raises what the last one raised.
    """
    found: list[Read] = []
    failed: Exception | None = None
    for entry in entries:
        try:
            found.append(read(entry))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError, DecodeError) as error:
            failed = error
    if failed is not None and not found:
        raise failed
    return found


def by_name(entries: Iterable[Any], field: str) -> dict[str, Any]:
    """Entries by the text in one of their fields."""

    def named(entry: Any) -> tuple[str, Any]:
        name = entry[field]
        if not isinstance(name, str):
            raise TypeError(f"{field} is not text")
        return name, entry

    return dict(each_readable(entries, named))
