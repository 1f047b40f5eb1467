"""What has to hold after a chaos campaign."""

import itertools
import json
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from chaos_plugins import WINDOW

AROUND_S = 4.0
"""Seconds around a kill, a stop or a cut in which a post's outcome may not have been written down."""
_MINUTE_S = 60.0
_SOON_S = 10.0
"""Seconds after a fault in which it may be noticed."""
_DATABASE_FAULTS = ("terminate", "restart", "lock", "full", "stop")
_OF_DATABASE = "the database does not answer"
_LINE = re.compile(r"^\S+ \S+ \| (\w+) +- (.*)$")


def problems_of(campaign: Any) -> list[str]:
    found: list[str] = []
    waiting, sent, refused = (campaign.rows(state) for state in ("waiting", "sent", "refused"))
    ids = {row.id for row in sent}
    recent = 60_000 * WINDOW
    newest = max((row.time for row in [*sent, *waiting]), default=0)
    found += [f"{row.id} ({row.key}) still waits" for row in waiting if row.time < newest - recent]
    found += [f"{row.id} was refused" for row in refused]
    found += [f"{id} is sent and never arrived" for id in ids - campaign.robot.arrivals.keys()]
    for id, came in campaign.robot.arrivals.items():
        for (first, lost), (_again, _) in itertools.pairwise(came):
            if not lost and not any(abs(cut - first) < AROUND_S for cut in campaign.cuts):
                found.append(f"{id} came again though it was answered at {first:.1f}")
    if not sent:
        found.append("nothing was sent at all")
    keys = Counter(row.key for row in [*sent, *waiting] if row.name == "sound")
    found += [f"{key} was told {count} times" for key, count in keys.items() if count > 1]
    found += _windows(campaign, keys)
    for number, life in enumerate(campaign.lives):
        found += [f"life {number}: {each}" for each in _log_problems(life, campaign.faulted)]
    found += [f"/healthz took {seconds:.1f} s beside idle clients" for seconds in campaign.slow_health if seconds > 1]
    campaign.sent = len(sent)
    return found


def _windows(campaign: Any, keys: Counter[str]) -> list[str]:
    """Windows in which a cycle ended without a failure, and of which no alert was told."""
    found = []
    last: dict[str, Any] = {}
    for life in campaign.lives:
        for line in life.out.read_bytes().splitlines():
            event = json.loads(line) if line.startswith(b"{") and line.endswith(b"}") else {}
            if event.get("event") == "scan_finished":
                last = event
                window = int(_moment(event["time"]) // (60 * WINDOW))
                if event["pairs"] and not any(key.endswith(f" {window}") for key in keys):
                    found.append(f"window {window}: nothing was told")
    dead = [name for name, row in last.get("health", {}).get("tasks", {}).items() if not row["alive"]]
    return found + [f"{name} is dead" for name in dead]


def _log_problems(life: Any, faulted: Sequence[tuple[float, str]]) -> list[str]:
    """Tracebacks, and lines that came more than once a minute and fault."""
    whole = "\n".join(line for _at, line in life.said)
    found = ["a traceback: " + whole[whole.index("Traceback") :][-600:]] if "Traceback" in whole else []
    if "\x1b" in whole:
        found.append("the log has ESC in it")
    said: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for at, line in life.said:
        matched = _LINE.match(line)
        if matched and matched[1] in ("WARNING", "ERROR"):
            said[_spoken(matched[2])].append((at, matched[2]))
    for line, times in said.items():
        kinds = (
            _DATABASE_FAULTS
            if line == _OF_DATABASE or "took over" in line
            else ("clock",)
            if "clock went" in line
            else ()
        )
        for first, (at, _words) in enumerate(times):
            together = [words for other, words in times[first:] if other < at + _MINUTE_S]
            came = len(together)
            may = sum(kind in kinds and at - _SOON_S < when < at + _MINUTE_S for when, kind in faulted)
            if came > max(1, may):
                which = "".join(f"\n      {words[:160]}" for words in dict.fromkeys(together))
                found.append(f"{came} times in a minute: {line[:160]}{which}")
                break
    return found


def _spoken(line: str) -> str:
    """What is said, whoever notices it and whatever its figures; plugins are told apart."""
    return _OF_DATABASE if "db: " in line and "took over" not in line else re.sub(r"(?<!form_)\b\d+\b", "N", line)


def _moment(iso: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp()
