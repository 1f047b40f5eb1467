"""Signals that were told as an Arrow table, a row each; the whole event is in the last column, as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from coinmon.lake.tables import arrow, moments
from coinmon.model.moment import parse_time

SIGNALS_KEY = "id"
_TEXTS = ("id", "pair", "signal", "grade", "direction")


def signals_table(events: Sequence[Mapping[str, Any]]) -> Any:
    """Oldest first. ended: null while it lasts. signal: of a whale trade `whale`, its direction its side."""
    pa = arrow()
    rows = sorted(events, key=lambda each: (str(each["time"]), str(each["id"])))
    columns: dict[str, Any] = {"time": moments([parse_time(str(each["time"])) for each in rows])}
    for name in _TEXTS:
        columns[name] = pa.array([_text(each, name) for each in rows], pa.string())
    columns["ended"] = moments([each.get("ended") for each in rows])
    columns["event"] = pa.array([orjson.dumps(each).decode() for each in rows], pa.string())
    return pa.table(columns)


def _text(event: Mapping[str, Any], name: str) -> str | None:
    other = {"signal": "event", "direction": "side"}.get(name, name)
    found = event.get(name) or event.get(other)
    return None if found is None else str(found)
