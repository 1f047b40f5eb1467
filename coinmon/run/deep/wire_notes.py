"""What the venue's own answers say of its limits and of the shape of its lists."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import orjson

from coinmon.plugin.wire_tap import Channel
from coinmon.record.lines import told_headers

_PACE = (418, 429)
"""Statuses of an answer that says: too many requests."""
_NEARLY_ALL = 0.95
"""Share of a list's rows that have a field which then is expected of each row."""
_FEW_ROWS = 3
"""Shorter lists tell nothing of what their rows have in common."""
_NAMES = ("symbol", "instId", "product_id", "id", "name")
"""Fields that name a row, for the report."""
_NOT_LIMITS = ("Retry-After", "Date", "Content-Type")


class WireNotes:
    """A `WireTap` that keeps the headers about limits, counts refusals, and holds the bodies of lists for a while."""

    def __init__(self) -> None:
        self.limits: dict[str, str] = {}
        self.answers = 0
        self.paced: Counter[int] = Counter()
        self._bodies: list[bytes] | None = None

    def begin_listing(self) -> None:
        """From now on keep bodies, until `listing` takes them."""
        self._bodies = []

    def listing(self) -> list[bytes]:
        taken, self._bodies = self._bodies or [], None
        return taken

    def opened(self, channel: Channel, url: str) -> int:
        return 0

    def frame(self, connection: int, text: str) -> None: ...

    def sent(self, connection: int, text: str) -> None: ...

    def closed(self, connection: int, why: str) -> None: ...

    def answered(
        self, method: str, url: str, sent: str | None, took_ms: float, status: int, headers: Mapping[str, str],
        body: bytes,
    ) -> None:  # fmt: skip
        self.answers += 1
        if status in _PACE:
            self.paced[status] += 1
        self.limits.update({name: value for name, value in told_headers(headers).items() if name not in _NOT_LIMITS})
        if self._bodies is not None and status == 200:
            self._bodies.append(body)

    def unanswered(self, method: str, url: str, sent: str | None, took_ms: float, why: str) -> None: ...


def odd_rows(bodies: list[bytes]) -> tuple[int, list[str]]:
    """How many rows the lists have together, and in words each that is not like nearly all others of its list."""
    count, odd = 0, []
    for body in bodies:
        try:
            rows = _longest(orjson.loads(body))
        except orjson.JSONDecodeError:
            odd.append("an answer that is no JSON")
            continue
        if len(rows) < _FEW_ROWS:
            continue
        count += len(rows)
        odd += _odd(rows)
    return count, odd


def _odd(rows: list[Any]) -> list[str]:
    sound = [row for row in rows if isinstance(row, dict)]
    having = Counter(name for row in sound for name in row)
    # one row alone may always be the odd one, however short the list is
    usual = {name for name, times in having.items() if times >= min(_NEARLY_ALL * len(sound), len(sound) - 1)}
    odd = [f"{type(row).__name__} in place of a row" for row in rows if not isinstance(row, dict)]
    for row in sound:
        if lacking := sorted(usual - row.keys()):
            name = next((row[each] for each in _NAMES if isinstance(row.get(each), str)), "a row without a name")
            odd.append(f"{name} lacks {', '.join(lacking)}")
    return odd


def _longest(document: Any, depth: int = 3) -> list[Any]:
    """The longest list of rows in an answer."""
    if isinstance(document, list) and any(isinstance(row, dict) for row in document):
        if len(document) >= _FEW_ROWS or not depth:
            return document
        # one answer of several parts, the list among them
        return max((_longest(each, depth - 1) for each in document), key=len)
    if not isinstance(document, dict) or not depth:
        return []
    return max((_longest(each, depth - 1) for each in document.values()), key=len, default=[])
