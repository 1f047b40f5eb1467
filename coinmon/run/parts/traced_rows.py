"""What a part of a replay read, call by call, so that each can be asked again: is the answer still the same?"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import msgspec
import numpy as np

from coinmon.evaluate.known import KnownRows
from coinmon.model.bars import Bars
from coinmon.model.book import Depth, Picture
from coinmon.model.derivatives import Funding, Liquidation, OpenInterest, WhaleTrade
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.levels import Levels
from coinmon.model.symbols import Universe
from coinmon.model.trades import Ints
from coinmon.run.parts.stored_rows import StoredRows
from coinmon.store.judged import JudgedMinutes

_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Trace:
    """Calls in their order: the method, the instrument's place in `instruments` (-1: none), the other arguments, and
    the digest of the answer."""

    instruments: list[Instrument] = field(default_factory=list)
    calls: list[tuple[str, int, list[Any], bytes]] = field(default_factory=list)

    def holds(self, rows: StoredRows) -> bool:
        """Whether each call has the same answer now."""
        for method, place, arguments, digest in self.calls:
            given = [] if place < 0 else [self.instruments[place]]
            if digest_of(_asked(rows, method, [*given, *arguments])) != digest:
                return False
        return True


class TracedRows:
    """Stored rows, which note what is read of them. Spans and days of listing are not noted: who asks is to."""

    def __init__(self, rows: StoredRows) -> None:
        self._rows = rows
        self.trace = Trace()
        self._places: dict[Instrument, int] = {}

    def _call(self, method: str, instrument: Instrument | None, *arguments: Any) -> Any:
        given = [] if instrument is None else [instrument]
        answer = _asked(self._rows, method, [*given, *arguments])
        self.trace.calls.append((method, self._place(instrument), list(arguments), digest_of(answer)))
        return answer

    def _place(self, instrument: Instrument | None) -> int:
        if instrument is None:
            return -1
        if instrument not in self._places:
            self._places[instrument] = len(self.trace.instruments)
            self.trace.instruments.append(instrument)
        return self._places[instrument]

    def bars(self, instrument: Instrument, start: int, end: int, *, levels: bool = False) -> Bars:
        found: Bars = self._call("bars", instrument, start, end, levels)
        return found

    def profile(self, instrument: Instrument, start: int, end: int) -> Levels:
        found: Levels = self._call("profile", instrument, start, end)
        return found

    def open_interest(self, instrument: Instrument, start: int, end: int) -> Sequence[OpenInterest]:
        return self._samples("open_interest", instrument, start, end)

    def funding(self, instrument: Instrument, start: int, end: int) -> Sequence[Funding]:
        return self._samples("funding", instrument, start, end)

    def whale_trades(self, instrument: Instrument, start: int, end: int) -> Sequence[WhaleTrade]:
        return self._samples("whale_trades", instrument, start, end)

    def depth(self, instrument: Instrument, start: int, end: int) -> Sequence[Depth]:
        return self._samples("depth", instrument, start, end)

    def heatmap(self, instrument: Instrument, start: int, end: int) -> Sequence[Picture]:
        return self._samples("heatmap", instrument, start, end)

    def liquidations(self, instrument: Instrument, start: int, end: int) -> Sequence[Liquidation]:
        return self._samples("liquidations", instrument, start, end)

    def liquidations_heard(self, instrument: Instrument, start: int, end: int) -> Sequence[int]:
        return self._samples("liquidations_heard", instrument, start, end)

    def _samples(self, table: str, instrument: Instrument, start: int, end: int) -> Sequence[Any]:
        found: Sequence[Any] = self._call(table, instrument, start, end)
        return found

    def signals(self, pair: str, start: int, end: int) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = self._call("signals", None, pair, start, end)
        return found

    def universe(self, venues: Collection[str], quotes: Mapping[str, str]) -> Universe:
        found: Universe = self._call("universe", None, list(venues), dict(quotes))
        return found

    def with_bars(self) -> Sequence[Instrument]:
        found: Sequence[Instrument] = self._call("with_bars", None)
        return found

    def span(self, instrument: Instrument) -> tuple[int, int] | None:
        return self._rows.span(instrument)

    def listed(self, instrument: Instrument) -> tuple[int | None, int | None]:
        return self._rows.listed(instrument)

    @property
    def when_known(self) -> KnownRows | None:
        return None if self._rows.when_known is None else self

    def known(self, instrument: Instrument, start: int, end: int) -> Mapping[str, tuple[Ints, Ints]]:
        found: Mapping[str, tuple[Ints, Ints]] = self._call("known", instrument, start, end)
        return found

    def judged(self, pair: Pair, start: int, end: int) -> JudgedMinutes:
        found: JudgedMinutes = self._call("judged", None, pair.base, pair.quote, start, end)
        return found

    def superseded(self, instrument: Instrument, start: int, end: int) -> Mapping[str, tuple[Ints, Ints, Ints]]:
        found: Mapping[str, tuple[Ints, Ints, Ints]] = self._call("superseded", instrument, start, end)
        return found

    def superseded_rows(self, table: str, instrument: Instrument, start: int, end: int) -> tuple[Any, Ints, Ints]:
        found: tuple[Any, Ints, Ints] = self._call("superseded_rows", instrument, table, start, end)
        return found


_OF_KNOWN = frozenset({"known", "judged", "superseded", "superseded_rows"})
_SPANS = frozenset(
    {
        "bars", "profile", "open_interest", "funding", "whale_trades", "depth", "heatmap", "liquidations",
        "liquidations_heard",
    }
)  # fmt: skip
_METHODS = _SPANS | _OF_KNOWN | {"signals", "universe", "with_bars"}
"""What is called where a file names it."""


def _asked(rows: StoredRows, method: str, given: Sequence[Any]) -> Any:
    if method not in _METHODS:
        raise ValueError(method)
    if method == "bars":
        instrument, start, end, levels = given
        return rows.bars(instrument, start, end, levels=levels)
    if method == "judged":
        base, quote, start, end = given
        given = Pair(base, quote), start, end
    if method == "superseded_rows":
        instrument, table, start, end = given
        given = table, instrument, start, end
    asked: Callable[..., Any] = getattr(rows.when_known if method in _OF_KNOWN else rows, method)
    return asked(*given)


def digest_of(value: Any) -> bytes:
    """Equal for values that are the same to the bit; of what is stored, settings and plain values.

    Raises TypeError for a value of which it cannot be said.
    """
    return blake2b(_ENCODER.encode(value), digest_size=_DIGEST_BYTES).digest()


def _plain(value: Any) -> Any:
    """What msgspec does not know by itself."""
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, np.generic):
        return value.dtype.str, value.tobytes()
    if isinstance(value, Universe):
        return [(str(pair), value.of(pair), several) for pair, several in value.by_pair.items()]
    raise TypeError(f"no digest of {type(value).__name__}")


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_plain, order="deterministic")
