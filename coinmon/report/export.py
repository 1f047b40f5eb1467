"""Stored bars as files for a notebook."""

import csv
import io
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from coinmon.config.whole_file import write_whole
from coinmon.errors import ConfigError, NoDataError
from coinmon.model.bars import Bars, Coverage
from coinmon.model.instrument import Instrument
from coinmon.model.moment import MINUTE, iso
from coinmon.model.timeframe import candle_length, first_candle, whole_candles
from coinmon.model.unpriced import unknown_where_unpriced
from coinmon.store.history import History

COLUMNS = (
    "time", "open", "high", "low", "close", "volume", "quote_volume", "trades",
    "taker_buy_volume", "taker_buy_quote_volume", "delta_min", "delta_max", "coverage",
)  # fmt: skip


def check_form(form: str, timeframe: str, *, levels: bool) -> None:
    """Raises ConfigError for what cannot be written, whatever is stored."""
    try:
        candle_length(timeframe)
    except ValueError as error:
        raise ConfigError(f"--timeframe: {error}") from None
    if form == "csv" and levels:
        raise ConfigError("--levels: csv has no place for lists; write --format json or parquet")
    if form == "parquet" and find_spec("pyarrow") is None:
        raise ConfigError("--format parquet needs pyarrow; pip install '.[parquet]' in coinmon's folder")


def stored_bars(
    history: History, instrument: Instrument, start: int | None, end: int | None, timeframe: str, *, levels: bool
) -> Bars:
    """Candles of [start, end) or of all there is; minutes without data inside that range are rows too.

    Raises NoDataError where nothing is stored.
    """
    span = history.span(instrument)
    if span is None:
        raise NoDataError(f"{instrument.id}: no bars are stored; run coinmon scan, or name another --db")
    step = candle_length(timeframe)
    first = max(span[0], start) if start is not None else span[0]
    last = min(span[1], end) if end is not None else span[1]
    first, last = whole_candles(first, last, step)
    if first >= last:
        raise NoDataError(f"{instrument.id}: no bars in that range; stored are {iso(span[0])} to {iso(span[1])}")
    bars = history.bars(instrument, first, last, levels=levels).dense(first, last)
    return bars if step == MINUTE else bars.resample(step, first_candle(step))


def records(bars: Bars, *, levels: bool) -> Iterator[dict[str, Any]]:
    """One object a bar; unknown is None."""
    bars = unknown_where_unpriced(bars)
    columns: list[Sequence[Any]] = [
        [iso(at) for at in bars.time.tolist()],
        *(_nullable(bars.price(ticks)) for ticks in (bars.open, bars.high, bars.low, bars.close)),
        _nullable(bars.volume),
        _nullable(bars.quote_volume),
        [count if count >= 0 else None for count in bars.trades.tolist()],
        *(_nullable(each) for each in (bars.buy, bars.buy_quote, bars.delta_min, bars.delta_max)),
        [Coverage(each).label for each in bars.coverage.tolist()],
    ]
    for number, values in enumerate(zip(*columns, strict=True)):
        record = dict(zip(COLUMNS, values, strict=True))
        if levels:
            record["levels"] = _levels(bars, number)
        yield record


def _nullable(column: Any) -> list[float | None]:
    return [None if np.isnan(value) else value for value in column.tolist()]


def _levels(bars: Bars, number: int) -> list[list[float]] | None:
    """[price, buy, sell] rows; None where the bar's levels are not known."""
    if bars.levels is None or bars.coverage[number] < Coverage.TRADES:
        return None
    part = slice(bars.levels.start[number], bars.levels.start[number + 1])
    rows = zip(bars.price(bars.levels.ticks[part]), bars.levels.buy[part], bars.levels.sell[part], strict=True)
    return [[float(price), float(buy), float(sell)] for price, buy, sell in rows]


def write(bars: Bars, form: str, *, levels: bool) -> bytes:
    """The file's bytes: csv, json or parquet."""
    rows = records(bars, levels=levels)
    if form == "json":
        return orjson.dumps(list(rows), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    if form == "csv":
        text = io.StringIO()
        table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        return text.getvalue().encode()
    return _parquet(list(rows))


def _parquet(rows: list[dict[str, Any]]) -> bytes:
    import pyarrow
    import pyarrow.parquet

    out = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), out)
    return bytes(out.getvalue())


def save(data: bytes, path: Path) -> None:
    """Write a whole file or none; what is no file (/dev/stdout, /dev/null, a pipe) is written into, not replaced."""
    try:
        write_whole(path, data)
    except OSError as error:
        raise ConfigError(f"-o {path}: {error.strerror}") from None
