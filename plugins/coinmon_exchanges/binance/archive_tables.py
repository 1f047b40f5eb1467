"""Binance Vision's small files: klines, metrics and funding rates, a few thousand rows at most a file."""

import csv
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import numpy as np
from loguru import logger

from coinmon.exchange import DAY, MINUTE, Archive, Bars, DecodeError, Funding, Instrument, OpenInterest, iso
from coinmon_exchanges import _columns
from coinmon_exchanges._columns import Ints, numbers, strict, whole
from coinmon_exchanges._files.inflate import lines
from coinmon_exchanges.binance.archive import METRICS_PERIOD_MS

_MICROSECONDS = 10**14
_HOUR_MS = 3_600_000
_LABELS_ARE_STARTS_FROM_MS = 1_782_345_600_000
"""2026-06-25 00:00 UTC."""

Row = TypeVar("Row")


def _rows(path: Path, columns: int, read: Callable[[list[str]], Row]) -> list[Row]:
    """Rows as `read` gives them, without the header, which files have or not.

    A row that cannot be read (a blank cell, a line cut short) costs itself, and is named in the log. Raises DecodeError
    where more than half cannot be read: then it is a file of something else.
    """
    found: list[Row] = []
    left_out: list[str] = []
    for number, row in enumerate(csv.reader(_text(path)), 1):
        if number == 1 and not row[0][:1].isdigit():
            if len(row) != columns:
                raise DecodeError(f"{path.name}, line 1: has {len(row)} fields, expected {columns}")
            continue
        try:
            if len(row) != columns:
                raise ValueError(f"has {len(row)} fields, expected {columns}")
            found.append(read(row))
        except (ValueError, ArithmeticError) as error:
            left_out.append(f"{path.name}, line {number}: {error}")
    if len(left_out) > len(found):
        raise DecodeError(left_out[0])
    if not found:
        raise DecodeError(f"{path.name}: holds no rows")
    if left_out:
        more = f" and {len(left_out) - 1} more" if len(left_out) > 1 else ""
        logger.warning("{}{}: left out", left_out[0], more)
    return found


def _text(path: Path) -> Iterator[str]:
    for part in lines(path):
        yield from part.decode("ascii", errors="replace").splitlines()


def _within(times: np.ndarray, archive: Archive) -> None:
    bad = (times < archive.start - MINUTE) | (times > archive.end + MINUTE)
    if bad.any():
        at = int(np.argmax(bad))
        raise DecodeError(
            f"{archive.name}, row {at + 1}: time {int(times[at])} is not between {iso(archive.start)} and "
            f"{iso(archive.end)}"
        )


@strict("Binance Vision klines")
def klines(path: Path, archive: Archive, instrument: Instrument) -> Bars:
    table = list(zip(*_rows(path, 12, _kline), strict=True))
    time = whole(table[0])
    if (time >= _MICROSECONDS).all():
        time = time // 1000
    _within(time, archive)
    return _columns.klines(
        instrument,
        time,
        table[1:5],
        numbers(table[5]),
        numbers(table[7]),
        whole(table[8]),
        numbers(table[9]),
        numbers(table[10]),
    )


@strict("Binance Vision metrics")
def metrics(path: Path, archive: Archive, instrument: Instrument) -> list[OpenInterest]:
    """Rows every five minutes, not in order, at the moment they are of; one-sided, in base units and quote currency."""
    rows = _rows(path, 8, lambda row: (row[1], _moment(row[0]), _number(row[2]), _number(row[3])))
    if wrong := next((row[0] for row in rows if row[0] != instrument.native_id), None):
        raise DecodeError(f"{archive.name}: holds {wrong}, expected {instrument.native_id}")
    times = np.array([row[1] for row in rows], np.int64)
    shift = METRICS_PERIOD_MS if _labels_are_starts(times, archive) else 0
    _within(times + shift, archive)
    found = {time + shift: OpenInterest(time + shift, base, value) for _, time, base, value in rows}
    return [found[time] for time in sorted(found)]


def _labels_are_starts(times: Ints, archive: Archive) -> bool:
    """Since 2026-06-25 a label is the start of its five minutes, and its figures are those of their end.

    A file of that era runs from 00:00 to 23:55, one before it from 00:05 to 00:00 (EXCHANGES C1); where a file lacks
    both, or has both, its date tells.
    """
    midnight = archive.start - METRICS_PERIOD_MS
    first, last = midnight in times, midnight + DAY in times
    return first if first != last else midnight >= _LABELS_ARE_STARTS_FROM_MS


@strict("Binance Vision fundingRate")
def funding(path: Path, archive: Archive, instrument: Instrument) -> list[Funding]:
    """Settled rates, at the moment of settlement (some milliseconds late)."""
    rows = _rows(path, 3, lambda row: Funding(int(row[0]), _number(row[2]), None, int(row[1]) * _HOUR_MS or None))
    _within(np.array([row.time for row in rows], np.int64), archive)
    return rows


def _kline(row: list[str]) -> list[str]:
    """The row itself, once each of its figures is seen to be a number."""
    int(row[0])
    int(row[8])
    for text in (*row[1:6], row[7], row[9], row[10]):
        _number(text)
    return row


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a number")
    return value


def _moment(text: str) -> int:
    return round(datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp() * 1000)
