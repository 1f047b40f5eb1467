"""Binance Vision's trades and aggTrades: CSV or zip, with or without a header, ms or us."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from coinmon_emulator.tape.track import TapeTrack, milliseconds, track

NAME = re.compile(r"^(?P<symbol>[A-Z0-9_]+)-(?P<data>aggTrades|trades)-\d{4}-\d{2}(-\d{2})?\.(csv|zip)$")
# Columns by data set; the last one, is_best_match, is there on spot alone.
SPOT_COLUMNS = {"aggTrades": 8, "trades": 7}


def is_vision(path: Path) -> bool:
    return path.suffix in (".csv", ".zip")


def read_vision(path: Path, tracks: dict[tuple[str, str], TapeTrack]) -> None:
    """Add what the file holds; ValueError names the line that cannot be read."""
    matched = NAME.match(path.name)
    if matched is None:
        raise ValueError(f"{path}: expected a name like BTCUSDT-aggTrades-2024-01-01.zip or BTCUSDT-trades-2024-01.csv")
    symbol, data = matched["symbol"], matched["data"]
    number = 0
    into: TapeTrack | None = None
    try:
        with _opened(path) as text:
            for number, row in enumerate(csv.reader(text), 1):
                if not row or (number == 1 and not row[0].isdigit()):
                    continue
                if into is None:
                    into = track(tracks, "spot" if len(row) == SPOT_COLUMNS[data] else "perp", symbol)
                    if bool(into.firsts) != (data == "aggTrades") and into.ids:
                        raise ValueError("trades and aggTrades of one instrument cannot be joined")
                _take(row, data, into)
    except (zipfile.BadZipFile, EOFError) as problem:
        raise ValueError(f"{path}: {problem}") from problem
    except (ValueError, IndexError) as problem:
        raise ValueError(f"{path}:{number}: not a row of {data} ({problem})") from problem


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            members = [name for name in archive.namelist() if name.endswith(".csv")]
            if len(members) != 1:
                raise ValueError(f"expected one CSV in the zip, found {len(members)}")
            with archive.open(members[0]) as raw:
                yield io.TextIOWrapper(raw, "ascii", newline="")
    else:
        with path.open(encoding="ascii", newline="") as text:
            yield text


def _take(row: list[str], data: str, into: TapeTrack) -> None:
    aggregated = data == "aggTrades"
    time, maker = (row[5], row[6]) if aggregated else (row[4], row[5])
    if float(row[1]) <= 0 or float(row[2]) <= 0:
        return
    into.ids.append(int(row[0]))
    into.prices.append(row[1])
    into.sizes.append(row[2])
    if aggregated:
        into.firsts.append(int(row[3]))
        into.lasts.append(int(row[4]))
    into.times.append(milliseconds(int(time)))
    into.sides.append({"true": -1, "false": 1}.get(maker.lower()) or _refuse(maker))


def _refuse(maker: str) -> int:
    raise ValueError(f"is_buyer_maker is {maker!r}")
