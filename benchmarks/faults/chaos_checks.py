"""What has to hold after a chaos campaign."""

import itertools
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from chaos_plugins import WINDOW

AROUND_S = 4.0
"""Seconds around a kill, a stop or a cut in which a post's outcome may not have been written down."""
_MOST_OFTEN = 10
"""Times that a line may come in half an hour of market time, a true minute: once or twice for each of five outputs."""
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
        found += [f"life {number}: {each}" for each in _log_problems(life.err)]
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


def _log_problems(path: Path) -> list[str]:
    """Tracebacks, and lines that came too often."""
    said: dict[tuple[str, str], Counter[str]] = {}
    whole = path.read_text(errors="replace")
    found = ["a traceback: " + whole[whole.index("Traceback") :][-600:]] if "Traceback" in whole else []
    if "\x1b" in whole:
        found.append("the log has ESC in it")
    for line in whole.splitlines():
        matched = _LINE.match(line)
        if matched and matched[1] in ("WARNING", "ERROR"):
            # market time runs faster: a true minute is half an hour of it
            half_hour = line[:14] + str(int(line[14:16]) // 30)
            said.setdefault((half_hour, ""), Counter())[re.sub(r"\d+", "N", matched[2])] += 1
    for counter in said.values():
        found += [f"{count} times in a minute: {line[:160]}" for line, count in counter.items() if count > _MOST_OFTEN]
    return found


def _moment(iso: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp()
