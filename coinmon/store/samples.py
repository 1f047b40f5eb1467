"""Open interest, funding and whale trades in and out of the database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import Connection, Table, bindparam, delete, func, select

from coinmon.model.derivatives import Funding, OpenInterest, WhaleTrade, storable
from coinmon.model.trades import Ints
from coinmon.store import schema
from coinmon.store.rows import SETTLED_MS, count_as_rewritten, numbers_between, rows_between, upsert

Sample = TypeVar("Sample", OpenInterest, Funding)


def write_samples(
    connection: Connection, samples: Mapping[int, OpenInterest] | Mapping[int, Funding], known_at: int | None = None
) -> None:
    """One sample an instrument, by its row number. known_at: now, ms UTC."""
    late = 0 if known_at is None else known_at - SETTLED_MS
    for table, kind in ((schema.open_interest, OpenInterest), (schema.funding, Funding)):
        rows = [
            {"instrument": number, **_columns(each), "known_at": known_at}
            for number, several in samples.items()
            for each in storable([several])
            if isinstance(each, kind)
        ]
        for row in rows:
            # a venue may say for days what it knew of a market when it was traded last
            if row["time"] < late and not _is_there(connection, table, row):
                count_as_rewritten(connection, row["instrument"])
        upsert(connection, table, rows)


def _is_there(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    said = [each._mapping for each in rows_between(connection, table, row["instrument"], row["time"], row["time"] + 1)]
    return any(all(each[name] == value for name, value in row.items() if name != "known_at") for each in said)


def newest_times(connection: Connection, table: Table) -> dict[int, int]:
    """By row number of the instrument, the time of its last row: found by the index, one look for each."""
    last = select(func.max(table.c.time)).where(table.c.instrument == schema.instruments.c.id).scalar_subquery()
    found = connection.execute(select(schema.instruments.c.id, last)).all()
    return {number: time for number, time in found if time is not None}


def write_series(
    connection: Connection,
    number: int,
    samples: Sequence[OpenInterest] | Sequence[Funding],
    changed_at: int,
    known_at: int | None = None,
) -> None:
    """The history of one instrument, by its row number, which anybody could have known when it happened.

    changed_at: now, ms UTC: what was stored of a moment was known to be otherwise until then. known_at: now, of what a
    scan did without until then.
    """
    for table, kind in ((schema.open_interest, OpenInterest), (schema.funding, Funding)):
        known = {} if known_at is None else {"known_at": known_at}
        rows = [
            {"instrument": number, **_columns(each), **known} for each in storable(samples) if isinstance(each, kind)
        ]
        upsert(connection, table, rows, changed_at=changed_at)
    if samples:
        count_as_rewritten(connection, number)


def write_whales(
    connection: Connection,
    numbers: Mapping[str, int],
    whales: Iterable[WhaleTrade],
    known_at: int | None = None,
    changed_at: int | None = None,
) -> None:
    """What is stored of the same moments and sides goes: a stream, a page and a file name an order differently.

    known_at, changed_at: as in `write_bars`. What goes was known until then.
    """
    rows = [{**_columns(whale), "instrument": numbers[whale.instrument], "known_at": known_at} for whale in whales]
    if not rows:
        return
    moment = known_at if changed_at is None else changed_at
    by_moment: dict[tuple[int, int], dict[int, dict[str, Any]]] = {}
    for row in rows:
        by_moment.setdefault((row["instrument"], row["time"]), {})[row["trade_id"]] = row
    stored = _stored_whales(connection, rows)
    fresh: list[dict[str, Any]] = []
    for key, told in by_moment.items():
        there = stored.get(key, [])
        sides = {row["side"] for row in told.values()}
        # of one moment all are known from the same time on, or a replay could not tell which of them were
        kept = [row for row in there if row["side"] not in sides and row["trade_id"] not in told]
        after = {row["trade_id"]: row for row in (*kept, *told.values())}
        if _said(there) == _said(after.values()):
            continue
        if there and moment is not None:
            old = [{**row, "until": moment} for row in there if row["known_at"] != moment]
            upsert(connection, schema.superseded_whale_trades, old)
            after = {id: {**row, "known_at": moment} for id, row in after.items()}
        fresh += after.values()
    _replace_whales(connection, fresh)


def _stored_whales(
    connection: Connection, rows: Sequence[dict[str, Any]]
) -> dict[tuple[int, int], list[dict[str, Any]]]:
    """What is stored by row number and moment, of the moments of `rows`."""
    spans: dict[int, tuple[int, int]] = {}
    for row in rows:
        first, last = spans.get(row["instrument"], (row["time"], row["time"]))
        spans[row["instrument"]] = min(first, row["time"]), max(last, row["time"])
    found: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for number, (first, last) in spans.items():
        for each in rows_between(connection, schema.whale_trades, number, first, last + 1):
            found.setdefault((number, each.time), []).append(dict(each._mapping))
    return found


def _said(whales: Iterable[Mapping[str, Any]]) -> set[tuple[tuple[str, Any], ...]]:
    """The values of the rows, without when they were known."""
    return {tuple(sorted((name, value) for name, value in row.items() if name != "known_at")) for row in whales}


def _replace_whales(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    table = schema.whale_trades
    keys = [{f"its_{name}": row[name] for name in ("instrument", "time")} for row in rows]
    connection.execute(
        delete(table).where(*(table.c[name] == bindparam(f"its_{name}") for name in ("instrument", "time"))), keys
    )
    upsert(connection, table, rows)


def read_open_interest(connection: Connection, number: int, start: int, end: int) -> list[OpenInterest]:
    return _read(connection, schema.open_interest, OpenInterest, number, start, end)


def read_funding(connection: Connection, number: int, start: int, end: int) -> list[Funding]:
    return _read(connection, schema.funding, Funding, number, start, end)


def _columns(sample: OpenInterest | Funding | WhaleTrade) -> dict[str, Any]:
    """dataclasses.asdict copies each number too: of a day's whales that took longer than to write them."""
    return {each.name: getattr(sample, each.name) for each in fields(sample)}


