"""Scorecards as they were: rows are only ever added, and each holds the hash of the one before it.

Whoever changes, takes out or puts in a row has to write all later ones anew; and alerts name the row that they quoted.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Row, insert, select

from coinmon.store.schema import scorecards, signals

FIRST_PREVIOUS = "0" * 64
"""What the first row holds as the hash of the one before it."""
SHORT_HASH = 16
"""Hexadecimal digits of a row's hash by which an alert names the row."""
Source = Literal["live", "replayed"]


class StoredScorecard(NamedTuple):
    """number: 1, 2, ... made: when. until: end of the judged period. Both ms UTC.

    judged: its verdicts are new (a month's end); else they are those of the last one that was judged.
    """

    number: int
    made: int
    until: int
    judged: bool
    source: str
    card: Mapping[str, Any]
    hash: str


def append_scorecard(
    connection: Connection, made: int, until: int, judged: bool, card: Mapping[str, Any], source: Source = "live"
) -> StoredScorecard | None:
    """Add a row; None where there is one of this period already: of several scanners one writes it."""
    last = connection.execute(select(scorecards).order_by(scorecards.c.number.desc()).limit(1)).one_or_none()
    same = select(scorecards.c.number).where(
        scorecards.c.until == until, scorecards.c.judged == int(judged), scorecards.c.source == source
    )
    if connection.execute(same).first() is not None:
        return None
    number = last.number + 1 if last else 1
    row: dict[str, Any] = {
        "number": number,
        "made": made,
        "until": until,
        "judged": int(judged),
        "source": source,
        "card": json.dumps(card, ensure_ascii=False, sort_keys=True, allow_nan=False),
        "previous": last.hash if last else FIRST_PREVIOUS,
    }
    row["hash"] = mark = _hash(row)
    connection.execute(insert(scorecards), row)
    return StoredScorecard(number, made, until, judged, source, card, mark)


def last_scorecard(
    connection: Connection, judged: bool | None = None, source: Source = "live", at: int | None = None
) -> StoredScorecard | None:
    """The newest row. judged: only of those with new verdicts (True) or without (False). at: as it was then, ms UTC."""
    query = select(scorecards).where(scorecards.c.source == source).order_by(scorecards.c.number.desc()).limit(1)
    if judged is not None:
        query = query.where(scorecards.c.judged == int(judged))
    if at is not None:
        query = query.where(scorecards.c.made <= at)
    row = connection.execute(query).one_or_none()
    return None if row is None else _stored(row)


def broken_links(connection: Connection) -> list[str]:
    """What is wrong with the chain, in English, a line each; empty: nothing was changed since it was written."""
    problems: list[str] = []
    previous, number, known = FIRST_PREVIOUS, 0, set()
    for row in connection.execute(select(scorecards).order_by(scorecards.c.number)):
        number += 1
        if row.number != number:
            problems.append(f"row {number} is missing: the next one is {row.number}")
            number = row.number
        if row.previous != previous:
            problems.append(f"row {row.number} does not follow the row before it")
        if _hash(dict(row._mapping)) != row.hash:
            problems.append(f"row {row.number} was changed after it was written")
        previous = row.hash
        known.add(row.hash[:SHORT_HASH])
    return problems + _quoted_but_missing(connection, known)


def count_scorecards(connection: Connection) -> int:
    return len(connection.execute(select(scorecards.c.number)).all())


def _quoted_but_missing(connection: Connection, known: Collection[str]) -> list[str]:
    """Rows that alerts quoted and that are not there: a cut-off end shows by no hash of the rows that are left."""
    missing: dict[str, str] = {}
    for row in connection.execute(select(signals.c.id, signals.c.event).order_by(signals.c.time)):
        quoted = ((row.event or {}).get("record") or {}).get("scorecard")
        if quoted and quoted not in known:
            missing.setdefault(quoted, row.id)
    return [f"alert {id} quotes scorecard {quoted}, which is not there" for quoted, id in missing.items()]


def _hash(row: Mapping[str, Any]) -> str:
    fields = ("number", "made", "until", "judged", "source", "card", "previous")
    return hashlib.sha256(json.dumps([row[name] for name in fields], ensure_ascii=False).encode()).hexdigest()


def _stored(row: Row[Any]) -> StoredScorecard:
    return StoredScorecard(
        row.number, row.made, row.until, bool(row.judged), row.source, json.loads(row.card), row.hash
    )
