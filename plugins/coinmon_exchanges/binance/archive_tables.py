"""Binance Vision's small files: klines, metrics and funding rates, a few thousand rows at most a file."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from coinmon.exchange import MINUTE, Archive, Bars, DecodeError, Funding, Instrument, OpenInterest, iso
from coinmon_exchanges import _columns
from coinmon_exchanges._columns import numbers, strict, whole
from coinmon_exchanges._files.inflate import lines

_MICROSECONDS = 10**14
_HOUR = 3_600_000


def _rows(path: Path, columns: int) -> list[list[str]]:
    """Without the header, which files have or not."""
    found: list[list[str]] = []
    for number, row in enumerate(csv.reader(_text(path)), 1):
        if len(row) != columns:
            raise DecodeError(f"{path.name}, line {number}: has {len(row)} fields, expected {columns}")
        if number > 1 or row[0][:1].isdigit():
            found.append(row)
    if not found:
        raise DecodeError(f"{path.name}: holds no rows")
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
    table = list(zip(*_rows(path, 12), strict=True))
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
    """Rows every five minutes, not in order; one-sided, in base units and quote currency."""
    rows = _rows(path, 8)
    if wrong := next((row[1] for row in rows if row[1] != instrument.native_id), None):
        raise DecodeError(f"{archive.name}: holds {wrong}, expected {instrument.native_id}")
    times = [_moment(row[0]) for row in rows]
    _within(np.array(times, np.int64), archive)
    return sorted(
        (OpenInterest(time, float(row[2]), float(row[3])) for time, row in zip(times, rows, strict=True)),
        key=lambda each: each.time,
    )


@strict("Binance Vision fundingRate")
def funding(path: Path, archive: Archive, instrument: Instrument) -> list[Funding]:
    """Settled rates, at the moment of settlement (some milliseconds late)."""
    rows = _rows(path, 3)
    times = whole([row[0] for row in rows])
    _within(times, archive)
    return [
        Funding(time, float(row[2]), None, int(row[1]) * _HOUR) for time, row in zip(times.tolist(), rows, strict=True)
    ]


def _moment(text: str) -> int:
    return round(datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp() * 1000)