def _read(connection: Connection, table: Table, kind: type[Sample], number: int, start: int, end: int) -> list[Sample]:
    names = tuple(each.name for each in fields(kind))
    return [kind(*row) for row in rows_between(connection, table, number, start, end, names)]


def read_whales(connection: Connection, number: int, instrument: str, start: int, end: int) -> list[WhaleTrade]:
    names = tuple(each.name for each in fields(WhaleTrade) if each.name != "instrument")
    found = rows_between(connection, schema.whale_trades, number, start, end, names)
    return [WhaleTrade(instrument, *row) for row in found]


_TIMED = (
    schema.bars, schema.open_interest, schema.funding, schema.whale_trades, schema.liquidations, schema.depth,
    schema.heatmap,
)  # fmt: skip
AT_ONCE = -1
"""A row that could be known as soon as it happened."""


def read_known(connection: Connection, number: int, start: int, end: int) -> dict[str, tuple[Ints, Ints]]:
    """By table the times of the rows of [start, end), and when they could be known, ms UTC, or AT_ONCE."""
    found = {}
    for table in _TIMED:
        rows = numbers_between(connection, table, number, start, end, ("time", "known_at"))
        times = np.fromiter((row[0] for row in rows), np.int64, len(rows))
        known = np.fromiter((AT_ONCE if row[1] is None else row[1] for row in rows), np.int64, len(rows))
        found[table.name] = times, known
    return found


_SUPERSEDED = {
    "bars": schema.superseded_bars,
    "open_interest": schema.superseded_open_interest,
    "funding": schema.superseded_funding,
    "whale_trades": schema.superseded_whale_trades,
}


def read_superseded(connection: Connection, number: int, start: int, end: int) -> dict[str, tuple[Ints, Ints, Ints]]:
    """By table, of the earlier states of rows of [start, end) their times, since when they were known, or AT_ONCE, and
    until when they were what was known."""
    found = {}
    for name, table in _SUPERSEDED.items():
        rows = numbers_between(connection, table, number, start, end, ("time", "known_at", "until"))
        columns = [AT_ONCE if each is None else each for row in rows for each in row]
        times, known_at, until = np.array(columns, np.int64).reshape(-1, 3).T
        found[name] = times, known_at, until
    return found


def read_superseded_samples(
    connection: Connection, table: str, number: int, instrument: str, start: int, end: int
) -> tuple[Sequence[OpenInterest | Funding | WhaleTrade], Sequence[tuple[int, int]]]:
    """The earlier states of [start, end), and since when (or AT_ONCE) and until when each was known. table: not bars"""
    kind: Any = {"open_interest": OpenInterest, "funding": Funding, "whale_trades": WhaleTrade}[table]
    names = tuple(each.name for each in fields(kind) if each.name != "instrument")
    rows = rows_between(connection, _SUPERSEDED[table], number, start, end, (*names, "known_at", "until"))
    whose = (instrument,) if kind is WhaleTrade else ()
    spans = [(AT_ONCE if row[-2] is None else row[-2], row[-1]) for row in rows]
    return [kind(*whose, *row[:-2]) for row in rows], spans
