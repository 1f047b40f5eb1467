"""Bars and samples as Arrow tables: times are UTC timestamps, prices are in quote currency, unknown is null."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from types import ModuleType, UnionType
from typing import Any, get_args, get_type_hints

import numpy as np

from coinmon.errors import ConfigError
from coinmon.model.bars import Bars, Coverage
from coinmon.model.derivatives import Funding, OpenInterest, WhaleTrade
from coinmon.model.levels import Levels
from coinmon.model.trades import Floats, Ints
from coinmon.model.unpriced import unknown_where_unpriced

PRICES = ("open", "high", "low", "close")
NAMES = {
    "volume": "volume", "quote_volume": "quote_volume", "buy": "taker_buy_volume",
    "buy_quote": "taker_buy_quote_volume", "delta_min": "delta_min", "delta_max": "delta_max",
}  # fmt: skip
"""Columns of amounts: as `Bars` calls them, and as tables and exported files do."""
SAMPLES: Mapping[str, type] = {"open_interest": OpenInterest, "funding": Funding, "whale_trades": WhaleTrade}
"""What is kept besides bars, by the name of its folder."""
_TIMES = ("time", "next_time")


def arrow() -> ModuleType:
    """The library pyarrow. Raises ConfigError where it is not installed."""
    try:
        import pyarrow
    except ImportError:
        raise ConfigError("this needs pyarrow; pip install '.[lake]' in coinmon's folder") from None
    module: ModuleType = pyarrow
    return module


def bars_table(bars: Bars, *, levels: bool) -> Any:
    """One row a bar. levels: with three list columns, the prices at which it traded and the taker volumes there."""
    pa, bars = arrow(), unknown_where_unpriced(bars)
    columns = {"time": moments(bars.time)}
    for name in PRICES:
        ticks = getattr(bars, name)
        columns[name] = pa.array(bars.price(ticks), mask=ticks <= 0)
    for name, shown in NAMES.items():
        columns[shown] = pa.array(getattr(bars, name), from_pandas=True)
        if name == "quote_volume":
            columns["trades"] = pa.array(bars.trades, mask=bars.trades < 0)
    labels = [each.label for each in Coverage]
    columns["coverage"] = pa.DictionaryArray.from_arrays(pa.array(bars.coverage.astype(np.int8)), labels)
    if levels:
        columns |= _list_columns(bars)
    return pa.table(columns)


def _list_columns(bars: Bars) -> dict[str, Any]:
    """Null where a bar's levels are not known."""
    pa = arrow()
    found = bars.levels or Levels.empty(len(bars))
    offsets = pa.array(found.start.astype(np.int32), mask=np.append(bars.coverage < Coverage.TRADES, False))
    values = {"level_price": bars.price(found.ticks), "level_buy": found.buy, "level_sell": found.sell}
    return {name: pa.ListArray.from_arrays(offsets, pa.array(each)) for name, each in values.items()}


def levels_table(bars: Bars) -> Any:
    """One row a bar and price at which it traded."""
    found = bars.levels or Levels.empty(len(bars))
    pa, owner = arrow(), found.bar
    return pa.table(
        {
            "time": moments(bars.time[owner]), "price": pa.array(bars.price(found.ticks)),
            "buy": pa.array(found.buy), "sell": pa.array(found.sell),
        }
    )  # fmt: skip


def moments(ms: Ints | Sequence[int | None]) -> Any:
    """A column of times."""
    pa = arrow()
    return pa.array(ms, pa.timestamp("ms", tz="UTC"))


def samples_table(kind: type, samples: Sequence[Any]) -> Any:
    """One row a sample, a column a field."""
    pa = arrow()
    hints, columns = get_type_hints(kind), {}
    for each in fields(kind):
        values = [getattr(sample, each.name) for sample in samples]
        columns[each.name] = pa.array(values, _type_of(pa, each.name, hints[each.name]))
    return pa.table(columns)


def _type_of(pa: ModuleType, name: str, hint: Any) -> Any:
    if name in _TIMES:
        return pa.timestamp("ms", tz="UTC")
    plain = next(each for each in get_args(hint) if each is not type(None)) if isinstance(hint, UnionType) else hint
    return {int: pa.int64(), float: pa.float64(), str: pa.string()}[plain]


def samples_of(kind: type, table: Any) -> list[Any]:
    """The samples of such a table."""
    times = [name for name in _TIMES if name in table.column_names]
    columns = {
        name: (table[name].cast("int64") if name in times else table[name]).to_pylist() for name in table.column_names
    }
    names = [each.name for each in fields(kind)]
    return [kind(*row) for row in zip(*(columns[name] for name in names), strict=True)]


def bars_of(table: Any, tick_size: Any, *, levels: bool) -> Bars:
    """The bars of such a table, to the last bit."""
    columns: dict[str, Any] = {"time": integers(table["time"].cast("int64"))}
    for name in PRICES:
        columns[name] = _ticks(floats(table[name]), tick_size)
    columns |= {name: floats(table[shown]) for name, shown in NAMES.items()}
    columns["trades"] = integers(table["trades"].fill_null(-1))
    labels = {each.label: int(each) for each in Coverage}
    coverage = table["coverage"].combine_chunks()
    codes = np.array([labels[each] for each in coverage.dictionary.to_pylist()], np.uint8)
    columns["coverage"] = (
        codes[coverage.indices.to_numpy(zero_copy_only=False)] if len(table) else np.zeros(0, np.uint8)
    )
    found = _levels_of(table, tick_size) if levels else None
    return Bars(tick_size, **columns, levels=found)


def _levels_of(table: Any, tick_size: Any) -> Levels:
    lists = {name: table[f"level_{name}"].combine_chunks() for name in ("price", "buy", "sell")}
    sizes = integers(lists["price"].value_lengths().fill_null(0))
    start = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    values = {name: np.array(each.flatten(), np.float64) for name, each in lists.items()}
    return Levels(start, _ticks(values["price"], tick_size), values["buy"], values["sell"])


def _ticks(prices: Floats, tick_size: Any) -> Ints:
    times, by = tick_size.as_integer_ratio()
    return np.asarray(np.rint(np.nan_to_num(prices) * by / times), np.int64)


def floats(column: Any) -> Floats:
    """Unknown is NaN."""
    return np.array(column.cast("float64").fill_null(np.nan).to_numpy(), np.float64)


def integers(column: Any) -> Ints:
    return np.array(column.to_numpy(), np.int64)
