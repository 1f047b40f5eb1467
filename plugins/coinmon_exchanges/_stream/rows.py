"""Many instruments' streamed trades to pages: one pass over the columns of all, then a slice for each."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise
from time import monotonic
from typing import Any, NamedTuple, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt
import orjson

from coinmon.exchange import (
    Channel,
    Instrument,
    Streamed,
    StreamedBook,
    StreamedLiquidations,
    StreamedMany,
    StreamState,
    TradePage,
    Trades,
)  # fmt: skip
from coinmon_exchanges._columns import MAX_ID_LAG, Floats, Ints
from coinmon_exchanges._entries import each_readable
from coinmon_exchanges._stream.endings import NotJson

_OFF_GRID = 1e-3
"""A price this share of a tick off the grid is of another grid, as in `coinmon.to_ticks`."""
_MAX_EXACT_TICKS = 2.0**53
"""Ticks beyond this are not exact in float64."""
_NO_ID = -1
REFUSED_PAUSE_S = 1800.0
"""Seconds after which what a venue did not want to stream is asked for once more: no refusal is for ever."""
StreamItem = Streamed | StreamedMany | StreamedBook | StreamedLiquidations | StreamState


RowStruct = TypeVar("RowStruct")


def parsed(texts: Sequence[str]) -> list[dict[str, Any]]:
    """Messages read as one JSON list: much faster than one by one."""
    try:
        messages: list[dict[str, Any]] = orjson.loads(f"[{','.join(texts)}]")
    except orjson.JSONDecodeError as error:
        raise NotJson(f"a message is not JSON ({error})"[:160]) from None
    if len(messages) != len(texts):
        raise NotJson("a message is not one JSON value")
    return messages


def decoder(row: type[RowStruct]) -> "msgspec.json.Decoder[list[RowStruct]]":
    """For `rows_of`: JSON lists of a struct, whose numbers may be in quotes."""
    return msgspec.json.Decoder(list[row], strict=False)  # type: ignore[valid-type]


def rows_of(
    decoder: "msgspec.json.Decoder[list[RowStruct]]", texts: Sequence[str], is_row: Callable[[dict[str, Any]], bool]
) -> tuple[list[RowStruct], list[dict[str, Any]]]:
    """Messages as structs of the few fields that matter, and those that are none.

    Of the latter there are few, so first all are taken for structs.
    """
    with suppress(msgspec.DecodeError, UnicodeError):
        found = decoder.decode(f"[{','.join(texts)}]")
        if len(found) == len(texts):
            return found, []
    messages = parsed(texts)
    are = [is_row(each) for each in messages]
    rows = [text for text, is_one in zip(texts, are, strict=True) if is_one]
    return _each_decoded(decoder, rows), [each for each, is_one in zip(messages, are, strict=True) if not is_one]


def _each_decoded(decoder: "msgspec.json.Decoder[list[RowStruct]]", texts: Sequence[str]) -> list[RowStruct]:
    """An odd message costs itself: ids, or the venue's totals, show the hole. Where all are odd: ValueError."""
    with suppress(msgspec.DecodeError, UnicodeError):
        return decoder.decode(f"[{','.join(texts)}]")

    def one(text: str) -> list[RowStruct]:
        try:
            return decoder.decode(f"[{text}]")
        except msgspec.DecodeError as error:
            raise ValueError(str(error)) from None

    return [row for rows in each_readable(texts, one) for row in rows]


class StreamedColumns(NamedTuple):
    """Rows in the order they came. at: the number of each one's instrument, -1 for one that was not asked for.

    firsts: what each row covers begins there; None: ids prove nothing. market: which are market trades; None: all.
    fills: of how many trades each row is the sum; None: each is one.
    """

    at: Ints
    ids: Ints
    times: Ints
    prices: Floats
    sizes: Floats
    side: npt.NDArray[np.int8]
    firsts: Ints | None
    market: npt.NDArray[np.bool_] | None = None
    fills: Ints | None = None


