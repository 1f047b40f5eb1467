"""Long texts in parts that a robot takes: whole lines, counted in bytes, each part with its number and id."""

import json
from collections.abc import Callable
from itertools import accumulate

_CUT = "…… (内容过长, 已截断 / cut)"


def plain_size(text: str) -> int:
    """Bytes of UTF-8."""
    return len(text.encode())


def json_size(text: str) -> int:
    """Bytes of UTF-8 inside a JSON string."""
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2


def split(text: str, limit: int, tail: str, size: Callable[[str], int] = plain_size, most: int = 3) -> list[str]:
    """Parts of at most `limit` bytes that end with `tail`, and ` (2/3)` where there are several.

    size: of a text, in bytes as they are limited; it adds up. A line that has no room in a part of its own is cut
    between two characters. What is over after `most` parts is left out, and the last part says so.
    """
    room = limit - size(f"\n\n{tail} (99/99)")
    if size(text) <= room:
        return [f"{text}\n\n{tail}"]
    parts: list[str] = []
    part: list[str] = []
    used, newline = 0, size("\n")
    for line in _lines(text, room, size):
        if part and used + newline + size(line) > room:
            parts.append("\n".join(part).strip("\n "))
            part, used = [], 0
        used += size(line) + (newline if part else 0)
        part.append(line)
    parts.append("\n".join(part).strip("\n "))
    parts = [each for each in parts if each]
    if len(parts) > most:
        room -= size(f"\n{_CUT}")
        last = parts[most - 1]
        while size(last) > room:
            shorter = last.rpartition("\n")[0].rstrip()
            last = shorter if shorter else _begin(last, room, size)
        parts = [*parts[: most - 1], f"{last}\n{_CUT}"]
    return [f"{each}\n\n{tail} ({number}/{len(parts)})" for number, each in enumerate(parts, 1)]


def _lines(text: str, room: int, size: Callable[[str], int]) -> list[str]:
    """The lines, those that are longer than a whole part in pieces."""
    lines = []
    for line in text.split("\n"):
        while size(line) > room:
            piece = _begin(line, room, size)
            lines.append(piece)
            line = line[len(piece) :]
        lines.append(line)
    return lines


def _begin(line: str, room: int, size: Callable[[str], int]) -> str:
    """As many of a line's characters as there is room for, at least one."""
    # no character is shorter than a byte
    start = line[:room]
    fits = sum(total <= room for total in accumulate(map(size, start)))
    return line[: max(1, fits)]
