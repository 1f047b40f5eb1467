"""Answers that fit an assistant's context: lists are cut, said to be, and can be read on."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

BYTES_PER_TOKEN = 4
_SECONDS = 1_000_000
"""A cursor is the moment of the answer in whole seconds, times this, plus the offset: exact in a JavaScript number."""
_RESERVE_BYTES = 400
"""Bytes kept for what cutting adds: `truncated` and `cursor`."""

Path = tuple[str, ...]


def cursor_of(moment: int, offset: int, *, forward: bool = True) -> int:
    """moment: ms UTC, of which the whole seconds count. forward: rows after those shown, else the ones before them."""
    return (moment // 1000 * _SECONDS + offset) * 2 + (not forward)


def moment_and_offset(cursor: int) -> tuple[int, int, bool]:
    """Moment, rows that were shown, and whether to go forward in time."""
    at = cursor // 2
    return at // _SECONDS * 1000, at % _SECONDS, cursor % 2 == 0


def fit(
    answer: dict[str, Any],
    moment: int,
    offset: int,
    max_tokens: int,
    max_rows: int | None = None,
    *,
    forward: bool = False,
) -> dict[str, Any]:
    """The answer with its longest lists cut to one size until it fits, the longest of all after `offset` rows.

    Of a list in the order of time the newest rows stay, and reading on goes back in time; with `forward` that is the
    other way for the longest. Other lists keep their first rows. max_rows: of the longest.
    """
    limit = max_tokens * BYTES_PER_TOKEN
    answer = {**answer, "truncated": [], "cursor": None}
    if offset == 0 and max_rows is None and _size(answer) <= limit:
        return answer
    lists = dict(_lists(answer, ()))
    if not lists:
        return answer
    longest = max(lists, key=lambda each: _size(lists[each]))
    from_end = {path: in_order_of_time(rows) and not (forward and path == longest) for path, rows in lists.items()}
    wanted = {path: list(range(len(rows)))[:: -1 if from_end[path] else 1] for path, rows in lists.items()}
    wanted[longest] = wanted[longest][offset:][:max_rows]
    room = limit - _RESERVE_BYTES - (_size(answer) - sum(map(_size, lists.values())))
    while True:
        shown = _shown(lists, wanted, room)
        fitted = answer
        for path, numbers in shown.items():
            fitted = _replaced(fitted, path, [lists[path][each] for each in sorted(numbers)])
        over = _size(fitted) + _RESERVE_BYTES - limit
        # of each list a row stays, however long it is: the others have so much less
        if over <= 0 or all(len(each) <= 1 for each in shown.values()):
            break
        room -= over
    cuts = [path for path in lists if len(shown[path]) < len(lists[path])]
    for path in sorted(cuts, key=lambda each: each != longest):
        skipped, kept, total = offset if path == longest else 0, len(shown[path]), len(lists[path])
        first = max(0, total - skipped - kept) if from_end[path] else min(skipped, total)
        fitted["truncated"].append({"path": ".".join(path), "first": first, "shown": kept, "total": total})
    if offset + len(shown[longest]) < len(lists[longest]):
        fitted["cursor"] = cursor_of(moment, offset + len(shown[longest]), forward=not from_end[longest])
    return fitted


def _shown(lists: Mapping[Path, list[Any]], wanted: Mapping[Path, list[int]], room: int) -> dict[Path, list[int]]:
    """Of each list the numbers of the most wanted rows that fit into its share of the room."""
    rows = {path: [lists[path][each] for each in numbers] for path, numbers in wanted.items()}
    share = _share([_size(each) for each in rows.values()], room)
    return {
        path: numbers if _size(rows[path]) <= share else numbers[: _fitting(rows[path], share)]
        for path, numbers in wanted.items()
    }


def _share(sizes: list[int], room: int) -> int:
    """How long each list may be so that all fit: those that are shorter leave the others what they do not need."""
    for left, size in zip(range(len(sizes), 0, -1), sorted(sizes), strict=True):
        if size * left > room:
            return room // left
        room -= size
    return max(sizes) + room


def in_order_of_time(rows: list[Any]) -> bool:
    """Whether the oldest come first."""
    if len(rows) < 2:
        return False
    first, last = _time_of(rows[0]), _time_of(rows[-1])
    return first is not None and last is not None and first < last


def _time_of(row: Any) -> str | None:
    """A row's time, ISO 8601, where it has one."""
    if isinstance(row, Mapping):
        row = row.get("time") or row.get("start")
    elif isinstance(row, list) and row:
        row = row[0]
    else:
        return None
    return row if isinstance(row, str) and row[:4].isdigit() and row.endswith("Z") else None


def folded(value: Any) -> Any:
    """The answer with each run of rows of which nothing is known as its first row, with `candles` and `until`."""
    if isinstance(value, Mapping):
        return {key: folded(each) for key, each in value.items()}
    if not isinstance(value, list) or len(value) < 2 or not in_order_of_time(value):
        return value
    rows: list[Any] = []
    for row in value:
        if _unknown(row) and rows and _unknown(rows[-1]):
            rows[-1] = {**rows[-1], "candles": rows[-1].get("candles", 1) + 1, "until": row["time"]}
        else:
            rows.append(row)
    return rows


def _unknown(row: Any) -> bool:
    """Whether a row says nothing but when it is."""
    if not isinstance(row, Mapping) or "time" not in row:
        return False
    said = [each for key, each in row.items() if key not in ("time", "candles", "until")]
    return said.count(None) > 1 and all(each in (None, False, 0, "missing") for each in said)


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