class Subscribed:
    """The instruments of one connection, by the names its messages carry, and the last trade that each brought.

    groups: the names in each request that was sent, in the order sent. requests: what is to be sent next.
    """

    channel: Channel = "trades"

    def __init__(self, instruments: dict[str, Instrument], groups: Sequence[Sequence[str]]) -> None:
        self.number = {name: at for at, name in enumerate(instruments)}
        self.groups = list(groups)
        self.requests: list[str] = []
        self._refused: list[tuple[float, Callable[[], str]]] = []
        self._instruments = list(instruments.values())
        self._tick = np.array([float(each.tick_size) for each in self._instruments])
        contracts = [Fraction(each.contract_size) for each in self._instruments]
        # dividing by an integer keeps 3 contracts of 0.1 at 0.3
        self._times = np.array([float(each.numerator) for each in contracts])
        self._by = np.array([float(each.denominator) for each in contracts])
        self._last = np.full(len(self._instruments), _NO_ID, np.int64)
        self._lead: dict[int, int] = {}
        self._lost: set[int] = set()

    def state(self, names: Sequence[str], live: bool, why: str = "") -> StreamState:
        known = [self._instruments[self.number[name]] for name in names if name in self.number]
        return StreamState(self.channel, known, live, why)

    def everything(self, live: bool, why: str) -> StreamState:
        return StreamState(self.channel, self._instruments, live, why)

    def refuse(self, names: Sequence[str], why: str, again: Callable[[], str]) -> StreamState:
        """The venue does not stream these: they are polled, and asked for once more when it may. again: the request."""
        self._refused.append((monotonic() + REFUSED_PAUSE_S, again))
        return self.state(names, False, why)

    def requests_due(self) -> Sequence[str]:
        """Requests to send now; called each time after messages were read."""
        now = monotonic()
        again = [request() for at, request in self._refused if at <= now]
        self._refused = [each for each in self._refused if each[0] > now]
        due, self.requests = [*self.requests, *again], []
        return due

    def instrument(self, name: str) -> Instrument | None:
        number = self.number.get(name)
        return None if number is None else self._instruments[number]

    def at(self, names: Sequence[str]) -> Ints:
        """Row numbers of names, -1 for one that was not asked for."""
        number = self.number
        return np.array([number.get(name, _NO_ID) for name in names], np.int64)

    def until(self, name: str, last_id: int, moment: int) -> Streamed | StreamState | None:
        """The venue says that at `moment` the last trade was `last_id`: a page without rows."""
        number = self.number.get(name)
        if number is None or number in self._lost:
            return None
        if int(self._last[number]) - last_id > MAX_ID_LAG:
            return self._numbered_anew(number, last_id)
        joined = int(self._last[number]) >= last_id
        return Streamed(
            self._instruments[number], TradePage(Trades.empty(), joined, first_id=last_id + 1, until=moment)
        )

    def _numbered_anew(self, number: int, last_id: int) -> StreamState:
        """What is streamed of it follows nothing that was read: it is polled until the connection is another."""
        self._lost.add(number)
        instrument = self._instruments[number]
        why = f"{instrument.id}: after trade {self._last[number]} comes {last_id}: numbered anew"
        return StreamState(self.channel, [instrument], False, why)

    def pages(
        self,
        at: Ints,
        ids: Ints,
        times: Ints,
        prices: Floats,
        sizes: Floats,
        side: npt.NDArray[np.int8],
        first_ids: Ints | None,
        market: npt.NDArray[np.bool_] | None = None,
        fills: Ints | None = None,
    ) -> list[StreamItem]:
        """Columns in the order they came. first_ids: what each row covers begins there; None: ids prove nothing.

        fills: of how many trades each row is the sum; None: each is one.
        """
        firsts = ids if first_ids is None else first_ids
        known = at != _NO_ID
        keep = known & (sizes > 0) & (prices > 0)
        if market is not None:
            keep &= market
        order = np.argsort(at, kind="stable")
        order = order[np.count_nonzero(~known) :]
        if not len(order):
            return []
        at, ids, times, firsts, keep = at[order], ids[order], times[order], firsts[order], keep[order]
        exact = prices[order] / self._tick[at]
        ticks = np.rint(exact)
        off = keep & ((np.abs(exact - ticks) > _OFF_GRID + ticks * 1e-15) | (ticks > _MAX_EXACT_TICKS))
        ticks = np.minimum(ticks, _MAX_EXACT_TICKS)
        qty = sizes[order] * self._times[at] / self._by[at]
        counts = None if fills is None else fills[order]
        trades = Trades(ids, times, ticks.astype(np.int64), qty, side[order], counts)
        starts = np.flatnonzero(np.diff(at, prepend=_NO_ID))
        ends = np.append(starts[1:], len(at))
        before = np.empty_like(ids)
        before[1:] = ids[:-1]
        before[starts] = self._last[at[starts]]
        follows = (firsts == before + 1) if first_ids is not None else before != _NO_ID
        inner = follows.copy()
        inner[starts] = firsts[starts] > before[starts] if first_ids is not None else True
        plain = np.logical_and.reduceat(inner & keep & ~off, starts)
        if self._lost or off.any():
            plain &= ~np.logical_or.reduceat(off, starts) & ~np.isin(at[starts], list(self._lost))
        numbers = at[starts]
        self._last[numbers[plain]] = ids[ends[plain] - 1]
        many = plain & follows[starts]
        if self._lead:
            many &= ~np.isin(numbers, list(self._lead))
        items: list[StreamItem] = []
        if many.any():
            rows = slice(None) if many.all() else np.repeat(many, ends - starts)
            covered = None if first_ids is None else firsts[rows]
            items.append(StreamedMany(self._instruments, at[rows], trades[rows], covered))
        for run in np.flatnonzero(~many).tolist():
            number, rows = int(numbers[run]), slice(int(starts[run]), int(ends[run]))
            if number in self._lost:
                continue
            instrument, joined = self._instruments[number], bool(follows[starts[run]])
            if plain[run]:
                first_id = self._begins(number, int(firsts[starts[run]]), joined)
                page = TradePage(trades[rows], joined, first_id=None if first_ids is None else first_id)
                items.append(Streamed(instrument, page))
            elif off[rows].any():
                self._lost.add(number)
                price = prices[order][rows][int(np.argmax(off[rows]))]
                why = f"{instrument.id}: price {price} is not a multiple of tick {instrument.tick_size}"
                items.append(StreamState("trades", [instrument], False, why))
            elif first_ids is None:
                items.append(Streamed(instrument, TradePage(trades[rows][keep[rows]], joined)))
                self._last[number] = int(ids[rows][-1])
            else:
                items += self._in_order(number, trades[rows], firsts[rows], keep[rows])
        return items

    def _begins(self, number: int, first_id: int, joined: bool) -> int:
        """What a page covers from: what stood before it and was no trade belongs to it."""
        return self._lead.pop(number, first_id) if joined else first_id

    def _in_order(self, number: int, trades: Trades, firsts: Ints, keep: npt.NDArray[np.bool_]) -> list[StreamItem]:
        """Pages out of rows that repeat, are out of order, leave some out, or are no market trades."""
        last = int(self._last[number])
        if last - int(trades.id.max()) > MAX_ID_LAG:
            return [self._numbered_anew(number, int(trades.id.max()))]
        order = np.unique(trades.id, return_index=True)[1]
        order = order[trades.id[order] > last]
        if not len(order):
            return []
        trades, firsts, keep = trades[order], firsts[order], keep[order]
        follows = firsts == np.concatenate(([last], trades.id[:-1])) + 1
        self._last[number] = int(trades.id[-1])
        cuts = [0, *(np.flatnonzero(~follows[1:]) + 1).tolist(), len(trades)]
        items: list[StreamItem] = []
        for a, b in pairwise(cuts):
            first_id = self._lead.pop(number, None) if a == 0 else None
            if first_id is None or not follows[a]:
                first_id = int(firsts[a])
            rows = trades[a:b][keep[a:b]]
            if len(rows):
                items.append(Streamed(self._instruments[number], TradePage(rows, bool(follows[a]), first_id=first_id)))
            # ids that are no market trades at the end of a page belong to the next one's beginning
            ends = a + int(np.flatnonzero(keep[a:b])[-1]) + 1 if len(rows) else a
            if b == len(trades) and ends < b:
                self._lead[number] = first_id if ends == a else int(firsts[ends])
        return items
