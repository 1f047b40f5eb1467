"""Bulk answers: many entries of which one may be odd."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from coinmon.exchange import DecodeError

ODD = KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError
"""What reading a row of another shape raises."""
Entry = TypeVar("Entry")
Read = TypeVar("Read")


def each_readable(entries: Iterable[Entry], read: Callable[[Entry], Read]) -> list[Read]:
    """What can be read of a bulk answer: an odd entry (new, pre-market and settling contracts have them) costs itself.

    Where no entry can be read the answer is of another format: raises what the last one raised.
    """
    found: list[Read] = []
    failed: Exception | None = None
    check_is_list(entries)
    for entry in entries:
        try:
            found.append(read(entry))
        except (*ODD, DecodeError) as error:
            failed = error
    if failed is not None and not found:
        raise failed
    return found


def without_odd(rows: Sequence[Any], read: Callable[[Sequence[Any]], Read]) -> Read:
    """A page as columns; what is no row of it is left out, and a page of nothing else raises what it raised.

    Of ids that run on, and of volumes that the venue tells, the hole shows. A price off the grid is no odd row.
    """
    check_is_list(rows)
    try:
        return read(rows)
    except ODD:
        kept = [row for row in rows if _is_readable(row, read)]
        if not kept:
            raise
        return read(kept)


def check_is_list(rows: Iterable[Any]) -> None:
    """Raises TypeError for an object or a text: an empty one would say that there is nothing."""
    if isinstance(rows, Mapping | str):
        raise TypeError(f"{type(rows).__name__} in place of a list")


def _is_readable(row: Any, read: Callable[[Sequence[Any]], Any]) -> bool:
    with suppress(*ODD):
        read([row])
        return True
    return False


def by_name(entries: Iterable[Any], field: str) -> dict[str, Any]:
    """Entries by the text in one of their fields."""

    def named(entry: Any) -> tuple[str, Any]:
        name = entry[field]
        if not isinstance(name, str):
            raise TypeError(f"{field} is not text")
        return name, entry

    return dict(each_readable(entries, named))
