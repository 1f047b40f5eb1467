"""Answers that fit an assistant's context: lists are cut, said to be, and can be read on."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

BYTES_PER_TOKEN = 4
_SECONDS = 1_000_000
"""A cursor is the moment of the answer in whole seconds, times this, plus the offset: exact in a JavaScript number."""
_RESERVE = 400
"""Bytes kept for what cutting adds: `truncated` and `cursor`."""

Path = tuple[str, ...]


def cursor_of(moment: int, offset: int) -> int:
    """moment: ms UTC, of which the whole seconds count."""
    return moment // 1000 * _SECONDS + offset


def moment_and_offset(cursor: int) -> tuple[int, int]:
    return cursor // _SECONDS * 1000, cursor % _SECONDS


def fit(
    answer: dict[str, Any], moment: int, offset: int, max_tokens: int, max_rows: int | None = None
) -> dict[str, Any]:
    """The answer with its longest lists cut until it fits; the longest of all begins at `offset`.

    max_rows: of that one.
    """
    limit = max_tokens * BYTES_PER_TOKEN
    answer = {**answer, "truncated": [], "cursor": None}
    if offset == 0 and max_rows is None and _size(answer) <= limit:
        return answer
    cuts: list[dict[str, Any]] = []
    while True:
        lists = {path: each for path, each in _lists(answer, ()) if len(each) > 1 or not cuts}
        if not lists:
            break
        path = max(lists, key=lambda each: _size(lists[each]))
        rows = lists[path]
        first = min(offset, len(rows)) if not cuts else 0
        room = limit - _RESERVE - (_size(answer) - _size(rows))
        kept = _fitting(rows[first:] if cuts else rows[first:][:max_rows], room)
        if first == 0 and kept == len(rows):
            break
        answer = _replaced(answer, path, rows[first : first + kept])
        cuts.append({"path": ".".join(path), "first": first, "shown": kept, "total": len(rows)})
        if _size(answer) + _RESERVE <= limit:
            break
    answer["truncated"] = cuts
    if cuts and cuts[0]["first"] + cuts[0]["shown"] < cuts[0]["total"]:
        answer["cursor"] = cursor_of(moment, cuts[0]["first"] + cuts[0]["shown"])
    return answer


def _size(value: Any) -> int:
    return len(orjson.dumps(value))


def _fitting(rows: list[Any], room: int) -> int:
    """How many rows fit; at least one, so that reading on gets somewhere."""
    used, kept = 2, 0
    for row in rows:
        used += _size(row) + 1
        if used > room and kept:
            break
        kept += 1
        if used > room:
            break
    return kept


def _lists(value: Any, path: Path) -> Iterator[tuple[Path, list[Any]]]:
    """Lists of rows, outermost first; what is inside a row goes with the row."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            if not path and key in ("truncated", "cursor"):
                continue
            yield from _lists(each, (*path, str(key)))
    elif isinstance(value, list) and value:
        yield path, value


def _replaced(value: Any, path: Path, rows: list[Any]) -> Any:
    if not path:
        return rows
    return {key: _replaced(each, path[1:], rows) if str(key) == path[0] else each for key, each in value.items()}
