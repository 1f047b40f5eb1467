"""What has to hold after a chaos campaign."""

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from chaos_plugins import FORMS, WINDOW, volume_of
from sqlalchemy import text

from coinmon.model.bars import Seen
from coinmon.model.moment import MINUTE
from coinmon.store.bars import read_bars
from coinmon.store.database import open_database
from coinmon.store.instruments import read_instruments

AROUND_S = 4.0
"""Seconds around a kill, a stop or a cut in which a post's outcome may not have been written down."""
_FIGURE = re.compile(r"(?<!form_)(?<!HTTP )(?<!by )\b\d+\b")
"""Not of what tells faults apart: which form it is, what a robot answered, by how much a clock was set."""
_MINUTE_S = 60.0
_SOON_S = 10.0
"""Seconds after a fault in which it may be noticed."""
_DATABASE_FAULTS = ("terminate", "restart", "lock", "full", "stop")
_OF_DATABASE = "the database does not answer"
_DIED = re.compile(r"- (.*?) died: ")
_LINE = re.compile(r"^\S+ \S+ \| (\w+) +- (.*)$")


def problems_of(campaign: Any) -> list[str]:
    found: list[str] = []
    waiting, sent, refused = (campaign.rows(state) for state in ("waiting", "sent", "refused"))
    campaign.sent = len(sent)
    ids = {row.id for row in sent}
    recent = 60_000 * WINDOW
    newest = max((row.time for row in [*sent, *waiting]), default=0)
    found += [
        f"{row.id} ({row.key}) still waits: tried {row.attempts} times, again at {row.next_attempt}, where the newest "
        f"is of {newest}, {row.gather}, {row.error}, {campaign.robot_rests()}"
        for row in waiting
        if row.time < newest - recent
    ]
    found += [f"{row.id} was refused" for row in refused]
    found += [f"{id} is sent and never arrived" for id in ids - campaign.robot.arrivals.keys()]
    campaign.again = sum(len(came) > 1 for came in campaign.robot.arrivals.values())
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
        found += [f"life {number}: {each}" for each in _log_problems(life, campaign.faulted) + _deaths(life)]
    found += [f"/healthz took {seconds:.1f} s beside idle clients" for seconds in campaign.slow_health if seconds > 1]
    return found + _forms(campaign) + _holes(campaign)


def _windows(campaign: Any, keys: Counter[str]) -> list[str]:
    """Windows in which a cycle ended without a failure, and of which no alert was told."""
    found = []
    last: dict[str, Any] = {}
    for life in campaign.lives:
        judged = ""
        for _at, event in life.told:
            if event["event"] == "flow":
                # the moment that was judged: where the clock is set meanwhile a cycle ends at another
                judged = event["time"]
            if event["event"] != "scan_finished":
                continue
            last = event
            window = int(_moment(judged) // (60 * WINDOW)) if judged else 0
            if last["pairs"] and not any(key.endswith(f" {window}") for key in keys):
                found.append(f"window {window}: nothing was told")
            judged = ""
    dead = [name for name, row in last.get("health", {}).get("tasks", {}).items() if not row["alive"]]
    return found + [f"{name} is dead" for name in dead]


def _deaths(life: Any) -> list[str]:
    """Background tasks that died and of which the log or health says nothing."""
    found = []
    died = [(at, matched[1]) for at, line in life.said if (matched := _DIED.search(line))]
    of_database = any(_spoken(line) == _OF_DATABASE for _at, line in life.said)
    health = [(at, event["health"]["tasks"]) for at, event in life.events("scan_finished")]
    for at, name in died:
        after = [rows for when, rows in health if when > at]
        if after and not any(rows.get(name, {}).get("restarts") for rows in after):
            found.append(f"{name} died, and health does not say so")
    for name in {name for _at, rows in health for name, row in rows.items() if row["restarts"]}:
        # of a database that fails one line speaks for all who notice it
        if name not in {each for _at, each in died} and not of_database:
            found.append(f"{name} died, and the log does not say so")
    return found


def _forms(campaign: Any) -> list[str]:
    """Wrong forms of signals that were neither left out by name nor told as they are."""
    said = "\n".join(line for life in campaign.lives for _at, line in life.said)
    named = {int(number) for number in re.findall(r"\bform_(\d+)\b", said)}
    database = open_database(campaign.url)
    with database.read() as connection:
        told = connection.execute(text("SELECT DISTINCT name FROM signals WHERE name LIKE 'form_%'")).scalars().all()
    database.close()
    campaign.forms = named | {int(name.removeprefix("form_")) for name in told}
    return [f"form_{number} was neither told nor named" for number in sorted({*range(len(FORMS))} - campaign.forms)]


def _holes(campaign: Any) -> list[str]:
    """Stored minutes that are not the venue's, and holes between them that nobody is told of."""
    found = []
    database = open_database(campaign.url)
    with database.read() as connection:
        for number, instrument in read_instruments(connection).items():
            bars = read_bars(connection, number, instrument, 0, 2**60)
            if instrument.venue != "formula" or not len(bars):
                continue
            start, end = int(bars.time[0]), int(bars.time[-1]) + MINUTE
            missing, declared = (end - start) // MINUTE - len(bars), Seen.of(bars, start, end)
            campaign.minutes += (end - start) // MINUTE
            campaign.missing += missing
            if declared.minutes - declared.complete != missing:
                found.append(f"{instrument.id}: {missing} minutes are missing, {declared} is said")
            if wrong := int((bars.volume != volume_of(bars.time)).sum()):
                found.append(f"{instrument.id}: {wrong} minutes are not as the venue has them")
    database.close()
    return found


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
    return _OF_DATABASE if "db: " in line and "took over" not in line else _FIGURE.sub("N", line)


def _moment(iso: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp()
