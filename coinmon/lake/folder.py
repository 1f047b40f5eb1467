"""The folders of a lake: DIR/bars/venue=okx/kind=perp/pair=BTC-USDT/month=2026-11/BTC-USDT-SWAP.parquet."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from coinmon.errors import ConfigError, NoDataError
from coinmon.lake.tables import arrow
from coinmon.model.instrument import Instrument, Pair

_ABOUT = b"coinmon"
"""The key of a file's metadata under which it says what it is of."""
LAYOUT = 1
_GROUP_ROWS = 7 * 1440
"""Rows that are read together: a replay reads a day or two at a time, a notebook months."""


def month_of(ms: int) -> str:
    """`2026-11`, UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m")


def file_of(root: Path, table: str, instrument: Instrument, pair: Pair, month: str) -> Path:
    folders = f"venue={instrument.venue}", f"kind={instrument.kind}", f"pair={pair.base}-{pair.quote}", f"month={month}"
    return root.joinpath(table, *folders, _file_name(instrument))


def _file_name(instrument: Instrument) -> str:
    return re.sub(r"\W+", "-", instrument.symbol) + ".parquet"


def read_about(path: Path) -> Mapping[str, Any]:
    """What a file says of itself; nothing where it is not there, or is none of a lake."""
    pq = parquet()
    try:
        found = pq.read_schema(path).metadata or {}
        about = json.loads(found.get(_ABOUT, b"{}"))
    except (OSError, ValueError, arrow().ArrowInvalid):
        return {}
    return about if isinstance(about, dict) and about.get("layout") == LAYOUT else {}


def write(path: Path, table: Any, about: Mapping[str, Any]) -> None:
    """Write a whole file or none: a reader sees the one before or this one."""
    text = json.dumps({"layout": LAYOUT, **about}, sort_keys=True).encode()
    told = table.replace_schema_metadata({_ABOUT: text})
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        parquet().write_table(told, partial, compression="zstd", compression_level=3, row_group_size=_GROUP_ROWS)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise ConfigError(f"{path}: {error.strerror or error}") from None


def described(instrument: Instrument) -> dict[str, Any]:
    """An instrument as JSON."""
    told = {name: value for name, value in asdict(instrument).items() if name != "listed_at"}
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in told.items()}


def instrument_of(about: Mapping[str, Any]) -> Instrument:
    sizes = {name: Decimal(about[name]) for name in ("tick_size", "lot_size", "contract_size")}
    return Instrument(**{**about, **sizes})


def files(root: Path, table: str) -> Iterator[Path]:
    """All files of a table, in the order of their names."""
    yield from sorted((root / table).glob("venue=*/kind=*/pair=*/month=*/*.parquet"))


def instruments(root: Path) -> list[Instrument]:
    """Those of which there are bars, as their newest file describes them. Raises NoDataError where there are none."""
    newest: dict[Path, Path] = {}
    for path in files(root, "bars"):
        newest[path.parent.parent / path.name] = path
    found = [read_about(path).get("instrument") for path in newest.values()]
    if not any(found):
        raise NoDataError(f"{root}: no lake is there; write one with coinmon export --lake {root}")
    return [instrument_of(each) for each in found if each]


def parquet() -> Any:
    arrow()
    import pyarrow.parquet

    return pyarrow.parquet


def month_in(path: Path) -> str:
    """The month of a file's folder."""
    return path.parent.name.partition("=")[2]


def files_of(root: Path, table: str, instrument: Instrument) -> list[Path]:
    """An instrument's files, oldest first."""
    within = root / table / f"venue={instrument.venue}" / f"kind={instrument.kind}"
    return sorted(within.glob(f"pair=*/month=*/{_file_name(instrument)}"), key=month_in)


def read_between(path: Path, names: Sequence[str], start: int, end: int) -> Any:
    """The rows of [start, end), ms UTC, of files in order of time."""
    file = parquet().ParquetFile(path)
    table = file.read_row_groups(_groups_between(file, start, end), list(names))
    time = np.asarray(table["time"].cast("int64"))
    first, last = np.searchsorted(time, (start, end)).tolist()
    return table.slice(first, last - first)


def _groups_between(file: Any, start: int, end: int) -> list[int]:
    """The numbers of the groups of rows that may hold times of [start, end); all where a file does not say."""
    metadata, found = file.metadata, []
    column = file.schema_arrow.get_field_index("time")
    for number in range(metadata.num_row_groups):
        told = metadata.row_group(number).column(column).statistics
        if told is None or not told.has_min_max or (_ms(told.min) < end and _ms(told.max) >= start):
            found.append(number)
    return found


def _ms(time: datetime) -> int:
    return round(time.timestamp() * 1000)


def ends_of(path: Path) -> tuple[int, int]:
    """The first and the last time in a file, ms UTC: as its groups of rows tell, else of the rows."""
    file = parquet().ParquetFile(path)
    column, groups = file.schema_arrow.get_field_index("time"), range(file.metadata.num_row_groups)
    told = [file.metadata.row_group(number).column(column).statistics for number in groups]
    if told and all(each is not None and each.has_min_max for each in told):
        return min(_ms(each.min) for each in told), max(_ms(each.max) for each in told)
    time = np.asarray(file.read(["time"])["time"].cast("int64"))
    return int(time[0]), int(time[-1])
