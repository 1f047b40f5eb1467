"""JSON rows to numpy columns, whole columns at a time: no object is made per trade."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt
import orjson

from coinmon.exchange import Bars, Coverage, DecodeError, Instrument, Levels, Trades, to_ticks

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
BUY, SELL = 1, 255
"""+1 and -1 as bytes: a column of bytes is made much faster than one of signed integers."""
_FIRST_S, _LAST_S, _LAST_MS = 10**9, 4_102_444_800, 4_102_444_800_000
"""2001 and 2100 in seconds, and 2100 in ms."""
MAX_ID_LAG = 1000
"""A venue's answers may be this many trades older than its others; further behind, it has numbered anew."""
P = ParamSpec("P")
T = TypeVar("T")


def strict(what: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Makes a decoder total: a payload of another shape is a DecodeError that names `what` it should have been."""

    def wrap(decode: Callable[P, T]) -> Callable[P, T]:
        @wraps(decode)
        def run(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return decode(*args, **kwargs)
            except (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
                reason = f"{type(error).__name__} {error}"[:120]
                raise DecodeError(f"{what}: not in the venue's format ({reason})") from None

        return run

    return wrap


@dataclass(frozen=True, slots=True)
class JsonRows:
    """A page of trades, oldest first.

    ids, times: of every row the venue sent, repeats removed, since rows that are no market trades prove continuity too.
    trades: the market trades; at: their row numbers.
    """

    ids: Ints
    times: Ints
    trades: Trades
    at: Ints


def numbers(values: Sequence[Any]) -> Floats:
    """A column of JSON numbers or of numbers in quotes; each must be finite."""
    column = np.array(_unquoted(values), np.float64)
    if not np.isfinite(column).all():
        raise ValueError("a number is not finite")
    return column


def amounts(values: Sequence[Any]) -> Floats:
    """A column of prices or sizes."""
    column = numbers(values)
    if (column < 0).any():
        raise ValueError("a negative price or quantity")
    return column


def moments(values: Sequence[Any]) -> Ints:
    """A column of times in ms. One in seconds or microseconds, or of 0, is of no minute that is read."""
    return _in_ms(whole(values))


def moment(value: Any) -> int:
    """One time in ms. Raises ValueError for one of another unit: a clock would be believed to be years off."""
    return int(_in_ms(np.array([int(value)], np.int64))[0])


def _in_ms(times: Ints) -> Ints:
    if ((times > _LAST_MS) | (times <= 0) | ((times > _FIRST_S) & (times < _LAST_S))).any():
        raise ValueError("a time that is not in milliseconds")
    return times


def whole(values: Sequence[Any]) -> Ints:
    """A column of integers, in quotes or not. Goes through no float: ids have 19 digits."""
    column = np.array(_unquoted(values))
    if column.dtype.kind in "UO" and len(column):
        column = np.array([_one_unquoted(each) for each in values])
    if column.dtype.kind != "i" and len(column):
        raise ValueError(f"{values[0]!r} and the rest are not all integers of 63 bits")
    return column.astype(np.int64)


def _unquoted(values: Sequence[Any]) -> Sequence[Any]:
    """Numbers in quotes as numbers: read as one JSON list, two to three times faster than one int() or float() each."""
    if not values or not isinstance(values[0], str):
        return values
    try:
        read: list[Any] = orjson.loads(f"[{','.join(values)}]")
    except orjson.JSONDecodeError:
        # `.5` and `5.` are no JSON
        return [float(each) for each in values]
    except TypeError:
        return [_one_unquoted(each) for each in values]
    if len(read) != len(values):
        raise ValueError("a number holds a comma")
    return read


def _one_unquoted(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str) else value


def flags(values: Sequence[Any]) -> npt.NDArray[np.bool_]:
    """A column of JSON's true and false; the text "false" would count as true, and null as false."""
    if not {*map(type, values)} <= {bool}:
        raise ValueError("not true or false")
    return np.array(values, np.bool_)


def base_units(sizes: Sequence[Any], contract_size: Decimal) -> Floats:
    """The venue's sizes in base units; dividing by an integer keeps 3 contracts of 0.1 at 0.3."""
    column = numbers(sizes)
    if contract_size == 1:
        return column
    ratio = Fraction(contract_size)
    return column * ratio.numerator / ratio.denominator


def levels(rows: Sequence[Sequence[Any]], contract_size: Decimal = Decimal(1)) -> Floats:
    """A side of a book, (price, size, ...) a row, as two columns: price and base units."""
    return np.column_stack((numbers([row[0] for row in rows]), base_units([row[1] for row in rows], contract_size)))


def iso_times(texts: Sequence[str]) -> Ints:
    """`2024-03-13T11:00:17.710679Z` to ms UTC, cut as every venue's own milliseconds are."""
    if any(text[-1] != "Z" for text in texts):
        raise ValueError("a time is not UTC")
    return np.array([text[:-1] for text in texts], "datetime64[ms]").astype(np.int64)


def sides(values: Iterable[str], taker: Mapping[str, int]) -> npt.NDArray[np.int8]:
    """`taker` maps the venue's words to BUY and SELL."""
    return np.frombuffer(bytes([taker[value] for value in values]), np.int8)


def rows(
    instrument: Instrument,
    ids: Ints,
    times: Ints,
    prices: Floats,
    qty: Floats,
    side: npt.NDArray[np.int8],
    order: Ints | slice,
    market: npt.NDArray[np.bool_] | None = None,
    fills: Ints | None = None,
) -> JsonRows:
    """Columns as sent, to be put in `order`; `market` marks the rows that are market trades (None: all).

    fills: of how many trades each row is the sum; None: each is one.

    A row of price or quantity 0 uses up an id but is no trade (seen on Binance USD-M: MANIFEST 2.5).
    """
    if np.any(qty < 0) or np.any(prices < 0):
        raise ValueError("a negative price or quantity")
    _in_ms(times)
    ids, times, prices, qty, side = ids[order], times[order], prices[order], qty[order], side[order]
    counts = None if fills is None else fills[order]
    keep = (qty > 0) & (prices > 0)
    if market is not None:
        keep &= market[order]
    fresh = _first_of_each(ids)
    if fresh is not None:
        ids, times, prices = ids[fresh], times[fresh], prices[fresh]
        qty, side, keep = qty[fresh], side[fresh], keep[fresh]
        counts = None if counts is None else counts[fresh]
    at = np.flatnonzero(keep)
    if len(at) == len(ids):
        return JsonRows(ids, times, Trades(ids, times, to_ticks(prices, instrument), qty, side, counts), at)
    counts = None if counts is None else counts[at]
    kept = Trades(ids[at], times[at], to_ticks(prices[at], instrument), qty[at], side[at], counts)
    return JsonRows(ids, times, kept, at)


def fills_of(first: Sequence[Any], last: Sequence[Any]) -> Ints:
    """How many trades lie from a first id to a last one; one where the venue says neither."""
    return (whole(last) - whole(first)).clip(0) + 1


def by_id(ids: Ints) -> Ints | slice:
    """The order of ascending ids; venues send one of the two directions, so sorting is the exception."""
    steps = np.diff(ids)
    if (steps > 0).all():
        return slice(None)
    return slice(None, None, -1) if (steps < 0).all() else np.argsort(ids, kind="stable")


def _first_of_each(ids: Ints) -> Ints | None:
    """Row numbers without the repeats; None when there are none."""
    first = np.unique(ids, return_index=True)[1] if (np.diff(ids) <= 0).any() else None
    return None if first is None or len(first) == len(ids) else np.sort(first)


def klines(
    instrument: Instrument,
    time: Ints,
    prices: Sequence[Sequence[Any]],
    volume: Floats,
    quote_volume: Floats | None = None,
    trades: Ints | None = None,
    buy: Floats | None = None,
    buy_quote: Floats | None = None,
) -> Bars:
    """Bars in time order; `prices` are the open, high, low and close columns. Without the taker split: PARTIAL."""
    n = len(time)
    unknown = np.full(n, np.nan)
    if np.any(_in_ms(time) % 60_000):
        raise ValueError("a kline does not open on a minute")
    columns = [numbers(column) for column in prices]
    if any((column <= 0).any() for column in columns) or (columns[1] < columns[2]).any():
        raise ValueError("a kline without a price, or with its high below its low")
    if (volume < 0).any() or (buy is not None and ((buy < 0) | (buy > volume * (1 + 1e-9))).any()):
        raise ValueError("a kline with volumes below zero")
    opened, high, low, close = (to_ticks(column, instrument) for column in columns)
    bars = Bars(
        instrument.tick_size,
        time,
        opened,
        high,
        low,
        close,
        volume,
        unknown if quote_volume is None else quote_volume,
        np.full(n, -1, np.int64) if trades is None else trades,
        unknown if buy is None else buy,
        unknown if buy_quote is None else buy_quote,
        unknown,
        unknown,
        np.full(n, Coverage.PARTIAL if buy is None else Coverage.KLINES, np.uint8),
        Levels.empty(n),
    )
    return bars if n < 2 or bool((np.diff(time) > 0).all()) else bars[np.unique(time, return_index=True)[1]]
